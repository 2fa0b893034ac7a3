"""What this host cannot give a container: told as a warning, or refused, in dockerd's words where it has some.

A limit that the kernel does not have is dropped with a warning, as dockerd does; a thing without which the container
would be another one is refused.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from engine.errors import InvalidArgument
from engine.spec import HostFacts

_DISCARDED = "Your kernel does not support {what} or the cgroup is not mounted. {outcome}"
_WINDOWS_ONLY = ("CpuCount", "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth")
_THROTTLES = {
    "BlkioDeviceReadBps": ("blkio.throttle.read_bps_device", "BPS Block I/O read limit"),
    "BlkioDeviceWriteBps": ("blkio.throttle.write_bps_device", "BPS Block I/O write limit"),
    "BlkioDeviceReadIOps": ("blkio.throttle.read_iops_device", "IOPS Block read limit"),
    "BlkioDeviceWriteIOps": ("blkio.throttle.write_iops_device", "IOPS Block I/O write limit"),
}
_ULIMITS = frozenset(
    {
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
        "rttime", "sigpending", "stack",
    }
)  # fmt: skip
_SECURITY_OPTIONS = frozenset({"apparmor", "seccomp", "no-new-privileges", "label", "systempaths"})

HasController = Callable[[str, str], bool]


@cache
def has_cgroup_file(controller: str, name: str) -> bool:
    """Whether the kernel has that file, on version 1 below its controller, on version 2 in any group."""
    root = Path("/sys/fs/cgroup")
    root = root / controller if (root / controller).is_dir() else root
    # Some are in every group but the root's.
    return (root / name).exists() or next(root.glob(f"*/{name}"), None) is not None


def drop_unsupported(host: dict[str, Any], facts: HostFacts, *, has_file: HasController = has_cgroup_file) -> list[str]:
    """Take out of `host` the limits that this kernel does not have; a warning for each."""
    return [*_memory(host, facts), *_block_io(host, facts, has_file)]


def _memory(host: dict[str, Any], facts: HostFacts) -> Iterator[str]:
    if host.get("MemorySwap") and not facts.has_swap_limit:
        if host["MemorySwap"] != 2 * (host.get("Memory") or 0):  # what we filled in ourselves nobody asked for
            yield _DISCARDED.format(what="swap limit capabilities", outcome="Memory limited without swap.")
        host["MemorySwap"] = 0
    if facts.cgroup_v2 and host.get("MemorySwappiness") is not None:
        yield _DISCARDED.format(what="memory swappiness capabilities", outcome="Memory swappiness discarded.")
        host["MemorySwappiness"] = None
    if host.get("OomKillDisable"):
        if facts.cgroup_v2:
            yield "Your kernel does not support OomKillDisable. OomKillDisable discarded."
            host["OomKillDisable"] = None
        elif not host.get("Memory"):
            yield (
                "OOM killer is disabled for the container, but no memory limit is set, this can result in the system "
                "running out of resources."
            )


def _block_io(host: dict[str, Any], facts: HostFacts, has_file: HasController) -> Iterator[str]:
    weights = ("io.weight", "io.bfq.weight") if facts.cgroup_v2 else ("blkio.weight", "blkio.bfq.weight")
    controller = "io" if facts.cgroup_v2 else "blkio"
    if host.get("BlkioWeight") and not any(has_file(controller, name) for name in weights):
        yield _DISCARDED.format(what="Block I/O weight", outcome="Weight discarded.")
        host["BlkioWeight"] = 0
    if host.get("BlkioWeightDevice") and not has_file(controller, "io.weight" if facts.cgroup_v2 else "blkio.weight"):
        yield _DISCARDED.format(what="Block I/O weight_device", outcome="Weight-device discarded.")
        host["BlkioWeightDevice"] = []
    for key, (name, words) in _THROTTLES.items():
        if host.get(key) and not has_file(controller, "io.max" if facts.cgroup_v2 else name):
            yield _DISCARDED.format(what=words, outcome=f"{words} discarded.")
            host[key] = []


def outdated_fields(given: Mapping[str, Any]) -> list[str]:
    """A warning for each field of HostConfig that means nothing on a Linux of today."""
    return [
        *(
            f"{key}: kernels no longer have a limit of their own for kernel memory. Limitation discarded."
            for key in ("KernelMemory", "KernelMemoryTCP")
            if given.get(key)
        ),
        *(f"{key} is for Windows containers only and is discarded." for key in _WINDOWS_ONLY if given.get(key)),
    ]


def other_warnings(config: Mapping[str, Any], host: Mapping[str, Any], facts: HostFacts) -> list[str]:
    """What is done as asked, or not at all, and is worth a word."""
    return list(_other_warnings(config, host, facts))


def _other_warnings(config: Mapping[str, Any], host: Mapping[str, Any], facts: HostFacts) -> Iterator[str]:
    if host["NetworkMode"] == "host" and (host["PortBindings"] or host["PublishAllPorts"]):
        yield "Published ports are discarded when using host network mode"
    for address in host["Dns"] or ():
        if address.startswith("127."):
            yield f"Localhost DNS setting (--dns={address}) may fail in containers."
    if config.get("MacAddress"):
        yield (
            "The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead."
        )
    labels = [_option(text)[1] for text in host["SecurityOpt"] or () if _option(text)[0] == "label"]
    if facts.selinux is None and any(label != "disable" for label in labels):
        yield "SELinux is not enabled on this host. The label of SecurityOpt is discarded."


def check_supported(host: Mapping[str, Any], facts: HostFacts) -> None:
    """Raise InvalidArgument for what cannot be had here, or anywhere."""
    _check_modes(host)
    _check_limits(host, facts)
    if host.get("StorageOpt"):
        raise InvalidArgument(
            f"storage-opt {', '.join(host['StorageOpt'])} is not supported: the storage driver of this engine has no "
            "limit of size for a container"
        )
    for text in host["SecurityOpt"] or ():
        if _option(text)[0] not in _SECURITY_OPTIONS:
            raise InvalidArgument(f'invalid --security-opt 1: "{text}"')
    for name in host.get("Sysctls") or {}:
        if name.startswith("net.") and host["NetworkMode"] == "host":
            raise InvalidArgument(f"sysctl {name} can't be set since net namespace set to host")


def _check_modes(host: Mapping[str, Any]) -> None:
    for key, what, words in (
        ("PidMode", "PID", ("", "host")),
        ("IpcMode", "IPC", ("", "none", "private", "shareable", "host")),
        ("UTSMode", "UTS", ("", "host")),
        ("CgroupnsMode", "cgroup namespace", ("", "private", "host")),
        ("UsernsMode", "user namespace", ("", "host")),
    ):
        value = host[key]
        joins = value.startswith("container:") and len(value) > len("container:") and key in ("PidMode", "IpcMode")
        if value not in words and not joins:
            raise InvalidArgument(f"invalid {what} mode: {value}")
    if host["Cgroup"]:
        raise InvalidArgument(f"invalid cgroup: {host['Cgroup']}: joining the control group of another container")


def _check_limits(host: Mapping[str, Any], facts: HostFacts) -> None:
    if host["CpuRealtimePeriod"] and not has_cgroup_file("cpu", "cpu.rt_runtime_us"):
        raise InvalidArgument("Your kernel does not support CPU real-time scheduler")
    if host["CpuRealtimeRuntime"]:
        raise InvalidArgument("CpuRealtimeRuntime: the control group of this engine has no real-time budget to give")
    check_cpuset(host)
    for limit in host["Ulimits"] or ():
        name = str(limit.get("Name") or "")
        if name.lower() not in _ULIMITS:
            raise InvalidArgument(f"invalid ulimit type: {name}")
        soft, hard = limit.get("Soft", 0), limit.get("Hard", 0)
        if hard != -1 and (soft == -1 or soft > hard):
            raise InvalidArgument(f"ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}")


def check_cpuset(host: Mapping[str, Any]) -> None:
    """Raise InvalidArgument for processors and memory nodes that this host does not have."""
    available = os.sched_getaffinity(0)
    for key, what in (("CpusetCpus", "CPUs"), ("CpusetMems", "memory nodes")):
        wanted = _numbers(host.get(key) or "", what)
        have = available if key == "CpusetCpus" else _online_nodes()
        if not wanted <= have:
            shown = ",".join(map(str, sorted(have)))
            raise InvalidArgument(f"Requested {what} are not available - requested {host[key]}, available: {shown}")


def _numbers(text: str, what: str) -> set[int]:
    """`0-2,4` as a set (cpuset(7))."""
    found: set[int] = set()
    for part in text.split(",") if text else ():
        low, _, high = part.strip().partition("-")
        if not low.isdigit() or (high and not high.isdigit()) or int(high or low) > 8192:
            raise InvalidArgument(f"Invalid value {text} for cpuset {what}")
        found |= set(range(int(low), int(high or low) + 1))
    return found


def _online_nodes() -> set[int]:
    try:
        return _numbers(Path("/sys/devices/system/node/online").read_text(encoding="ascii").strip(), "nodes")
    except OSError:
        return {0}


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.replace("=", ":", 1).partition(":")
    return name, value
