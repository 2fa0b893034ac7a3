"""What somebody who does not rule a host may write into a body: an allow-list, field by field, value by value.

A field that is not listed may only hold nothing. Docker's daemon (Go) reads names of fields whatever their case; so do
we. Each function says what is wrong, naming the field, or returns None (Docker API 1.51, with what 20.10 and Podman
read besides).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Fields = Mapping[str, Any]
# Says what is wrong with a value, or None.
Check = Callable[[Any], str | None]

_VOLUME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
# Ids of networks are hexadecimal: one of them is the host's own network, so networks go by name here.
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]+")
_PODMANS_NETWORKS: Final = {"host", "ns", "slirp4netns", "pasta", "container"}
_BIND_MODES: Final = {"", "ro", "rw", "z", "Z", "nocopy"}
_TMPFS_FLAGS: Final = {"", "rw", "ro", "exec", "noexec", "nosuid", "nodev"}
_TMPFS_VALUES: Final = {"size", "mode", "uid", "gid", "nr_inodes"}


def anything(_value: Any) -> str | None:
    return None


def only(*allowed: Any) -> Check:
    """Nothing, or one of these. 1 is not True here, nor 0 False: compared with their kinds."""
    words = ", ".join(repr(value) for value in allowed if value)

    def check(value: Any) -> str | None:
        if not value or any(value == one and type(value) is type(one) for one in allowed):
            return None
        return f"only {words} may stand there" if words else "it may not be set"

    return check


nothing: Final = only()


def absent(value: Any) -> str | None:
    """Not even an empty list, which means more than none at all."""
    return None if value is None else "it may not be set, nor be empty"


def _each(check: Check) -> Check:
    def check_all(value: Any) -> str | None:
        if not value:
            return None
        if not isinstance(value, list):
            return "it must be a list"
        return next((complaint for complaint in map(check, value) if complaint), None)

    return check_all


def _object(allowed: Mapping[str, Check]) -> Check:
    """An object of these fields. What is wrong inside is told with the field's name in front."""
    checks = {name.casefold(): (name, check) for name, check in allowed.items()}

    def check(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            return "it must be an object"
        seen = set()
        for given, inner in value.items():
            folded = given.casefold()
            if folded in seen:
                return f"{given} stands there twice"
            seen.add(folded)
            name, inner_check = checks.get(folded, (given, nothing))
            complaint = inner_check(inner)
            if complaint:
                return f"{name}: {complaint}"
        return None

    return check


def _bind(value: Any) -> str | None:
    """`/inside`, `volume:/inside` or `volume:/inside:ro`."""
    parts = value.split(":") if isinstance(value, str) else []
    if not 1 <= len(parts) <= 3 or (len(parts) > 1 and not _VOLUME.fullmatch(parts[0])):
        return f"{value!r} is no volume by its name; folders of the host are not for you"
    modes = parts[2].split(",") if len(parts) == 3 else []
    return None if set(modes) <= _BIND_MODES else f"{value!r}: of the options only ro, rw, z, Z and nocopy are for you"


def _anonymous_volumes(value: Any) -> str | None:
    # Podman takes "/etc:/inside" for a bind mount here.
    if not value:
        return None
    if not isinstance(value, Mapping) or any(":" in path for path in value):
        return "only paths in the container may stand there"
    return None


def _volume_name(value: Any) -> str | None:
    if not value or (isinstance(value, str) and _VOLUME.fullmatch(value)):
        return None
    return f"{value!r} is no volume by its name; folders of the host are not for you"


_DRIVER: Final = _object({"Name": only("local")})
_MOUNT_KINDS: Final[Mapping[str, Check]] = {
    "volume": _object(
        {
            "Type": only("volume"), "Source": _volume_name, "Target": anything, "ReadOnly": anything,
            "Consistency": anything,
            "VolumeOptions": _object(
                {"NoCopy": anything, "Labels": anything, "Subpath": anything, "DriverConfig": _DRIVER}
            ),
        }
    ),
    "tmpfs": _object(
        {
            "Type": only("tmpfs"), "Target": anything, "ReadOnly": anything, "Consistency": anything,
            "TmpfsOptions": _object({"SizeBytes": anything, "Mode": anything}),
        }
    ),
}  # fmt: skip


def _mount(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return "it must be an object"
    kinds = [kind for name, kind in value.items() if name.casefold() == "type"]
    if len(kinds) != 1 or not isinstance(kinds[0], str) or kinds[0] not in _MOUNT_KINDS:
        return f"Type: only volume and tmpfs are for you, not {kinds[0] if kinds else 'none'!r}"
    return _MOUNT_KINDS[kinds[0]](value)


def _tmpfs(value: Any) -> str | None:
    if not value:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(options, str) for options in value.values()):
        return "it must hold paths and their options"
    for option in ",".join(value.values()).split(","):
        if option not in _TMPFS_FLAGS and option.partition("=")[0] not in _TMPFS_VALUES:
            return f"the option {option!r} is not for you"
    return None


def _network(value: Any) -> str | None:
    if not value:
        return None
    if not isinstance(value, str) or not _VOLUME.fullmatch(value) or value.casefold() in _PODMANS_NETWORKS:
        return f"{value!r} is not for you: a network of its own, by name, is"
    return f"{value!r} looks like an id; give the network by its name" if _HEXADECIMAL.fullmatch(value) else None


def _security_option(value: Any) -> str | None:
    allowed = {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"}
    return None if value in allowed else f"{value!r}: only no-new-privileges is for you"


def _not_below_zero(value: Any) -> str | None:
    if value is None or (isinstance(value, int) and value >= 0):
        return None
    return "below 0 it would outlive the host's own programs"


_ENDPOINT: Final = _object(
    {
        "IPAMConfig": anything, "Links": anything, "Aliases": anything, "MacAddress": anything, "NetworkID": nothing,
        "EndpointID": anything, "Gateway": anything, "IPAddress": anything, "IPPrefixLen": anything,
        "IPv6Gateway": anything, "GlobalIPv6Address": anything, "GlobalIPv6PrefixLen": anything, "DNSNames": anything,
        "GwPriority": anything,
    }
)  # fmt: skip


def _endpoints(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return "it must be an object"
    for name, endpoint in value.items():
        complaint = _network(name) or _ENDPOINT(endpoint)
        if complaint:
            return f"{name}: {complaint}"
    return None


_LIMITS: Final[Mapping[str, Check]] = dict.fromkeys(
    ("BlkioWeight", "CpuCount", "CpuPercent", "CpuPeriod", "CpuQuota", "CpuShares", "CpusetCpus", "CpusetMems",
     "IOMaximumBandwidth", "IOMaximumIOps", "KernelMemory", "KernelMemoryTCP", "Memory", "MemoryReservation",
     "MemorySwap", "MemorySwappiness", "NanoCpus", "PidsLimit", "RestartPolicy"),
    anything,
)  # fmt: skip

_HOST_CONFIG: Final = _object(
    {
        **_LIMITS,
        **dict.fromkeys(
            ("AutoRemove", "CapDrop", "ConsoleSize", "ContainerIDFile", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts",
             "GroupAdd", "Init", "PortBindings", "PublishAllPorts", "ReadonlyRootfs", "ShmSize"),
            anything,
        ),
        "Binds": _each(_bind),
        "CgroupnsMode": only("private"),
        "IpcMode": only("private", "shareable", "none"),
        "Isolation": only("default"),
        "LogConfig": _object({"Type": only("json-file", "local", "journald", "none"), "Config": anything}),
        "MaskedPaths": absent,
        "Mounts": _each(_mount),
        "NetworkMode": _network,
        "OomScoreAdj": _not_below_zero,
        "PidMode": only("private"),
        "ReadonlyPaths": absent,
        "SecurityOpt": _each(_security_option),
        "StorageOpt": _object({"size": anything}),
        "Tmpfs": _tmpfs,
        "Ulimits": _each(
            _object({"Name": only("core", "cpu", "data", "fsize", "nofile", "nproc", "stack"), "Soft": anything,
                     "Hard": anything})
        ),
        "UTSMode": only("private"),
        "UsernsMode": only("private"),
        "VolumeDriver": only("local"),
    }
)  # fmt: skip

# Docker up to 20.10 also reads the fields of HostConfig where these stand: whatever is not listed is refused.
create: Final = _object(
    {
        **dict.fromkeys(
            ("ArgsEscaped", "AttachStderr", "AttachStdin", "AttachStdout", "Cmd", "Domainname", "Entrypoint", "Env",
             "ExposedPorts", "Healthcheck", "Hostname", "Image", "Labels", "MacAddress", "NetworkDisabled", "OnBuild",
             "OpenStdin", "Shell", "StdinOnce", "StopSignal", "StopTimeout", "Tty", "User", "WorkingDir"),
            anything,
        ),
        "HostConfig": _HOST_CONFIG,
        "NetworkingConfig": _object({"EndpointsConfig": _endpoints}),
        "Volumes": _anonymous_volumes,
    }
)  # fmt: skip

update: Final = _object(_LIMITS)

# Docker before API 1.24 took a whole HostConfig when a container is started.
start: Final = _object({})

exec_create: Final = _object(
    {
        **dict.fromkeys(
            ("AttachStderr", "AttachStdin", "AttachStdout", "Cmd", "ConsoleSize", "Container", "Detach", "DetachKeys",
             "Env", "Tty", "User", "WorkingDir"),
            anything,
        ),
        "Privileged": nothing,
    }
)  # fmt: skip

volume_create: Final = _object({"Name": _volume_name, "Driver": only("local"), "Labels": anything})

network_create: Final = _object(
    {
        **dict.fromkeys(("Attachable", "CheckDuplicate", "EnableIPv4", "EnableIPv6", "Internal", "Labels"), anything),
        "Driver": only("bridge"),
        "IPAM": _object({"Driver": only("default"), "Config": anything}),
        "Name": anything,
        "Scope": only("local"),
    }
)

network_connect: Final = _object({"Container": anything, "EndpointConfig": _ENDPOINT})

# Parameters of POST /build: BuildKit (version 2) asks for what is in its session, which nobody can look into.
build: Final = _object(
    {
        **dict.fromkeys(
            ("dockerfile", "t", "q", "nocache", "cachefrom", "pull", "rm", "forcerm", "memory", "memswap", "cpushares",
             "cpusetcpus", "cpusetmems", "cpuperiod", "cpuquota", "buildargs", "shmsize", "squash", "labels",
             "platform", "target", "extrahosts", "buildid"),
            anything,
        ),
        "networkmode": _network,
        "ulimits": only("null", "[]"),
        "version": only("1"),
    }
)  # fmt: skip
