"""From Docker's stats JSON (API 1.41, GET /containers/{id}/stats) to what the charts draw. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Stats = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """One second of a container. `cpu` is per cent of one CPU, rates bytes a second, `at` seconds since the epoch."""

    at: float
    cpu: float
    cpus: int
    memory: int
    memory_limit: int
    received: float
    sent: float
    read: float
    written: float
    pids: int


def moment_of(stats: Stats | None) -> float | None:
    """When the sample was taken; None for the empty one of a stopped container (year 1, or Podman's `null`)."""
    text = str((stats or {}).get("read", ""))
    if not text or text.startswith("0001"):
        return None
    # Docker gives nanoseconds, which datetime does not take.
    whole, _, rest = text.rstrip("Z").partition(".")
    fraction = rest[:6].ljust(6, "0") if rest and rest[:1].isdigit() else "0"
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + int(fraction) / 1e6


def sample_of(stats: Stats | None, before: Stats | None) -> Sample | None:
    """The sample between two of Docker's; None when the container does not run. Without `before`, rates are zero."""
    at = moment_of(stats)
    if stats is None or at is None:
        return None
    began = moment_of(before) if before else None
    passed = at - began if began is not None else 0.0
    received, sent = _network(stats)
    read, written = _disk(stats)
    old_received, old_sent = _network(before) if before else (received, sent)
    old_read, old_written = _disk(before) if before else (read, written)
    memory = stats.get("memory_stats") or {}
    return Sample(
        at=at,
        cpu=_cpu(stats, before, passed),
        cpus=int(stats.get("cpu_stats", {}).get("online_cpus") or 1),
        memory=_memory(memory),
        memory_limit=int(memory.get("limit") or 0),
        received=_rate(received - old_received, passed),
        sent=_rate(sent - old_sent, passed),
        read=_rate(read - old_read, passed),
        written=_rate(written - old_written, passed),
        pids=int((stats.get("pids_stats") or {}).get("current") or 0),
    )


def cpu_limit_of(host_config: Mapping[str, Any]) -> float:
    """The most CPU that a container may use, in per cent of one CPU; 0 without a limit."""
    if host_config.get("NanoCpus"):
        return int(host_config["NanoCpus"]) / 1e7
    quota = int(host_config.get("CpuQuota") or 0)
    return quota / int(host_config.get("CpuPeriod") or 100_000) * 100 if quota > 0 else 0.0


def _rate(amount: int, passed: float) -> float:
    # A restart begins its counters anew.
    return amount / passed if passed > 0 and amount > 0 else 0.0


def _cpu(stats: Stats, before: Stats | None, passed: float) -> float:
    used = int(stats["cpu_stats"]["cpu_usage"]["total_usage"])
    if before is not None and passed > 0:
        used -= int(before["cpu_stats"]["cpu_usage"]["total_usage"])
        return max(0.0, used / 1e9 / passed * 100)
    earlier = stats.get("precpu_stats") or {}
    system = int(stats["cpu_stats"].get("system_cpu_usage") or 0) - int(earlier.get("system_cpu_usage") or 0)
    if not earlier.get("system_cpu_usage") or system <= 0:
        return 0.0
    used -= int(earlier["cpu_usage"]["total_usage"])
    return max(0.0, used / system * int(stats["cpu_stats"].get("online_cpus") or 1) * 100)


def _memory(memory: Mapping[str, Any]) -> int:
    """What the docker CLI shows: usage without the file cache that the kernel would give back."""
    details = memory.get("stats") or {}
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    usage = int(memory.get("usage") or 0)
    return usage - int(cache) if int(cache) < usage else usage


def _network(stats: Stats) -> tuple[int, int]:
    networks = (stats.get("networks") or {}).values()
    return sum(int(one["rx_bytes"]) for one in networks), sum(int(one["tx_bytes"]) for one in networks)


def _disk(stats: Stats) -> tuple[int, int]:
    entries = (stats.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()
    read = sum(int(entry["value"]) for entry in entries if str(entry["op"]).lower() == "read")
    return read, sum(int(entry["value"]) for entry in entries if str(entry["op"]).lower() == "write")
