"""Which role somebody has on a host, and why: the most specific grant that has not ended wins.

From the most specific: theirs on this host, a team's on this host, the same two on a group that the host is in, the
same two on everything, and where there is none of these, the role on the person's own page. Several equally specific
ones add up. Administrators are administrators whatever the grants say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from webui.access.operations import Operation
from webui.access.roles import Role, RoleFacts, facts_of

if TYPE_CHECKING:
    from webui.access.models import Grant


@dataclass(frozen=True, slots=True)
class Held:
    """A grant as somebody holds it: on a host, else on a `group` of hosts, else on everything.

    `team` is a team's name, "" for one of their own. `custom` is what the role is, where it is not a built-in one.
    """

    role: str
    host_id: int | None = None
    team: str = ""
    ends_at: datetime | None = None
    group: str = ""
    group_host_ids: frozenset[int] = frozenset()
    custom: RoleFacts | None = None

    @property
    def facts(self) -> RoleFacts:
        return self.custom or facts_of(self.role)

    @property
    def rank(self) -> tuple[int, bool]:
        """How specific it is; greater wins."""
        return 2 if self.host_id is not None else 1 if self.group else 0, not self.team

    def counts_on(self, host_id: int | None, now: datetime) -> bool:
        if self.ends_at is not None and self.ends_at <= now:
            return False
        if self.host_id is not None:
            return self.host_id == host_id
        return not self.group or host_id in self.group_host_ids


@dataclass(frozen=True)
class Effective:
    """What somebody may do on a host. `because` are the grants that decided; none means the person's own role.

    `only` is what a token leaves of it; None leaves all.
    """

    roles: tuple[str, ...]
    because: tuple[Held, ...] = ()
    only: frozenset[Operation] | None = None

    @cached_property
    def facts(self) -> tuple[RoleFacts, ...]:
        held = {grant.facts.name: grant.facts for grant in self.because}
        return tuple(held.get(role) or facts_of(role) for role in self.roles)

    @cached_property
    def operations(self) -> frozenset[Operation]:
        found = frozenset[Operation]().union(*(facts.operations for facts in self.facts))
        return found if self.only is None else found & self.only

    def sees_all(self, operation: Operation) -> bool:
        """Whether they may do this to what is others'. Asked of each role by itself: two do not make a third."""
        return any(facts.sees_all and operation in facts.operations for facts in self.facts)

    def rules(self, operation: Operation) -> bool:
        """Whether the rules for what may be created do not bind them in this."""
        return any(facts.rules_the_host and operation in facts.operations for facts in self.facts)

    @property
    def rules_the_host(self) -> bool:
        """Whether they may do everything there, and give away whose everything is."""
        return not {Role.ADMINISTRATOR, Role.HOST_ADMINISTRATOR}.isdisjoint(self.roles)

    @property
    def role(self) -> str:
        """The roles in one word or several, as the log writes them."""
        return " + ".join(self.roles)


def effective(base_role: str, held: Iterable[Held], host_id: int | None) -> Effective:
    """The role on a host (None: on hosts that no grant names) of somebody with this role of their own and these grants.

    >>> effective("reader", [Held("operator", host_id=3)], 3).role
    'operator'
    """
    if base_role == Role.ADMINISTRATOR:
        return Effective((base_role,))
    now = timezone.now()
    counting = [grant for grant in held if grant.counts_on(host_id, now)]
    if not counting:
        return Effective((base_role,))
    rank = max(grant.rank for grant in counting)
    deciding = tuple(grant for grant in counting if grant.rank == rank)
    return Effective(tuple(sorted({grant.facts.name for grant in deciding})), deciding)


def held_by(user: Any) -> tuple[Held, ...]:
    """The grants of somebody and of their teams, read once per user object. Administrators need none."""
    return () if user.role == Role.ADMINISTRATOR else _read_once(user)[0]


def team_ids_of(user: Any) -> frozenset[int]:
    """The teams that somebody is in, read along with their grants."""
    return frozenset() if user.role == Role.ADMINISTRATOR else frozenset(_read_once(user)[1])


def led_team_ids_of(user: Any) -> frozenset[int]:
    """The teams that somebody leads, read along with their grants. Administrators look after all, and lead none."""
    if user.role == Role.ADMINISTRATOR:
        return frozenset()
    return frozenset(team_id for team_id, is_leader in _read_once(user)[1].items() if is_leader)


def _read_once(user: Any) -> tuple[tuple[Held, ...], dict[int, bool]]:
    known: tuple[tuple[Held, ...], dict[int, bool]] | None = getattr(user, "_held_grants", None)
    if known is None:
        known = user._held_grants = _read(user)
    return known


def _read(user: Any) -> tuple[tuple[Held, ...], dict[int, bool]]:
    """Their grants, and the ids of their teams with whether they lead them."""
    from django.db.models import Q

    from webui.access.models import Grant, Membership

    teams = dict(Membership.objects.filter(user=user.pk).values_list("team_id", "is_leader"))
    grants = Grant.objects.filter(Q(user_id=user.pk) | Q(team_id__in=teams))
    found = grants.select_related("team", "group", "custom").prefetch_related("group__hosts")
    return tuple(held_of(grant) for grant in found), teams


def held_of(grant: "Grant") -> Held:
    """A grant, read along with its team, group and role, as whoever gets it holds it."""
    return Held(
        grant.role,
        grant.host_id,
        grant.team.name if grant.team else "",
        grant.ends_at,
        group=grant.group.name if grant.group else "",
        group_host_ids=frozenset(host.pk for host in grant.group.hosts.all()) if grant.group else frozenset(),
        custom=grant.custom.facts if grant.custom else None,
    )
