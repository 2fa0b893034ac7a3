"""Teams and grants in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from webui.access import Held, Role

if TYPE_CHECKING:
    from webui.access.models import Grant
    from webui.hosts.models import Host


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A grant as a card shows it: "Operator on docks", "to the team shop · until 30 Nov · by olga"."""

    pk: int
    role: str
    where: str
    whose: str
    whose_url: str
    details: str
    is_over: bool


def grant_line(grant: "Grant") -> GrantLine:
    whose = _("to the team %s") % grant.team.name if grant.team else _("to %s") % grant.user
    url = (
        reverse("teams:team", args=[grant.team_id])
        if grant.team_id
        else reverse("accounts:person", args=[grant.user_id])
    )
    parts = [until_words(grant.ends_at), _("by %s") % grant.made_by]
    return GrantLine(
        grant.pk, role_label(grant.role_words), where_words(grant), whose, url, " · ".join(filter(None, parts)),
        grant.is_over,
    )  # fmt: skip


def where_words(grant: "Grant") -> str:
    return _("on the group %s") % grant.group.name if grant.group else on_words(grant.host)


def on_words(host: "Host | None") -> str:
    return _("on %s") % host.name if host else _("on everything")


def until_words(ends_at: datetime | None) -> str:
    if ends_at is None:
        return ""
    moment = timezone.localtime(ends_at).strftime("%-d %b %H:%M")
    return _("ended %s") % moment if ends_at <= timezone.now() else _("until %s") % moment


def role_label(role: str) -> str:
    """A built-in role's label; a role of one's own (a RoleFacts has it with "custom:" in front) goes by its name."""
    return str(Role(role).label) if role in Role.values else role.removeprefix("custom:")


def because_words(base_role: str, because: Iterable[Held]) -> str:
    """Why somebody has the role they have: "operator of the team shop, on this host, until 30 Nov"."""
    reasons = [_because(held) for held in because]
    if reasons:
        return "; ".join(reasons)
    if base_role == Role.ADMINISTRATOR:
        return _("administrator: no grant changes that")
    return _("their own role, as no grant says otherwise")


def _because(held: Held) -> str:
    whose = _("granted to the team %s") % held.team if held.team else _("granted to them")
    where = _("on this host") if held.host_id is not None else _("on everything")
    if held.group:
        where = _("on the group %s") % held.group
    return ", ".join(filter(None, [role_label(held.facts.name), whose, where, until_words(held.ends_at)]))
