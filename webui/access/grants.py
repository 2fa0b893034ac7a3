"""Which role somebody has on a host, and why: the most specific grant that has not ended wins.

From the most specific: theirs on this host, a team's on this host, theirs on everything, a team's on everything, and
where there is none of these, the role on the person's own page. Several equally specific ones add up. Administrators
are administrators whatever the grants say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from webui.access.operations import Operation
from webui.access.roles import Role, operations_of


@dataclass(frozen=True, slots=True)
class Held:
    """A grant as somebody holds it: `team` is a team's name, "" for one of their own; `host_id` None is everything."""

    role: str
    host_id: int | None = None
    team: str = ""
    ends_at: datetime | None = None

    @property
    def rank(self) -> tuple[bool, bool]:
        """How specific it is; greater wins."""
        return self.host_id is not None, not self.team

    def counts_on(self, host_id: int | None, now: datetime) -> bool:
        return self.host_id in {None, host_id} and (self.ends_at is None or self.ends_at > now)


@dataclass(frozen=True)
class Effective:
    """What somebody may do on a host. `because` are the grants that decided; none means the person's own role.

    `only` is what a token leaves of it; None leaves all.
    """

    roles: tuple[str, ...]
    because: tuple[Held, ...] = ()
    only: frozenset[Operation] | None = None

    @cached_property
    def operations(self) -> frozenset[Operation]:
        found = frozenset[Operation]().union(*(operations_of(role) for role in self.roles))
        return found if self.only is None else found & self.only

    @property
    def rules_the_host(self) -> bool:
        """Whether the rules for what may be created do not bind them: containers of theirs can do all that root can."""
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
    return Effective(tuple(sorted({grant.role for grant in deciding})), deciding)


def held_by(user: Any) -> tuple[Held, ...]:
    """The grants of somebody and of their teams, read once per user object. Administrators need none."""
    if user.role == Role.ADMINISTRATOR:
        return ()
    known: tuple[Held, ...] | None = getattr(user, "_held_grants", None)
    if known is None:
        known = user._held_grants = _read(user)
    return known


def _read(user: Any) -> tuple[Held, ...]:
    from django.db.models import Q

    from webui.access.models import Grant

    grants = Grant.objects.filter(Q(user_id=user.pk) | Q(team__members=user.pk)).select_related("team").distinct()
    return tuple(
        Held(grant.role, grant.host_id, grant.team.name if grant.team else "", grant.ends_at) for grant in grants
    )  # fmt: skip
