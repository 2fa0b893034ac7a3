"""Who owes a second factor: members of a team that asks for one, who have none. They can do nothing but set one up.

Asked in three places: before each page, when a websocket opens and again later, and by the gate's actor, so that
tokens and jobs are refused too.
"""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse

from webui.factors.methods import FACTORS

if TYPE_CHECKING:
    from webui.accounts.models import User


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
