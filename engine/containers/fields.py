"""Every field that a create request may have (API 1.51), and of which kind each is.

A value of another kind is refused as Go's JSON reader refuses it; a field that nobody knows is told to the client, so
that nothing which was asked for is left out in silence. Pure.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.errors import InvalidArgument

_Check = Callable[[Any], bool]


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list_of(check: _Check) -> _Check:
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def _is_map_of(check: _Check) -> _Check:
    return lambda value: isinstance(value, dict) and all(item is None or check(item) for item in value.values())


_bool: tuple[_Check, str] = (lambda value: isinstance(value, bool), "bool")
_int: tuple[_Check, str] = (_is_int, "int64")
_str: tuple[_Check, str] = (lambda value: isinstance(value, str), "string")
_dict: tuple[_Check, str] = (lambda value: isinstance(value, dict), "object")
_strings: tuple[_Check, str] = (_is_list_of(_str[0]), "[]string")
_ints: tuple[_Check, str] = (_is_list_of(_is_int), "[]int")
_dicts: tuple[_Check, str] = (_is_list_of(_dict[0]), "[]object")
_string_map: tuple[_Check, str] = (_is_map_of(_str[0]), "map[string]string")
_map: tuple[_Check, str] = (_is_map_of(_dict[0]), "map[string]object")
_words: tuple[_Check, str] = (lambda value: _str[0](value) or _strings[0](value), "[]string")
_bindings: tuple[_Check, str] = (_is_map_of(_dicts[0]), "map[string][]PortBinding")

Kinds = Mapping[str, tuple[_Check, str]]

CONFIG: Kinds = {
    **dict.fromkeys(("Hostname", "Domainname", "User", "Image", "WorkingDir", "MacAddress", "StopSignal"), _str),
    **dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce"), _bool),
    **dict.fromkeys(("ArgsEscaped", "NetworkDisabled"), _bool),
    **dict.fromkeys(("ExposedPorts", "Volumes"), _map),
    **dict.fromkeys(("Cmd", "Entrypoint", "Shell"), _words),
    **dict.fromkeys(("Env", "OnBuild"), _strings),
    "Healthcheck": _dict,
    "Labels": _string_map,
    "StopTimeout": _int,
    "HostConfig": _dict,
    "NetworkingConfig": _dict,
}
HEALTH_CHECK: Kinds = {
    "Test": _strings,
    **dict.fromkeys(("Interval", "Timeout", "Retries", "StartPeriod", "StartInterval"), _int),
}
RESOURCES: Kinds = {
    **dict.fromkeys(
        (
            *("CpuShares", "Memory", "BlkioWeight", "CpuPeriod", "CpuQuota", "CpuRealtimePeriod", "CpuRealtimeRuntime"),
            *("KernelMemory", "KernelMemoryTCP", "MemoryReservation", "MemorySwap", "MemorySwappiness", "NanoCpus"),
            *("PidsLimit", "CpuCount", "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth"),
        ),
        _int,
    ),
    **dict.fromkeys(("CgroupParent", "CpusetCpus", "CpusetMems"), _str),
    **dict.fromkeys(("BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps"), _dicts),
    **dict.fromkeys(("BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"), _dicts),
    **dict.fromkeys(("Devices", "DeviceRequests", "Ulimits"), _dicts),
    "DeviceCgroupRules": _strings,
    "OomKillDisable": _bool,
    "Init": _bool,
}
HOST_CONFIG: Kinds = {
    **RESOURCES,
    **dict.fromkeys(("Binds", "VolumesFrom", "CapAdd", "CapDrop", "Dns", "DnsOptions", "DnsSearch"), _strings),
    **dict.fromkeys(("ExtraHosts", "GroupAdd", "Links", "SecurityOpt", "MaskedPaths", "ReadonlyPaths"), _strings),
    **dict.fromkeys(("ContainerIDFile", "NetworkMode", "VolumeDriver", "CgroupnsMode", "IpcMode", "Cgroup"), _str),
    **dict.fromkeys(("PidMode", "UTSMode", "UsernsMode", "Runtime", "Isolation"), _str),
    **dict.fromkeys(("AutoRemove", "Privileged", "PublishAllPorts", "ReadonlyRootfs"), _bool),
    **dict.fromkeys(("OomScoreAdj", "ShmSize"), _int),
    **dict.fromkeys(("Annotations", "StorageOpt", "Tmpfs", "Sysctls"), _string_map),
    "LogConfig": _dict,
    "RestartPolicy": _dict,
    "PortBindings": _bindings,
    "Mounts": _dicts,
    "ConsoleSize": _ints,
}
DEVICE: Kinds = dict.fromkeys(("PathOnHost", "PathInContainer", "CgroupPermissions"), _str)
DEVICE_REQUEST: Kinds = {
    "Driver": _str,
    "Count": _int,
    "DeviceIDs": _strings,
    "Capabilities": (_is_list_of(_strings[0]), "[][]string"),
    "Options": _string_map,
}
MOUNT: Kinds = {
    **dict.fromkeys(("Target", "Source", "Type", "Consistency"), _str),
    "ReadOnly": _bool,
    **dict.fromkeys(("BindOptions", "VolumeOptions", "ImageOptions", "TmpfsOptions", "ClusterOptions"), _dict),
}
MOUNT_OPTIONS: Mapping[str, Kinds] = {
    "BindOptions": {
        "Propagation": _str,
        **dict.fromkeys(("NonRecursive", "CreateMountpoint", "ReadOnlyNonRecursive", "ReadOnlyForceRecursive"), _bool),
    },
    "VolumeOptions": {"NoCopy": _bool, "Labels": _string_map, "DriverConfig": _dict, "Subpath": _str},
    "ImageOptions": {"Subpath": _str},
    "TmpfsOptions": {"SizeBytes": _int, "Mode": _int, "Options": (_is_list_of(_strings[0]), "[][]string")},
}
ENDPOINT: Kinds = {
    "IPAMConfig": _dict,
    **dict.fromkeys(("Links", "Aliases", "DNSNames"), _strings),
    **dict.fromkeys(("MacAddress", "NetworkID", "EndpointID", "Gateway", "IPAddress", "IPv6Gateway"), _str),
    "GlobalIPv6Address": _str,
    **dict.fromkeys(("GwPriority", "IPPrefixLen", "GlobalIPv6PrefixLen"), _int),
    "DriverOpts": _string_map,
}
IPAM: Kinds = {"IPv4Address": _str, "IPv6Address": _str, "LinkLocalIPs": _strings}


def check_fields(body: Mapping[str, Any]) -> list[str]:
    """Warnings about fields that are not of the API. Raises InvalidArgument for a value of the wrong kind."""
    host = body.get("HostConfig") or {}
    warnings = [*_check(body, CONFIG, "Config"), *_check(host, HOST_CONFIG, "HostConfig")]
    warnings += _check(body.get("Healthcheck") or {}, HEALTH_CHECK, "HealthConfig")
    for device in host.get("Devices") or ():
        warnings += _check(device, DEVICE, "DeviceMapping")
    for request in host.get("DeviceRequests") or ():
        warnings += _check(request, DEVICE_REQUEST, "DeviceRequest")
    for mount in host.get("Mounts") or ():
        warnings += _check(mount, MOUNT, "Mount")
        for name, kinds in MOUNT_OPTIONS.items():
            warnings += _check(mount.get(name) or {}, kinds, name)
    networking = body.get("NetworkingConfig") or {}
    warnings += _check(networking, {"EndpointsConfig": _map}, "NetworkingConfig")
    for endpoint in (networking.get("EndpointsConfig") or {}).values():
        warnings += _check(endpoint or {}, ENDPOINT, "EndpointSettings")
        warnings += _check((endpoint or {}).get("IPAMConfig") or {}, IPAM, "EndpointIPAMConfig")
    return warnings


def check_update_fields(body: Mapping[str, Any]) -> list[str]:
    """The same for POST /containers/{id}/update."""
    return list(_check(body, {**RESOURCES, "RestartPolicy": _dict}, "UpdateConfig"))


def _check(given: Mapping[str, Any], kinds: Kinds, what: str) -> Iterator[str]:
    # Go matches names without regard to case, and clients have come to rely on nothing else than the right one.
    for name, value in given.items():
        if value is None:
            continue
        if name not in kinds:
            if value:
                yield f"{what}.{name} is not a field of API 1.51 and is ignored"
            continue
        check, kind = kinds[name]
        if not check(value):
            raise InvalidArgument(
                f"json: cannot unmarshal {_go_kind(value)} into Go struct field {what}.{name} of type {kind}"
            )


def _go_kind(value: Any) -> str:
    names = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "value")
