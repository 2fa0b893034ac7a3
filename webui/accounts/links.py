"""One-time links: how somebody who was invited, or who forgot their password, chooses one. No mail server is needed.

Whoever makes the link passes it on as they like. It works once, until it runs out or a newer one takes its place.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from webui import audit
from webui.access import Role
from webui.access.origins import absolute
from webui.accounts import sessions

if TYPE_CHECKING:
    from datetime import datetime

    from webui.accounts.models import OneTimeLink, User
    from webui.gate import Actor

INVITATION_LASTS: Final = timedelta(days=7)
RESET_LASTS: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made: the only time that its address is known."""

    url: str
    expires_at: "datetime"
    is_invitation: bool


def make(request: HttpRequest, actor: "Actor", user: "User") -> NewLink:
    """A fresh link for somebody, in place of any earlier one. Their password works on until the link is used."""
    from webui.accounts.models import OneTimeLink

    is_invitation = not user.has_usable_password()
    expires_at = timezone.now() + (INVITATION_LASTS if is_invitation else RESET_LASTS)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        OneTimeLink.objects.filter(user=user).delete()
        OneTimeLink.objects.create(
            user=user, token_hash=_hash(token), made_by=actor.username, expires_at=expires_at,
            is_of_leader=actor.role != Role.ADMINISTRATOR,
        )  # fmt: skip
        audit.record(
            actor, "person.link", is_allowed=True, resource="person", target=user.username,
            message="invitation" if is_invitation else "new password",
        )  # fmt: skip
    url = absolute(request, reverse("accounts:join", args=[token]))
    return NewLink(url, expires_at, is_invitation)


def find(token: str) -> "OneTimeLink | None":
    """The link that this token opens; None for one that was used, ran out, or whose person was deactivated."""
    from webui.accounts.models import OneTimeLink

    links = OneTimeLink.objects.select_related("user")
    link = links.filter(token_hash=_hash(token), expires_at__gt=timezone.now(), user__is_active=True).first()
    if link is not None and link.is_of_leader and not is_only_invited(link.user):
        return None
    return link


def is_only_invited(user: "User") -> bool:
    """Whether this is somebody whom a team's leader invited, and who has nothing but that team: no way in yet, no role,
    no grant, no other team. Whoever made a link can use it, so a leader's link is good for nobody else.
    """
    return (
        user.is_active
        and user.role == Role.NONE
        and not user.has_usable_password()
        and not user.identities.exists()
        and not user.grants.exists()
        and [one.is_invited for one in user.memberships.all()] == [True]
    )


def use(link: "OneTimeLink", password: str) -> bool:
    """Set the password and use the link up; False when somebody was faster. All earlier sessions of the person end."""
    from webui.accounts.models import OneTimeLink

    with transaction.atomic():
        used, _by_model = OneTimeLink.objects.filter(pk=link.pk).delete()
        if not used:
            return False
        link.user.set_password(password)
        link.user.save(update_fields=["password"])
        sessions.end_all(link.user)
    return True


def _hash(token: str) -> str:
    # The token is 32 random bytes: a plain hash cannot be guessed back.
    return hashlib.sha256(token.encode()).hexdigest()
