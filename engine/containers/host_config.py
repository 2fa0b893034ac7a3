"""HostConfig of the API: every default filled in, and every value looked at, in dockerd's words.

Pure. What needs the rest of the engine (does that network exist?) is asked elsewhere.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from typing import Any

from engine.containers.fields import RESOURCES
from engine.containers.ports import check_port_bindings
from engine.errors import Conflict, InvalidArgument
from engine.logs import check_log_options

_MIN_MEMORY_BYTES = 6 * 1024 * 1024
_SHM_BYTES = 64 * 1024 * 1024
_NAMES_NETWORK = re.compile(r"container:.+")

# As inspect of dockerd shows them: an absent list is null for some and [] for others, and clients compare.
_DEFAULTS: Mapping[str, Any] = {
    "Binds": None,
    "ContainerIDFile": "",
    "LogConfig": {"Type": "json-file", "Config": {}},
    "NetworkMode": "bridge",
    "PortBindings": {},
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "AutoRemove": False,
    "VolumeDriver": "",
    "VolumesFrom": None,
    "ConsoleSize": [0, 0],
    "CapAdd": None,
    "CapDrop": None,
    "CgroupnsMode": "private",
    "Dns": [],
    "DnsOptions": [],
    "DnsSearch": [],
    "ExtraHosts": None,
    "GroupAdd": None,
    "IpcMode": "private",
    "Cgroup": "",
    "Links": None,
    "OomScoreAdj": 0,
    "PidMode": "",
    "Privileged": False,
    "PublishAllPorts": False,
    "ReadonlyRootfs": False,
    "SecurityOpt": None,
    "UTSMode": "",
    "UsernsMode": "",
    "ShmSize": _SHM_BYTES,
    "Runtime": "runc",
    "Isolation": "",
    "CpuShares": 0,
    "Memory": 0,
    "NanoCpus": 0,
    "CgroupParent": "",
    "BlkioWeight": 0,
    "BlkioWeightDevice": [],
    "BlkioDeviceReadBps": [],
    "BlkioDeviceWriteBps": [],
    "BlkioDeviceReadIOps": [],
    "BlkioDeviceWriteIOps": [],
    "CpuPeriod": 0,
    "CpuQuota": 0,
    "CpuRealtimePeriod": 0,
    "CpuRealtimeRuntime": 0,
    "CpusetCpus": "",
    "CpusetMems": "",
    "Devices": [],
    "DeviceCgroupRules": None,
    "DeviceRequests": None,
    "MemoryReservation": 0,
    "MemorySwap": 0,
    "MemorySwappiness": None,
    "OomKillDisable": None,
    "PidsLimit": None,
    "Ulimits": [],
    "CpuCount": 0,
    "CpuPercent": 0,
    "IOMaximumIOps": 0,
    "IOMaximumBandwidth": 0,
    "MaskedPaths": None,
    "ReadonlyPaths": None,
}
# What inspect leaves out when nobody asked for it.
_OPTIONAL = frozenset({"Mounts", "Tmpfs", "Sysctls", "StorageOpt", "Init", "Annotations"})
_RESOURCES = frozenset(
    {
        "CpuShares", "Memory", "NanoCpus", "CgroupParent", "BlkioWeight", "CpuPeriod", "CpuQuota", "CpuRealtimePeriod",
        "CpuRealtimeRuntime", "CpusetCpus", "CpusetMems", "MemoryReservation", "MemorySwap", "PidsLimit",
    }
)  # fmt: skip

# Of these host_support has words of its own.
_OUTDATED = frozenset(
    {"KernelMemory", "KernelMemoryTCP", "CpuCount", "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth"}
)


def complete_host_config(
    given: Mapping[str, Any], *, cgroup_namespace: str, masked_paths: list[str], readonly_paths: list[str]
) -> dict[str, Any]:
    """The HostConfig that is kept. Raises InvalidArgument for values that cannot be."""
    known = {key: value for key, value in given.items() if key in _DEFAULTS or key in _OPTIONAL}
    config = {**_DEFAULTS, "CgroupnsMode": cgroup_namespace, **{k: v for k, v in known.items() if v is not None}}
    for key in ("NetworkMode", "IpcMode", "CgroupnsMode", "Runtime"):
        config[key] = config[key] or (cgroup_namespace if key == "CgroupnsMode" else _DEFAULTS[key])
    if config["NetworkMode"] == "default":
        config["NetworkMode"] = "bridge"
    config["LogConfig"] = _log_config(config["LogConfig"])
    config["RestartPolicy"] = _restart_policy(config["RestartPolicy"])
    config["ShmSize"] = config["ShmSize"] or _SHM_BYTES
    if config["MemorySwappiness"] == -1:  # how the CLI says that it has no wish
        config["MemorySwappiness"] = None
    if not config["PidsLimit"] or config["PidsLimit"] < 0:
        config["PidsLimit"] = None
    for key, paths in (("MaskedPaths", masked_paths), ("ReadonlyPaths", readonly_paths)):
        if config["Privileged"]:
            config[key] = None
        elif config[key] is None:
            config[key] = paths
    config["PortBindings"] = _bindings(config["PortBindings"])
    _default_swap(config)
    check_host_config(config)
    return config


def check_host_config(config: Mapping[str, Any]) -> None:
    """Raise InvalidArgument, in dockerd's words, for what contradicts itself or cannot be."""
    check_resources(config)
    if config["ShmSize"] < 0:
        raise InvalidArgument("SHM size can not be less than 0")
    if config["AutoRemove"] and config["RestartPolicy"]["Name"] != "no":
        raise InvalidArgument("can't create 'AutoRemove' container with restart policy")
    if config["Runtime"] not in ("runc", "crun", "io.containerd.runc.v2"):
        raise InvalidArgument(f"unknown or invalid runtime name: {config['Runtime']}")
    if config["Isolation"] not in ("", "default"):
        raise InvalidArgument(f"invalid isolation '{config['Isolation']}' on linux")
    if not -1000 <= config["OomScoreAdj"] <= 1000:
        raise InvalidArgument(f"Invalid value {config['OomScoreAdj']}, range for oom score adj is [-1000, 1000]")
    for host in config["ExtraHosts"] or ():
        _check_extra_host(host)
    for address in config["Dns"] or ():
        _check_address(address, f"invalid IP address: {address}")
    check_port_bindings(config["PortBindings"])


def check_resources(config: Mapping[str, Any]) -> None:
    """The limits, also those of POST /containers/{id}/update."""
    memory, swap = config.get("Memory") or 0, config.get("MemorySwap") or 0
    if 0 < memory < _MIN_MEMORY_BYTES:
        raise InvalidArgument("Minimum memory limit allowed is 6MB")
    if memory > 0 and 0 < swap < memory:
        raise InvalidArgument("Minimum memoryswap limit should be larger than memory limit, see usage")
    if memory == 0 and swap > 0:
        raise InvalidArgument("You should always set the Memory limit when using Memoryswap limit, see usage")
    reservation = config.get("MemoryReservation") or 0
    if 0 < memory < reservation:
        raise InvalidArgument("Minimum memory limit can not be less than memory reservation limit, see usage")
    swappiness = config.get("MemorySwappiness")
    if swappiness is not None and not -1 <= swappiness <= 100:
        raise InvalidArgument(f"Invalid value: {swappiness}, valid memory swappiness range is 0-100")
    _check_cpus(config)


def _check_cpus(config: Mapping[str, Any]) -> None:
    nano, period, quota = (config.get(key) or 0 for key in ("NanoCpus", "CpuPeriod", "CpuQuota"))
    cpus = os.cpu_count() or 1
    if nano > 0 and period > 0:
        raise InvalidArgument("Conflicting options: Nano CPUs and CPU Period cannot both be set")
    if nano > 0 and quota > 0:
        raise InvalidArgument("Conflicting options: Nano CPUs and CPU Quota cannot both be set")
    if nano < 0 or nano > cpus * 1e9:
        raise InvalidArgument(f"Range of CPUs is from 0.01 to {cpus}.00, as there are only {cpus} CPUs available")
    if period and not 1000 <= period <= 1_000_000:
        raise InvalidArgument("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
    if 0 < quota < 1000:
        raise InvalidArgument("CPU cfs quota can not be less than 1ms (i.e. 1000)")
    weight = config.get("BlkioWeight") or 0
    if weight and not 10 <= weight <= 1000:
        raise InvalidArgument("Range of blkio weight is from 10 to 1000")


def _default_swap(config: dict[str, Any]) -> None:
    # dockerd: a memory limit without a swap limit allows as much swap again.
    if config["Memory"] > 0 and config["MemorySwap"] == 0:
        config["MemorySwap"] = config["Memory"] * 2


def _bindings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Each place with both of its fields, as inspect shows them."""
    return {
        port: places and [{"HostIp": "", "HostPort": "", **place} for place in places] for port, places in given.items()
    }


def _log_config(given: Mapping[str, Any]) -> dict[str, Any]:
    driver, options = str(given.get("Type") or "json-file"), dict(given.get("Config") or {})
    check_log_options(driver, options)
    return {"Type": driver, "Config": options}


def _restart_policy(given: Mapping[str, Any]) -> dict[str, Any]:
    name, count = given.get("Name") or "no", int(given.get("MaximumRetryCount") or 0)
    check_restart_policy(name, count)
    return {"Name": name, "MaximumRetryCount": count}


def check_restart_policy(name: str, count: int) -> None:
    """Raise InvalidArgument for a policy that is none."""
    if name not in ("no", "always", "unless-stopped", "on-failure"):
        raise InvalidArgument(f"invalid restart policy '{name}'")
    if count < 0:
        raise InvalidArgument("maximum retry count cannot be negative")
    if count and name != "on-failure":
        raise InvalidArgument(f"maximum retry count cannot be used with restart policy '{name}'")


def _check_extra_host(text: str) -> None:
    name, _, address = text.replace("=", ":", 1).partition(":")
    if not name or not address:
        raise InvalidArgument(f'bad format for add-host: "{text}"')
    if address != "host-gateway":
        _check_address(address.strip("[]"), f'invalid IP address in add-host: "{address}"')


def _check_address(text: str, message: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise InvalidArgument(message) from None


def check_namespaces(config: Mapping[str, Any], host_config: Mapping[str, Any]) -> None:
    """What a container that shares another network namespace may not ask for as well. Raises InvalidArgument."""
    mode = host_config["NetworkMode"]
    shares_container = bool(_NAMES_NETWORK.fullmatch(mode))
    if (shares_container or host_config["UTSMode"] == "host") and config.get("Hostname"):
        what = "the network mode" if shares_container else "the UTS mode"
        raise InvalidArgument(f"conflicting options: hostname and {what}")
    if not shares_container:
        return
    if host_config["Links"]:
        raise InvalidArgument(
            "conflicting options: container type network can't be used with links. "
            "This would result in undefined behavior"
        )
    if host_config["Dns"]:
        raise InvalidArgument("conflicting options: dns and the network mode")
    if host_config["ExtraHosts"]:
        raise InvalidArgument("conflicting options: custom host-to-IP mapping and the network mode")
    if host_config["PortBindings"] or host_config["PublishAllPorts"]:
        raise InvalidArgument("conflicting options: port publishing and the container type network mode")
    if config.get("ExposedPorts"):
        raise InvalidArgument("conflicting options: port exposing and the container type network mode")


def resource_changes(body: Mapping[str, Any]) -> dict[str, Any]:
    """The limits that an update names, under their API names; zero and null change nothing."""
    return {key: body[key] for key in _RESOURCES if body.get(key)}


def unchangeable(body: Mapping[str, Any]) -> list[str]:
    """A warning for each thing that an update names and that a container has for life."""
    fixed = sorted(key for key in RESOURCES.keys() - _RESOURCES - _OUTDATED if body.get(key))
    return [f"{key} cannot be changed by an update and stays as it is." for key in fixed]


def check_update(config: Mapping[str, Any], changes: Mapping[str, Any], *, container_id: str) -> None:
    """Whether the limits may become these. Raises InvalidArgument, or Conflict with what was set before."""
    check_resources(changes)
    memory, swap = changes.get("Memory") or 0, config["MemorySwap"]
    if memory and not changes.get("MemorySwap") and 0 < swap < memory:
        raise Conflict(
            f"Cannot update container {container_id}: Memory limit should be smaller than already set memoryswap "  # noqa: S608 - dockerd's words, no SQL
            "limit, update the memoryswap at the same time"
        )
    for ours, theirs, words in (
        ("NanoCpus", "CpuQuota", "NanoCPUs cannot be updated as CPU Quota has already been set"),
        ("NanoCpus", "CpuPeriod", "NanoCPUs cannot be updated as CPU Period has already been set"),
        ("CpuQuota", "NanoCpus", "CPU Quota cannot be updated as NanoCPUs has already been set"),
        ("CpuPeriod", "NanoCpus", "CPU Period cannot be updated as NanoCPUs has already been set"),
    ):
        if changes.get(ours) and config[theirs]:
            raise Conflict(f"Cannot update container {container_id}: Conflicting options: {words}")
    check_resources({**config, **changes})
