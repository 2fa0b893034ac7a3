"""The list of people: its columns, chips and rows, and what a row says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.access import Role
from webui.accounts.models import User
from webui.factors.methods import FACTORS
from webui.pages import Action, Chip, Column, State

if TYPE_CHECKING:
    from datetime import datetime

COLUMNS: Final = (
    Column("username", gettext_lazy("Name"), sort="name"),
    Column("state", gettext_lazy("State"), width="xl"),
    Column("role", gettext_lazy("Role"), sort="role", width="m", hides_below="narrow"),
    Column("seen", gettext_lazy("Last sign-in"), sort="seen", width="m", hides_below="narrow"),
    Column("sessions", gettext_lazy("Sessions"), width="s", align="end", hides_below="wide"),
)
ACTIONS: Final = (
    Action("link", gettext_lazy("New link"), "link", "", is_icon=True, shown_when=lambda person: person.is_active),
    Action("role", gettext_lazy("Change role"), "shield", "", href_name="accounts:person"),
    Action("end-sessions", gettext_lazy("End all sessions"), "logout", "", is_bulk=True,
           shown_when=lambda person: person.sessions > 0),
    Action("reset-factors", gettext_lazy("Reset second factors"), "shield-off", "", is_bulk=True, previews=True,
           shown_when=lambda person: person.has_factor),
    Action("deactivate", gettext_lazy("Deactivate"), "user-off", "", is_bulk=True, previews=True,
           shown_when=lambda person: person.is_active),
    Action("reactivate", gettext_lazy("Reactivate"), "user-check", "", is_bulk=True,
           shown_when=lambda person: not person.is_active),
    Action("remove", gettext_lazy("Remove"), "trash", "", is_bulk=True, is_danger=True, previews=True),
)  # fmt: skip
_ORDERS: Final = {"name": "username", "role": "role", "seen": "last_login"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the list and their page show them."""

    pk: int
    name: str
    display_name: str
    role: str
    state: State
    is_active: bool
    is_you: bool
    last_login: "datetime | None"
    sessions: int
    has_factor: bool

    def url_of(self, url_name: str) -> str:
        return reverse(url_name, args=[self.pk])


def people() -> QuerySet[User]:
    """Everybody, with `session_count`, `link_until` (until when an open link works), `source` (a
    provider or directory that they come in by) and `has_factor`.
    """
    now = timezone.now()
    return User.objects.annotate(
        session_count=Count("sessions", filter=Q(sessions__expire_date__gt=now), distinct=True),
        link_until=Max("links__expires_at"),
        source=Max("identities__source__name"),
        has_factor=Exists(Authenticator.objects.filter(user_id=OuterRef("pk"), type__in=FACTORS)),
    )


def person_of(user: User, you: int | None) -> Person:
    """`user` comes from `people()`."""
    return Person(
        user.pk, user.username, user.display_name, str(Role(user.role).label), state_of(user), user.is_active,
        user.pk == you, user.last_login, getattr(user, "session_count", 0),
        getattr(user, "has_factor", False),
    )  # fmt: skip


def state_of(user: User) -> State:
    """ "active", "invited · link until 27 Nov 14:00", "invited · the link has run out", "deactivated"."""
    until = getattr(user, "link_until", None)
    is_link_open = until is not None and until > timezone.now()
    if not user.is_active:
        return State(_("deactivated"), "off")
    when = timezone.localtime(until).strftime("%-d %b %H:%M") if until else ""
    source = getattr(user, "source", None)
    if source and not user.has_usable_password():
        return State(_("active · by %s") % source, "good")
    if not user.has_usable_password():
        words = _("invited · link until %s") % when if is_link_open else _("invited · the link has run out")
        return State(words, "off" if is_link_open else "warning")
    return State(_("active · link for a new password until %s") % when if is_link_open else _("active"), "good")


def chips(users: Iterable[User]) -> list[Chip]:
    counts = dict.fromkeys(("administrators", "members", "invited", "deactivated"), 0)
    total = 0
    for user in users:
        counts[show_of(user)] += 1
        total += 1
    return [
        Chip("", _("All"), total),
        Chip("administrators", _("Administrators"), counts["administrators"]),
        Chip("members", _("Members"), counts["members"]),
        Chip("invited", _("Invited"), counts["invited"]),
        Chip("deactivated", _("Deactivated"), counts["deactivated"], "off"),
    ]


def show_of(user: User) -> str:
    """The chip that somebody counts for; the chips add up to everybody."""
    if not user.is_active:
        return "deactivated"
    if not user.has_usable_password() and not getattr(user, "source", None):
        return "invited"
    return "administrators" if user.is_administrator else "members"


def matching(text: str) -> QuerySet[User]:
    found = people()
    for word in text.split():
        found = found.filter(
            Q(username__icontains=word) | Q(display_name__icontains=word) | Q(email__icontains=word)
            | Q(role__icontains=word)
        )  # fmt: skip
    return found


def ordered(users: QuerySet[User], sort: str) -> QuerySet[User]:
    field = _ORDERS.get(sort.removeprefix("-"), "username")
    return users.order_by(f"-{field}" if sort.startswith("-") else field, "username")


def row_of(person: Person) -> str:
    return render_to_string("accounts/_person_row.html", {"person": person, "actions": actions_for(person)})


def actions_for(person: Person) -> Sequence[Action]:
    """Nobody deactivates or removes themselves."""
    return [action for action in ACTIONS if not (person.is_you and action.name in {"deactivate", "remove"})]
