"""One sample: the kernel's counters of a control group and a network namespace, under dockerd's names."""

import contextlib
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine.cgroups import CgroupMode, Hierarchies

NEVER = "0001-01-01T00:00:00Z"
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_NS_PER_TICK = 1_000_000_000 // _TICKS_PER_SECOND
_NET_FIELDS = {
    "rx_bytes": 0,
    "rx_packets": 1,
    "rx_errors": 2,
    "rx_dropped": 3,
    "tx_bytes": 8,
    "tx_packets": 9,
    "tx_errors": 10,
    "tx_dropped": 11,
}


class StatsTarget(Struct, frozen=True):
    """A running container. `pid` is its first process; without a network of its own it has no `networks`."""

    container_id: str
    name: str
    cgroup_path: str
    pid: int
    has_network: bool = True


def empty_stats(container_id: str, name: str) -> dict[str, Any]:
    """What dockerd answers for a container that does not run."""
    return {
        "id": container_id,
        "name": f"/{name.lstrip('/')}",
        "os_type": "linux",
        "read": NEVER,
        "preread": NEVER,
        "pids_stats": {},
        "blkio_stats": _block_stats([], []),
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": empty_cpu_stats(),
        "precpu_stats": empty_cpu_stats(),
        "memory_stats": {},
    }


def empty_cpu_stats() -> dict[str, Any]:
    return {
        "cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
        "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
    }


def read_stats(hierarchies: Hierarchies, target: StatsTarget) -> dict[str, Any]:
    """A sample without a previous one. Blocking, below a millisecond. Counters that are not there are left out.

    Raises FileNotFoundError when the container's group is gone.
    """
    reader = _Reader(hierarchies, target.cgroup_path)
    if not reader.exists():
        raise FileNotFoundError(target.cgroup_path)
    is_v2 = hierarchies.mode is CgroupMode.V2
    sample = empty_stats(target.container_id, target.name) | {
        "read": _now(),
        "pids_stats": _pids(reader),
        "cpu_stats": (_cpu_v2 if is_v2 else _cpu_v1)(reader) | _system_cpu(),
        "memory_stats": (_memory_v2 if is_v2 else _memory_v1)(reader),
        "blkio_stats": (_block_v2 if is_v2 else _block_v1)(reader),
    }
    if target.has_network and (networks := _networks(target.pid)):
        sample["networks"] = networks
    return sample


class _Reader:
    """Files of one group; what cannot be read is None or empty, since kernels differ in what they have."""

    def __init__(self, hierarchies: Hierarchies, path: str) -> None:
        self._hierarchies = hierarchies
        self._path = path

    def exists(self) -> bool:
        return any(folder.is_dir() for folder in self._hierarchies.folders(self._path))

    def text(self, controller: str, name: str) -> str:
        try:
            return (self._hierarchies.folder(controller, self._path) / name).read_text(encoding="ascii")
        except (OSError, LookupError):
            return ""

    def number(self, controller: str, name: str) -> int | None:
        text = self.text(controller, name).strip()
        return int(text) if text.isdecimal() else None

    def table(self, controller: str, name: str) -> dict[str, int]:
        rows = (line.split() for line in self.text(controller, name).splitlines())
        return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdecimal()}


def _pids(reader: _Reader) -> dict[str, int]:
    stats = {"current": reader.number("pids", "pids.current")}
    # "max" is no limit; dockerd then says 2^64-1.
    stats["limit"] = reader.number("pids", "pids.max") or 2**64 - 1
    return {name: value for name, value in stats.items() if value is not None}


def _cpu_v1(reader: _Reader) -> dict[str, Any]:
    ticks, throttled = reader.table("cpuacct", "cpuacct.stat"), reader.table("cpu", "cpu.stat")
    return {
        "cpu_usage": {
            "total_usage": reader.number("cpuacct", "cpuacct.usage") or 0,
            "percpu_usage": [int(word) for word in reader.text("cpuacct", "cpuacct.usage_percpu").split()],
            "usage_in_kernelmode": ticks.get("system", 0) * _NS_PER_TICK,
            "usage_in_usermode": ticks.get("user", 0) * _NS_PER_TICK,
        },
        "throttling_data": {
            "periods": throttled.get("nr_periods", 0),
            "throttled_periods": throttled.get("nr_throttled", 0),
            "throttled_time": throttled.get("throttled_time", 0),
        },
    }


def _cpu_v2(reader: _Reader) -> dict[str, Any]:
    stat = reader.table("cpu", "cpu.stat")
    return {
        "cpu_usage": {
            "total_usage": stat.get("usage_usec", 0) * 1000,
            "usage_in_kernelmode": stat.get("system_usec", 0) * 1000,
            "usage_in_usermode": stat.get("user_usec", 0) * 1000,
        },
        "throttling_data": {
            "periods": stat.get("nr_periods", 0),
            "throttled_periods": stat.get("nr_throttled", 0),
            "throttled_time": stat.get("throttled_usec", 0) * 1000,
        },
    }


def _system_cpu() -> dict[str, int]:
    """All time of all processors since boot in ns: the first seven columns, as guest time is in user time already."""
    with open("/proc/stat", encoding="ascii") as file:  # noqa: PTH123
        columns = file.readline().split()
    return {
        "system_cpu_usage": sum(map(int, columns[1:8])) * _NS_PER_TICK,
        "online_cpus": os.sysconf("SC_NPROCESSORS_ONLN"),
    }


def _memory_v1(reader: _Reader) -> dict[str, Any]:
    return _memory(
        usage=reader.number("memory", "memory.usage_in_bytes"),
        limit=reader.number("memory", "memory.limit_in_bytes"),
        stats=reader.table("memory", "memory.stat"),
        extra={
            "max_usage": reader.number("memory", "memory.max_usage_in_bytes"),
            "failcnt": reader.number("memory", "memory.failcnt"),
        },
    )


def _memory_v2(reader: _Reader) -> dict[str, Any]:
    return _memory(
        usage=reader.number("memory", "memory.current"),
        limit=reader.number("memory", "memory.max"),
        stats=reader.table("memory", "memory.stat"),
        extra={},
    )


def _memory(
    *, usage: int | None, limit: int | None, stats: dict[str, int], extra: dict[str, int | None]
) -> dict[str, Any]:
    of_host = _host_memory()
    memory: dict[str, Any] = {"usage": usage, "stats": stats, "limit": min(limit or of_host, of_host), **extra}
    return {name: value for name, value in memory.items() if value is not None}


def _host_memory() -> int:
    """An unlimited container may use all of the machine's."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _block_v1(reader: _Reader) -> dict[str, Any]:
    """With the bfq scheduler its own counters hold the truth, else those of the throttling layer."""
    for prefix in ("blkio.bfq", "blkio.throttle"):
        service = _block_lines(reader.text("blkio", f"{prefix}.io_service_bytes_recursive"))
        if service:
            return _block_stats(service, _block_lines(reader.text("blkio", f"{prefix}.io_serviced_recursive")))
    return _block_stats([], [])


def _block_lines(text: str) -> list[dict[str, Any]]:
    """Lines `254:0 Read 4096`, and a last one `Total n` that is left out."""
    matches = (re.fullmatch(r"(\d+):(\d+) (\w+) (\d+)", line) for line in text.splitlines())
    return [_entry(m[1], m[2], m[3].lower(), int(m[4])) for m in matches if m]


def _block_v2(reader: _Reader) -> dict[str, Any]:
    service, serviced = [], []
    for line in reader.text("io", "io.stat").splitlines():
        # 254:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0
        device, *pairs = line.split()
        major, _, minor = device.partition(":")
        values = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        for operation, letter in (("read", "r"), ("write", "w")):
            service.append(_entry(major, minor, operation, int(values.get(f"{letter}bytes", 0))))
            serviced.append(_entry(major, minor, operation, int(values.get(f"{letter}ios", 0))))
    return _block_stats(service, serviced)


def _entry(major: str, minor: str, operation: str, value: int) -> dict[str, Any]:
    return {"major": int(major), "minor": int(minor), "op": operation, "value": value}


def _block_stats(service: list[dict[str, Any]], serviced: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "io_service_bytes_recursive": service,
        "io_serviced_recursive": serviced,
        "io_queue_recursive": [],
        "io_service_time_recursive": [],
        "io_wait_time_recursive": [],
        "io_merged_recursive": [],
        "io_time_recursive": [],
        "sectors_recursive": [],
    }


def _networks(pid: int) -> dict[str, dict[str, int]]:
    """Every interface but the loopback, seen through the process (proc_pid_net(5))."""
    found: dict[str, dict[str, int]] = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/net/dev").read_text(encoding="ascii").splitlines()[2:]:
            name, _, rest = line.partition(":")
            if name.strip() != "lo":
                numbers = rest.split()
                found[name.strip()] = {field: int(numbers[column]) for field, column in _NET_FIELDS.items()}
    return found


def _now() -> str:
    ns = time.time_ns()
    return f"{datetime.fromtimestamp(ns // 1_000_000_000, UTC):%Y-%m-%dT%H:%M:%S}.{ns % 1_000_000_000:09d}Z"
