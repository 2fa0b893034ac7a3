"""HostConfig's limits as OCI linux.resources; the same for a new container and for `docker update`."""

from collections.abc import Mapping
from typing import Any

from engine.spec.devices import device_at

_CPU_PERIOD_US = 100_000


def linux_resources(host_config: Mapping[str, Any], *, has_swap_limit: bool = True) -> dict[str, Any]:
    """Only what was set: absent, null and 0 mean no limit in the API (but MemorySwappiness, where 0 is a value).

    Where the kernel cannot limit swap, memory alone is limited, as dockerd does it.
    """
    parts = {
        "memory": _memory(host_config, has_swap_limit=has_swap_limit),
        "cpu": _cpu(host_config),
        "pids": _pids(host_config),
        "blockIO": _block_io(host_config),
    }
    return {name: part for name, part in parts.items() if part}


def _memory(host: Mapping[str, Any], *, has_swap_limit: bool) -> dict[str, Any]:
    memory: dict[str, Any] = {}
    limit, swap = host.get("Memory") or 0, host.get("MemorySwap") or 0
    if limit > 0:
        memory["limit"] = limit
        if has_swap_limit:
            # Docker: without a word on swap, as much swap as memory; MemorySwap counts both together.
            memory["swap"] = swap or 2 * limit
    if host.get("MemoryReservation"):
        memory["reservation"] = host["MemoryReservation"]
    swappiness = host.get("MemorySwappiness")
    if swappiness is not None and swappiness >= 0:
        memory["swappiness"] = swappiness
    if host.get("OomKillDisable"):
        memory["disableOOMKiller"] = True
    return memory


def _cpu(host: Mapping[str, Any]) -> dict[str, Any]:
    cpu: dict[str, Any] = {}
    if nano := host.get("NanoCpus"):
        cpu["period"] = _CPU_PERIOD_US
        cpu["quota"] = nano * _CPU_PERIOD_US // 1_000_000_000
    for key, name in (
        ("CpuShares", "shares"),
        ("CpuPeriod", "period"),
        ("CpuQuota", "quota"),
        ("CpuRealtimePeriod", "realtimePeriod"),
        ("CpuRealtimeRuntime", "realtimeRuntime"),
        ("CpusetCpus", "cpus"),
        ("CpusetMems", "mems"),
    ):
        if host.get(key):
            cpu[name] = host[key]
    return cpu


def _pids(host: Mapping[str, Any]) -> dict[str, Any]:
    limit = host.get("PidsLimit") or 0
    return {"limit": limit if limit > 0 else -1} if limit else {}


def _block_io(host: Mapping[str, Any]) -> dict[str, Any]:
    block: dict[str, Any] = {}
    if host.get("BlkioWeight"):
        block["weight"] = host["BlkioWeight"]
    if devices := host.get("BlkioWeightDevice"):
        block["weightDevice"] = [_numbers(d["Path"]) | {"weight": d["Weight"]} for d in devices]
    for key, name in (
        ("BlkioDeviceReadBps", "throttleReadBpsDevice"),
        ("BlkioDeviceWriteBps", "throttleWriteBpsDevice"),
        ("BlkioDeviceReadIOps", "throttleReadIOPSDevice"),
        ("BlkioDeviceWriteIOps", "throttleWriteIOPSDevice"),
    ):
        if devices := host.get(key):
            block[name] = [_numbers(d["Path"]) | {"rate": d["Rate"]} for d in devices]
    return block


def _numbers(path: str) -> dict[str, int]:
    device = device_at(path, path, "rwm")
    return {"major": device.major, "minor": device.minor}
