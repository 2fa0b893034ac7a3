"""What a request would take of a quota (webui.ownership.quotas): a container or the tasks of a service, volumes."""

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from webui.access import Operation
from webui.gate.actors import Actor
from webui.gate.belongings import Looked
from webui.gate.bodies import read_body
from webui.gate.errors import Refused
from webui.gate.naming import field_of
from webui.gate.references import References
from webui.ownership.wanted import OverQuota, Wanted

if TYPE_CHECKING:
    from webui.hosts.models import Host

_DEFAULT_PERIOD_US = 100_000
# What the columns of the database hold.
_MOST_TASKS = 2**31 - 1
_MOST = 2**63 - 1


def take(actor: Actor, host: "Host", operation: Operation, looked: Looked, body: Mapping[str, Any]) -> int | None:
    """Reserve it for somebody whose things are their own; None where there is nothing to count. Raises Refused."""
    if actor.user_id is None or actor.sight(host, operation).sees_all:
        return None
    from webui.ownership.quotas import reserve

    nodes = functools.partial(_nodes, host)
    wanted = wanted_by(operation, looked, read_body(looked.body) if looked.body else body, nodes=nodes)
    if wanted is None:
        return None
    key = looked.target if operation in {Operation.CONTAINER_UPDATE, Operation.SERVICE_UPDATE} else ""
    try:
        return reserve(host.pk, actor.user_id, actor.team_ids, wanted, key=key)
    except OverQuota as over:
        raise Refused(f"{operation} is refused: {over}.", rule="quota") from None


def wanted_by(
    operation: Operation, looked: Looked, body: Mapping[str, Any], *, nodes: Callable[[], int]
) -> Wanted | None:
    """`nodes` is asked where a service runs on each node."""
    if operation in {Operation.SERVICE_CREATE, Operation.SERVICE_UPDATE}:
        return _of_service(body, looked.new_volumes, nodes)
    if operation is Operation.CONTAINER_CREATE or looked.succeeds:
        config = field_of(body, "HostConfig") or {}
        return Wanted(1, _number(config, "Memory"), _nano_cpus(config), looked.new_volumes)
    if operation is Operation.CONTAINER_UPDATE and (_number(body, "Memory") or _nano_cpus(body)):
        return Wanted(0, _number(body, "Memory"), _nano_cpus(body))
    return Wanted(volumes=looked.new_volumes) if looked.new_volumes else None


def _of_service(body: Mapping[str, Any], new_volumes: int, nodes: Callable[[], int]) -> Wanted:
    """Its tasks, each with its limits: what a task may use it may use as often as there are tasks."""
    tasks = _tasks(field_of(body, "Mode") or {}, nodes)
    limits = field_of(field_of(field_of(body, "TaskTemplate"), "Resources"), "Limits") or {}
    return Wanted(
        tasks, min(tasks * _number(limits, "MemoryBytes"), _MOST), min(tasks * _number(limits, "NanoCPUs"), _MOST),
        new_volumes, is_whole=True,
    )  # fmt: skip


def _tasks(mode: Mapping[str, Any], nodes: Callable[[], int]) -> int:
    """How many run at once. Unsaid it is one (Docker API 1.51, ServiceSpec.Mode)."""
    if field_of(mode, "Global") is not None or field_of(mode, "GlobalJob") is not None:
        return nodes()
    replicated, job = field_of(mode, "Replicated"), field_of(mode, "ReplicatedJob")
    said = field_of(job, "MaxConcurrent") if job is not None else field_of(replicated, "Replicas")
    return min(max(said, 0), _MOST_TASKS) if isinstance(said, int) and not isinstance(said, bool) else 1


def _nodes(host: "Host") -> int:
    return len(References(host).asked("/nodes") or ()) or 1


def _nano_cpus(config: Mapping[str, Any]) -> int:
    """Docker takes a number of CPUs or a quota of time in a period, of which one means the other."""
    if nano := _number(config, "NanoCpus"):
        return nano
    # Below zero is without a bound, and stays so.
    return _number(config, "CpuQuota") * 1_000_000_000 // (_number(config, "CpuPeriod") or _DEFAULT_PERIOD_US)


def _number(config: Any, name: str) -> int:
    value = field_of(config, name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
