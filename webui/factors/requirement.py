"""Who owes a second factor: members of a team that asks for one, who have none. They can do nothing but set one up.

Asked in three places: before each page, when a websocket opens and again later, and by the gate's actor, so that
tokens and jobs are refused too.
"""

import time
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse

from webui.factors.methods import FACTORS

if TYPE_CHECKING:
    from webui.accounts.models import User

_FRESH_S: Final = 2.0


class _SomeTeam:
    """Whether any team asks for a second factor: where none does, nobody needs to be looked up for every page.

    As fresh as everything that ends with somebody's rights: a few seconds at most (`_FRESH_S`).
    """

    def __init__(self) -> None:
        self._asked_at, self._asks = float("-inf"), True

    def asks(self) -> bool:
        from webui.access.models import Team

        now = time.monotonic()
        if now - self._asked_at > _FRESH_S:
            self._asks, self._asked_at = Team.objects.filter(requires_second_factor=True).exists(), now
        return self._asks

    def forget(self) -> None:
        self._asked_at = float("-inf")


_SOME_TEAM: Final = _SomeTeam()


def forget_teams(**_signal: Any) -> None:
    """A team was saved in this process: its wish counts at once here, and within `_FRESH_S` elsewhere."""
    _SOME_TEAM.forget()


def is_owed(user: Any) -> bool:
    """Read once per user object."""
    known: bool | None = getattr(user, "_owes_factor", None)
    if known is None:
        known = user._owes_factor = _is_owed(user)
    return known


def teams_asking(user: "User") -> list[str]:
    """The names of somebody's teams that ask for a second factor."""
    return list(user.teams.filter(requires_second_factor=True).values_list("name", flat=True))


def first_step(request: HttpRequest) -> str:
    """Where somebody must go before any page opens for them; "" for nowhere."""
    return reverse("factors:security") if is_owed(request.user) else ""


def _is_owed(user: Any) -> bool:
    from webui.accounts.models import User

    if not _SOME_TEAM.asks():
        return False
    asked = User.objects.filter(pk=user.pk, teams__requires_second_factor=True)
    return asked.exclude(authenticator__type__in=FACTORS).exclude(_asked_elsewhere()).exists()


def _asked_elsewhere() -> Q:
    """They come in only by providers that ask for a second factor themselves."""
    from webui.signin.models import Identity

    theirs = Identity.objects.filter(user_id=OuterRef("pk"))
    asking = theirs.filter(source__provider__asks_second_factor=True)
    others = theirs.exclude(source__provider__asks_second_factor=True)
    has_no_password = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return has_no_password & Q(Exists(asking)) & ~Q(Exists(others))
