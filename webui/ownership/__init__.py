"""What belongs to whom on each host, and who else may see or change it. Enforced by the gate, for every way to a host.

    owner_of(host.pk, Kind.CONTAINER, container_id)      "olga", from memory: for columns of lists
    access_of(host.pk, thing_of(Kind.VOLUME, raw))       the whole access, inherited from a stack where it has none
    sight.level(thing)                                   what one person may do to it; see `Actor.sight`

Keys are those of webui.ownership.kinds. Who creates owns (the gate sees to that); `claim`, `release`, `give_access` and
`carry_over` in webui.ownership.changes are for what the gate cannot see. Where nothing is known, nobody sees it but
those whose role sees everything.
"""

from webui.ownership.kinds import Kind, Thing, repository_of, thing_of
from webui.ownership.ledger import LEDGER, Access, owner_of
from webui.ownership.sight import Level, Sight, access_of

__all__ = ["LEDGER", "Access", "Kind", "Level", "Sight", "Thing", "access_of", "owner_of", "repository_of", "thing_of"]
