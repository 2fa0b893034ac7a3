"""Somebody's sessions: which there are, on which device, and ending them. Their websockets close at once."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth import logout
from django.http import HttpRequest
from django.utils import timezone

from webui.accounts.devices import device_of
from webui.accounts.notices import tell_rights_changed
from webui.accounts.session_store import ADDRESS, AGENT, STARTED_AT

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from webui.accounts.models import Session, User

# "Last seen" is right to a minute; writing each request down would make every page a write.
_SEEN_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Device:
    """A session as a page shows it. `id` names it without being the key that opens it."""

    id: str
    name: str
    address: str
    started_at: "datetime"
    seen_at: "datetime"
    is_this: bool


def begin(sender: object, request: HttpRequest, user: object, **_kwargs: object) -> None:
    """Receiver of `user_logged_in`: the session says from where it was begun."""
    request.session[ADDRESS] = str(request.META.get("REMOTE_ADDR", ""))[:64]
    request.session[AGENT] = request.headers.get("User-Agent", "")[:300]
    request.session[STARTED_AT] = timezone.now().isoformat()


def note_seen(request: HttpRequest) -> None:
    """Write down that a session is in use, if that is not known from the last minute."""
    from webui.accounts.models import Session

    session: Any = request.session
    now = timezone.now()
    if session.seen_at is None or now - session.seen_at < _SEEN_EVERY or session.modified:
        return
    address = str(request.META.get("REMOTE_ADDR", ""))[:64]
    Session.objects.filter(session_key=session.session_key).update(seen_at=now, address=address)


def open_sessions(user: "User") -> "QuerySet[Session]":
    return user.sessions.filter(expire_date__gt=timezone.now()).order_by("-seen_at")


def devices_of(user: "User", *, this_key: str | None = None) -> list[Device]:
    """All open sessions of somebody, the one that asks first, then the latest used."""
    devices = [
        Device(
            public_id(row.session_key), device_of(row.agent), row.address, row.started_at, row.seen_at,
            is_this=row.session_key == this_key,
        )
        for row in open_sessions(user)
    ]  # fmt: skip
    return sorted(devices, key=lambda device: not device.is_this)


def is_open(session_key: str) -> bool:
    """Whether a session still is. False for one that was ended or has run out."""
    from webui.accounts.models import Session

    return Session.objects.filter(session_key=session_key, expire_date__gt=timezone.now()).exists()


def end(user: "User", ids: Iterable[str]) -> list[Device]:
    """End those sessions of somebody that these ids name; returns the ones that were ended."""
    wanted = set(ids)
    ended = []
    for row in open_sessions(user):
        if public_id(row.session_key) in wanted:
            ended += [device for device in devices_of(user) if device.id == public_id(row.session_key)]
            row.delete()
    tell_rights_changed(user.pk)
    return ended


def end_this(request: HttpRequest) -> None:
    """Sign somebody out."""
    user_id = request.user.pk
    logout(request)
    # Only now: whoever looks before would find it open.
    if user_id is not None:
        tell_rights_changed(user_id)


def end_all(user: "User", *, keep: str | None = None) -> int:
    """End all sessions of somebody, but for the one with the key `keep`; returns how many."""
    count, _by_model = user.sessions.exclude(session_key=keep or "").delete()
    tell_rights_changed(user.pk)
    return count


def public_id(session_key: str) -> str:
    return hashlib.sha256(session_key.encode()).hexdigest()[:20]
