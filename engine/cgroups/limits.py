"""OCI resources as the files to write, for changing the limits of a container that runs.

For a new container the runtime does this. The conversions of weights follow crun and runc, so that both ways agree.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_DEFAULT_PERIOD_US = 100_000

# controller, file, text
Write = tuple[str, str, str]


def limit_writes(resources: Mapping[str, Any], *, is_v2: bool, current_memory: int | None) -> Iterator[Write]:
    """What to write, in an order that the kernel accepts (memory must never exceed memory plus swap on the way)."""
    yield from (_memory_v2 if is_v2 else _memory_v1)(resources.get("memory") or {}, current_memory)
    yield from (_cpu_v2 if is_v2 else _cpu_v1)(resources.get("cpu") or {})
    if limit := (resources.get("pids") or {}).get("limit"):
        yield "pids", "pids.max", str(limit) if limit > 0 else "max"
    if weight := (resources.get("blockIO") or {}).get("weight"):
        yield ("io", "io.bfq.weight", str(weight)) if is_v2 else ("blkio", "blkio.bfq.weight", str(weight))


def _memory_v1(memory: Mapping[str, Any], current: int | None) -> Iterator[Write]:
    limit, swap = memory.get("limit"), memory.get("swap")
    writes = []
    if limit:
        writes.append(("memory", "memory.limit_in_bytes", str(limit)))
    if swap:
        writes.append(("memory", "memory.memsw.limit_in_bytes", str(swap)))
    # Growing: first the sum, then the part; shrinking: the other way round.
    if limit and current is not None and limit > current:
        writes.reverse()
    yield from writes
    if memory.get("reservation"):
        yield "memory", "memory.soft_limit_in_bytes", str(memory["reservation"])
    if memory.get("swappiness") is not None:
        yield "memory", "memory.swappiness", str(memory["swappiness"])


def _memory_v2(memory: Mapping[str, Any], _current: int | None) -> Iterator[Write]:
    limit, swap = memory.get("limit"), memory.get("swap")
    if swap:
        # Version 2 counts swap alone, the API memory and swap together.
        alone = "max" if swap < 0 or not limit or limit < 0 else str(max(0, swap - limit))
        yield "memory", "memory.swap.max", alone
    if limit:
        yield "memory", "memory.max", str(limit) if limit > 0 else "max"
    if memory.get("reservation"):
        yield "memory", "memory.low", str(memory["reservation"])


def _cpu_v1(cpu: Mapping[str, Any]) -> Iterator[Write]:
    for key, file in (("period", "cpu.cfs_period_us"), ("quota", "cpu.cfs_quota_us"), ("shares", "cpu.shares")):
        if cpu.get(key):
            yield "cpu", file, str(cpu[key])
    yield from _cpuset(cpu)


def _cpu_v2(cpu: Mapping[str, Any]) -> Iterator[Write]:
    if quota := cpu.get("quota"):
        period = cpu.get("period") or _DEFAULT_PERIOD_US
        yield "cpu", "cpu.max", f"{quota if quota > 0 else 'max'} {period}"
    if shares := cpu.get("shares"):
        # 2..262144 of version 1 onto 1..10000 of version 2.
        yield "cpu", "cpu.weight", str(1 + (shares - 2) * 9999 // 262142)
    yield from _cpuset(cpu)


def _cpuset(cpu: Mapping[str, Any]) -> Iterator[Write]:
    for key in ("cpus", "mems"):
        if cpu.get(key):
            yield "cpuset", f"cpuset.{key}", str(cpu[key])
