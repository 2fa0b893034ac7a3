"""Changing who owns what: each change is counted, so that every process reads it, and told to open pages.

For what belongs to no host `host_id` is NOWHERE.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from webui.ownership.kinds import NOWHERE, Kind, Visibility
from webui.ownership.ledger import LEDGER
from webui.ownership.models import Owned, Policy, Serial, Share
from webui.ownership.notices import tell_owners_changed
from webui.ownership.rules import Rules


def claim(
    host_id: int, kind: Kind, keys: Iterable[str], owner_id: int | None, *, since: int | None = None
) -> list[str]:
    """These things are new and theirs alone. An access that stood there was of something that is no more.

    But for what somebody else came to own after the ledger was at `since`: that stays theirs, and is returned.
    """
    keys = list(keys)
    if not keys or owner_id is None:
        return []
    taken = []
    with _counted() as serial:
        for key in keys:
            if since is not None and _is_taken(host_id, kind, key, owner_id, since):
                taken.append(key)
                continue
            owned = _put(host_id, kind, key, serial(), owner_id=owner_id, visibility=Visibility.PRIVATE)
            owned.shares.all().delete()
    return taken


def release(host_id: int, kind: Kind, keys: Iterable[str]) -> None:
    """These things are gone, and nobody owns what comes under their names."""
    here = Owned.objects.filter(host_id=_stored(host_id), kind=kind, key__in=list(keys), is_gone=False)
    if not here.exists():
        return
    with _counted() as serial:
        Share.objects.filter(owned__in=here).delete()
        here.update(is_gone=True, owner=None, serial=serial(), changed_at=timezone.now())


def give_access(
    host_id: int, kind: Kind, key: str, *, owner_id: int | None, visibility: str, shares: Iterable[Share]
) -> None:
    """Set the whole access of a thing; `shares` are unsaved and without their `owned`."""
    with _counted() as serial:
        owned = _put(host_id, kind, key, serial(), owner_id=owner_id, visibility=visibility)
        owned.shares.all().delete()
        for share in shares:
            share.owned = owned
        Share.objects.bulk_create(list(shares))


def add_reader(host_id: int, kind: Kind, key: str, user_id: int) -> None:
    """One more person may see it: somebody pulled an image that somebody else has here."""
    owned = Owned.objects.filter(host_id=_stored(host_id), kind=kind, key=key, is_gone=False).first()
    if owned is None or owned.visibility == Visibility.ADMINISTRATORS:
        return
    with _counted() as serial:
        if owned.visibility == Visibility.PRIVATE:
            # A share that was kept while it was private does not come back with this one.
            owned.shares.all().delete()
            owned.visibility = Visibility.SHARED
        owned.serial = serial()
        owned.save()
        if not owned.shares.filter(user_id=user_id).exists():
            Share.objects.create(owned=owned, user_id=user_id)


def carry_over(host_id: int, kind: Kind, key: str, *, to: str) -> None:
    """A thing was made anew under another id: it belongs to whom it belonged, and is seen by who saw it."""
    old = Owned.objects.filter(host_id=_stored(host_id), kind=kind, key=key, is_gone=False).first()
    if old is None:
        # It had its stack's access, or nobody's: so has its successor.
        release(host_id, kind, [to])
        return
    shares = [Share(user_id=one.user_id, team_id=one.team_id, may_write=one.may_write) for one in old.shares.all()]
    give_access(host_id, kind, to, owner_id=old.owner_id, visibility=old.visibility, shares=shares)


def set_policy(host_id: int, *, is_unowned_public: bool, rules: Rules | None = None) -> None:
    """Whether everybody sees what was made outside Quayside, and the host's rules (None: as they are)."""
    changed: dict[str, Any] = {"is_unowned_public": is_unowned_public}
    if rules is not None:
        changed["rules"] = rules.as_json()
    with _counted() as serial:
        serial()
        Policy.objects.update_or_create(host_id=host_id, defaults=changed)


def recount(*, owner_id: int, is_leaving: bool) -> None:
    """Everybody reads the things of this person again: their name changed, or they are leaving."""
    theirs = Owned.objects.filter(owner_id=owner_id, is_gone=False)
    if not theirs.exists():
        return
    with _counted() as serial:
        theirs.update(serial=serial(), **({"owner": None} if is_leaving else {}))


def sweep(host_id: int, kind: Kind, there: set[str], *, before: Any) -> None:
    """Forget what is not there any more, of what was known `before` the host was asked."""
    known = Owned.objects.filter(host_id=_stored(host_id), kind=kind, is_gone=False, changed_at__lt=before)
    release(host_id, kind, [key for key in known.values_list("key", flat=True) if key not in there])


def _stored(host_id: int) -> Any:
    return None if host_id == NOWHERE else host_id


def _is_taken(host_id: int, kind: Kind, key: str, owner_id: int, since: int) -> bool:
    others = Owned.objects.filter(host_id=_stored(host_id), kind=kind, key=key, is_gone=False, serial__gt=since)
    return others.exclude(owner_id=owner_id).exists()


def _put(host_id: int, kind: Kind, key: str, serial: int, **values: Any) -> Owned:
    values |= {"serial": serial, "is_gone": False, "changed_at": timezone.now()}
    return Owned.objects.update_or_create(host_id=_stored(host_id), kind=kind, key=key, defaults=values)[0]


@contextmanager
def _counted() -> Iterator[Callable[[], int]]:
    """One change as a whole. The number is taken inside, so that nobody reads past a change that is not there yet."""
    LEDGER.refresh(older_than_s=0)
    with transaction.atomic():
        if not Serial.objects.update(value=F("value") + 1):
            Serial.objects.create(epoch=secrets.token_hex(8), value=1)
        yield lambda: Serial.objects.values_list("value", flat=True).get()
    LEDGER.refresh(older_than_s=0)
    tell_owners_changed()
