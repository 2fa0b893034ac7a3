"""What a request would take of a quota (webui.ownership.quotas): a container with its bounds, volumes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webui.access import Operation
from webui.gate.actors import Actor
from webui.gate.belongings import Looked
from webui.gate.bodies import read_body
from webui.gate.errors import Refused
from webui.gate.naming import field_of
from webui.ownership.wanted import OverQuota, Wanted

if TYPE_CHECKING:
    from webui.hosts.models import Host

_DEFAULT_PERIOD_US = 100_000


def take(actor: Actor, host: "Host", operation: Operation, looked: Looked, body: Mapping[str, Any]) -> int | None:
    """Reserve it for somebody whose things are their own; None where there is nothing to count. Raises Refused."""
    if actor.user_id is None or actor.sight(host, operation).sees_all:
        return None
    from webui.ownership.quotas import reserve

    wanted = wanted_by(operation, looked, read_body(looked.body) if looked.body else body)
    if wanted is None:
        return None
    key = looked.target if operation is Operation.CONTAINER_UPDATE else ""
    try:
        return reserve(host.pk, actor.user_id, actor.team_ids, wanted, key=key)
    except OverQuota as over:
        raise Refused(f"{operation} is refused: {over}.", rule="quota") from None


def wanted_by(operation: Operation, looked: Looked, body: Mapping[str, Any]) -> Wanted | None:
    if operation is Operation.CONTAINER_CREATE or looked.succeeds:
        config = field_of(body, "HostConfig") or {}
        return Wanted(1, _number(config, "Memory"), _nano_cpus(config), looked.new_volumes)
    if operation is Operation.CONTAINER_UPDATE and (_number(body, "Memory") or _nano_cpus(body)):
        return Wanted(0, _number(body, "Memory"), _nano_cpus(body))
    return Wanted(volumes=looked.new_volumes) if looked.new_volumes else None


def _nano_cpus(config: Mapping[str, Any]) -> int:
    """Docker takes a number of CPUs or a quota of time in a period, of which one means the other."""
    if nano := _number(config, "NanoCpus"):
        return nano
    # Below zero is without a bound, and stays so.
    return _number(config, "CpuQuota") * 1_000_000_000 // (_number(config, "CpuPeriod") or _DEFAULT_PERIOD_US)


def _number(config: Any, name: str) -> int:
    value = field_of(config, name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
