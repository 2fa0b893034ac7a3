"""What somebody who does not rule a host may write into a body: an allow-list, field by field, value by value.

What the host's own rules (webui.ownership.rules) do not allow, a field may only hold nothing. Docker's daemon (Go)
reads names of fields whatever their case; so do we. Each takes the rules and gives a check, which says what is wrong,
naming the field and the rule, or returns None (Docker API 1.51, with what 20.10 and Podman read besides).
"""

import functools
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from webui.gate import mounting
from webui.gate.checks import Check, absent, anything, each, fields, nothing, one_of, only
from webui.ownership import repository_of
from webui.ownership.rules import Rules

# Ids of networks are hexadecimal: one of them is the host's own network, so networks go by name here.
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]+")
_PODMANS_NETWORKS: Final = {"host", "ns", "slirp4netns", "pasta", "container"}


def namespace(rules: Rules, name: str, *kept: str) -> Check:
    """`kept` is what keeps a namespace to the container; the host's and another container's are for the rules."""

    def check(value: Any) -> str | None:
        if not value or value in kept:
            return None
        if value == "host":
            is_allowed = name in rules.host_namespaces
            return None if is_allowed else f"rule host namespaces: the host's own {name} namespace is not allowed"
        if isinstance(value, str) and value.startswith("container:") and name in {"network", "pid", "ipc"}:
            # Whose container it is, is looked at elsewhere (webui.gate.naming).
            return None if rules.joins_containers else "rule other containers: joining one is not allowed"
        words = ", ".join(repr(one) for one in kept)
        return f"only {words} may stand there"

    return check


def _network(rules: Rules) -> Check:
    joined = namespace(rules, "network")

    def check(value: Any) -> str | None:
        if not value:
            return None
        if value == "host" or (isinstance(value, str) and value.startswith("container:")):
            return joined(value)
        if not isinstance(value, str) or not mounting.VOLUME.fullmatch(value) or value.casefold() in _PODMANS_NETWORKS:
            return f"{value!r} is not for you: a network of its own, by name, is"
        return f"{value!r} looks like an id; give the network by its name" if _HEXADECIMAL.fullmatch(value) else None

    return check


def security_option(rules: Rules) -> Check:
    always = {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"}

    def check(value: Any) -> str | None:
        if isinstance(value, str) and value in always | set(rules.security_options):
            return None
        listed = ", ".join(("no-new-privileges", *rules.security_options))
        return f"rule security options: {value!r} is not among {listed}"

    return check


def capability(rules: Rules) -> Check:
    def check(value: Any) -> str | None:
        name = value.upper().removeprefix("CAP_") if isinstance(value, str) else ""
        if name and (name in rules.capabilities or (name != "ALL" and "ALL" in rules.capabilities)):
            return None
        return f"rule capabilities: {value!r} is not among {', '.join(rules.capabilities) or 'none'}"

    return check


def _device(rules: Rules) -> Check:
    return fields(
        {"PathOnHost": one_of(rules.devices, "devices"), "PathInContainer": anything, "CgroupPermissions": anything}
    )


def sysctls(rules: Rules) -> Check:
    def check(value: Any) -> str | None:
        if not value:
            return None
        if not isinstance(value, Mapping):
            return "it must be an object"
        # The kernel takes "net/ipv4/ip_forward" for the same.
        names = [str(name).replace("/", ".") for name in value]
        wrong = next((one for one in names if not any(fnmatchcase(one, fit) for fit in rules.sysctls)), None)
        return None if wrong is None else f"rule sysctls: {wrong} is not among {', '.join(rules.sysctls) or 'none'}"

    return check


def _not_below_zero(value: Any) -> str | None:
    if value is None or (isinstance(value, int) and value >= 0):
        return None
    return "below 0 it would outlive the host's own programs"


def image(rules: Rules) -> Check:
    """By its name: what an id stands for cannot be told from the id."""

    def check(value: Any) -> str | None:
        if not value or (isinstance(value, str) and rules.allows_image(repository_of(value))):
            return None
        return f"rule images: {value!r} is not among {', '.join(rules.images)}; an image goes by its name here"

    return check


_ENDPOINT: Final = fields(
    {
        "IPAMConfig": anything, "Links": anything, "Aliases": anything, "MacAddress": anything, "NetworkID": nothing,
        "EndpointID": anything, "Gateway": anything, "IPAddress": anything, "IPPrefixLen": anything,
        "IPv6Gateway": anything, "GlobalIPv6Address": anything, "GlobalIPv6PrefixLen": anything, "DNSNames": anything,
        "GwPriority": anything,
    }
)  # fmt: skip


def _endpoints(rules: Rules) -> Check:
    network = _network(rules)

    def check(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            return "it must be an object"
        for name, endpoint in value.items():
            complaint = network(name) or _ENDPOINT(endpoint)
            if complaint:
                return f"{name}: {complaint}"
        return None

    return check


ULIMITS: Final = each(
    fields({"Name": only("core", "cpu", "data", "fsize", "nofile", "nproc", "stack"), "Soft": anything,
            "Hard": anything})
)  # fmt: skip
LOG: Final = fields({"Type": only("json-file", "local", "journald", "none"), "Config": anything})
_LIMITS: Final[Mapping[str, Check]] = dict.fromkeys(
    ("BlkioWeight", "CpuCount", "CpuPercent", "CpuPeriod", "CpuQuota", "CpuShares", "CpusetCpus", "CpusetMems",
     "IOMaximumBandwidth", "IOMaximumIOps", "KernelMemory", "KernelMemoryTCP", "Memory", "MemoryReservation",
     "MemorySwap", "MemorySwappiness", "NanoCpus", "PidsLimit", "RestartPolicy"),
    anything,
)  # fmt: skip


def _host_config(rules: Rules) -> Check:
    return fields(
        {
            **_LIMITS,
            **dict.fromkeys(
                ("AutoRemove", "CapDrop", "ConsoleSize", "ContainerIDFile", "Dns", "DnsOptions", "DnsSearch",
                 "ExtraHosts", "GroupAdd", "Init", "PortBindings", "PublishAllPorts", "ReadonlyRootfs", "ShmSize"),
                anything,
            ),
            "Binds": each(mounting.bind(rules)),
            "CapAdd": each(capability(rules)),
            "CgroupParent": one_of(rules.cgroup_parents, "cgroup parent"),
            "CgroupnsMode": namespace(rules, "cgroup", "private"),
            "Devices": each(_device(rules)),
            "IpcMode": namespace(rules, "ipc", "private", "shareable", "none"),
            "Isolation": only("default"),
            "LogConfig": LOG,
            "MaskedPaths": absent,
            "Mounts": each(mounting.mount(rules)),
            "NetworkMode": _network(rules),
            "OomScoreAdj": _not_below_zero,
            "PidMode": namespace(rules, "pid", "private"),
            "Privileged": only(True) if rules.is_privileged_allowed else _unprivileged,
            "ReadonlyPaths": absent,
            "Runtime": one_of(rules.runtimes, "runtimes"),
            "SecurityOpt": each(security_option(rules)),
            "StorageOpt": fields({"size": anything}),
            "Sysctls": sysctls(rules),
            "Tmpfs": mounting.tmpfs,
            "Ulimits": ULIMITS,
            "UTSMode": namespace(rules, "uts", "private"),
            "UsernsMode": namespace(rules, "user", "private"),
            "VolumeDriver": only("local"),
            **({"VolumesFrom": anything} if rules.joins_containers else {}),
        }
    )  # fmt: skip


def _unprivileged(value: Any) -> str | None:
    return "rule privileged: it is not allowed" if value else None


@functools.lru_cache(maxsize=64)
def create(rules: Rules) -> Check:
    """Docker up to 20.10 also reads the fields of HostConfig where these stand: whatever is not listed is refused."""
    return fields(
        {
            **dict.fromkeys(
                ("ArgsEscaped", "AttachStderr", "AttachStdin", "AttachStdout", "Cmd", "Domainname", "Entrypoint",
                 "Env", "ExposedPorts", "Healthcheck", "Hostname", "Labels", "MacAddress", "NetworkDisabled",
                 "OnBuild", "OpenStdin", "Shell", "StdinOnce", "StopSignal", "StopTimeout", "Tty", "User",
                 "WorkingDir"),
                anything,
            ),
            "Image": image(rules),
            "HostConfig": _host_config(rules),
            "NetworkingConfig": fields({"EndpointsConfig": _endpoints(rules)}),
            "Volumes": mounting.anonymous_volumes,
        }
    )  # fmt: skip


_UPDATE: Final = fields(_LIMITS)
# Docker before API 1.24 took a whole HostConfig when a container is started.
_START: Final = fields({})
_VOLUME_CREATE: Final = fields({"Name": mounting.volume_name, "Driver": only("local"), "Labels": anything})
_NETWORK_CREATE: Final = fields(
    {
        **dict.fromkeys(("Attachable", "CheckDuplicate", "EnableIPv4", "EnableIPv6", "Internal", "Labels"), anything),
        "Driver": only("bridge"),
        "IPAM": fields({"Driver": only("default"), "Config": anything}),
        "Name": anything,
        "Scope": only("local"),
    }
)
_NETWORK_CONNECT: Final = fields({"Container": anything, "EndpointConfig": _ENDPOINT})


def update(_rules: Rules) -> Check:
    return _UPDATE


def start(_rules: Rules) -> Check:
    return _START


def volume_create(_rules: Rules) -> Check:
    """No options in any case: with them a volume is a bind mount in disguise."""
    return _VOLUME_CREATE


def network_create(_rules: Rules) -> Check:
    return _NETWORK_CREATE


def network_connect(_rules: Rules) -> Check:
    return _NETWORK_CONNECT


@functools.lru_cache(maxsize=64)
def exec_create(rules: Rules) -> Check:
    return fields(
        {
            **dict.fromkeys(
                ("AttachStderr", "AttachStdin", "AttachStdout", "Cmd", "ConsoleSize", "Container", "Detach",
                 "DetachKeys", "Env", "Tty", "User", "WorkingDir"),
                anything,
            ),
            "Privileged": only(True) if rules.is_privileged_allowed else _unprivileged,
        }
    )  # fmt: skip


@functools.lru_cache(maxsize=64)
def pull(rules: Rules) -> Check:
    """Parameters of POST /images/create."""
    allowed = image(rules)

    def check(query: Any) -> str | None:
        if rules.images and query.get("fromSrc"):
            return "fromSrc: rule images: what an archive holds cannot be told from the request"
        complaint = allowed(query.get("fromImage", ""))
        return f"fromImage: {complaint}" if complaint else None

    return check


@functools.lru_cache(maxsize=64)
def naming(rules: Rules) -> Check:
    """Parameters of what gives an image another name: those that the rule lists are for what comes from there."""

    def check(query: Any) -> str | None:
        name = query.get("repo", "")
        if rules.images and name and rules.allows_image(repository_of(name)):
            return f"repo: rule images: {name!r} is among {', '.join(rules.images)}, which are pulled and not made here"
        return None

    return check


@functools.lru_cache(maxsize=64)
def build(rules: Rules) -> Check:
    """Parameters of POST /build: BuildKit (version 2) asks for what is in its session, which nobody can look into."""
    checked = fields(
        {
            **dict.fromkeys(
                ("dockerfile", "t", "q", "nocache", "cachefrom", "pull", "rm", "forcerm", "memory", "memswap",
                 "cpushares", "cpusetcpus", "cpusetmems", "cpuperiod", "cpuquota", "buildargs", "shmsize", "squash",
                 "labels", "platform", "target", "extrahosts", "buildid"),
                anything,
            ),
            "networkmode": _network(rules),
            "ulimits": only("null", "[]"),
            "version": only("1"),
        }
    )  # fmt: skip

    def check(query: Any) -> str | None:
        if rules.images:
            return "rule images: what a Dockerfile starts from cannot be told from the request"
        return checked(query)

    return check
