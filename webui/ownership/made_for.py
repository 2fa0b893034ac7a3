"""Whose something becomes that somebody makes: the choice in a form, and setting it down once the thing is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from webui.access import Role
from webui.access.models import Team
from webui.ownership.changes import give_access
from webui.ownership.kinds import Kind, Visibility
from webui.ownership.models import Share

if TYPE_CHECKING:
    from webui.gate import Actor

ME: Final = "me"
PUBLIC: Final = "public"
ADMINISTRATORS: Final = "administrators"
_TEAM: Final = "team-"


@dataclass(frozen=True, slots=True)
class MadeFor:
    """What somebody may choose from (value and label, the first is theirs alone), and how far it goes.

    `team_may_write`: the chosen team may change it too; else its members only see and use it.
    """

    choices: Sequence[tuple[str, str]]
    team_may_write: bool = True

    def give(self, actor: "Actor", host_id: int, kind: Kind, keys: Iterable[str], choice: str) -> None:
        """Set the access of what was made. Raises ValueError for what was not among the choices."""
        if choice not in {value for value, _label in self.choices}:
            raise ValueError(f"{choice!r} is not for {actor.username} to choose")
        for key in keys:
            give_access(
                host_id, kind, key, owner_id=actor.user_id, visibility=_visibility(choice),
                shares=[Share(team_id=int(choice.removeprefix(_TEAM)), may_write=self.team_may_write)]
                if choice.startswith(_TEAM) else [],
            )  # fmt: skip


def made_for(actor: "Actor", *, rules: bool, may_be_public: bool = True, team_may_write: bool = True) -> MadeFor:
    """The choices of one person: themselves, their teams (for administrators all teams), everybody, administrators.

    `rules`: what an owner could never take back is theirs to choose.
    """
    teams = Team.objects.all() if actor.role == Role.ADMINISTRATOR else Team.objects.filter(pk__in=actor.team_ids)
    choices = [(ME, _("Me: private")), *((f"{_TEAM}{team.pk}", _("Team %s") % team.name) for team in teams)]
    if may_be_public:
        choices.append((PUBLIC, _("Everybody")))
    if rules:
        choices.append((ADMINISTRATORS, _("Administrators only")))
    return MadeFor(choices, team_may_write)


def first_choice(choices: Sequence[tuple[str, str]], wanted: str) -> str:
    """The choice that a host's rule `made_for` means for somebody: of several teams the first, without one theirs."""
    team = next((value for value, _label in choices if value.startswith(_TEAM)), ME)
    return {"team": team, "public": PUBLIC}.get(wanted, ME)


def _visibility(choice: str) -> Visibility:
    if choice.startswith(_TEAM):
        return Visibility.SHARED
    return {PUBLIC: Visibility.PUBLIC, ADMINISTRATORS: Visibility.ADMINISTRATORS}.get(choice, Visibility.PRIVATE)
