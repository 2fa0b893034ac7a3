"""From a create body to the `docker run` line that asks for it."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from webui.containers.dialects import Raw, Shows, Written, devices, mounts, networks, ports, values
from webui.containers.dialects.meaning import has_open_paths, lean, left_over

Words = Callable[[Any], str]


def _restart(policy: Mapping[str, Any]) -> str:
    tries = policy.get("MaximumRetryCount") or 0
    return f"{policy['Name']}:{tries}" if tries else str(policy["Name"])


def _ulimit(limit: Mapping[str, Any]) -> str:
    soft, hard = limit.get("Soft", 0), limit.get("Hard", 0)
    return f"{limit['Name']}={soft}" if soft == hard else f"{limit['Name']}={soft}:{hard}"


def _weight(limit: Mapping[str, Any]) -> str:
    return f"{limit['Path']}:{limit['Weight']}"


def _size(value: int) -> str:
    return "-1" if value == -1 else values.write_bytes(value)


# (flag, field, words) in the order in which a person reads them.
_CONFIG: Final[Sequence[tuple[str, str, Words]]] = (
    ("--hostname", "Hostname", str), ("--domainname", "Domainname", str), ("--user", "User", str),
    ("--workdir", "WorkingDir", str), ("--stop-signal", "StopSignal", str), ("--stop-timeout", "StopTimeout", str),
)  # fmt: skip
_HOST: Final[Sequence[tuple[str, str, Words]]] = (
    ("--restart", "RestartPolicy", _restart), ("--memory", "Memory", _size),
    ("--memory-reservation", "MemoryReservation", _size), ("--memory-swap", "MemorySwap", _size),
    ("--memory-swappiness", "MemorySwappiness", str), ("--cpus", "NanoCpus", values.write_cpus),
    ("--cpu-shares", "CpuShares", str), ("--cpu-period", "CpuPeriod", str), ("--cpu-quota", "CpuQuota", str),
    ("--cpu-rt-period", "CpuRealtimePeriod", str), ("--cpu-rt-runtime", "CpuRealtimeRuntime", str),
    ("--cpuset-cpus", "CpusetCpus", str), ("--cpuset-mems", "CpusetMems", str), ("--pids-limit", "PidsLimit", str),
    ("--shm-size", "ShmSize", _size), ("--blkio-weight", "BlkioWeight", str),
    ("--oom-score-adj", "OomScoreAdj", str), ("--cgroup-parent", "CgroupParent", str), ("--runtime", "Runtime", str),
    ("--isolation", "Isolation", str), ("--volume-driver", "VolumeDriver", str), ("--pid", "PidMode", str),
    ("--ipc", "IpcMode", str), ("--uts", "UTSMode", str), ("--userns", "UsernsMode", str),
    ("--cgroupns", "CgroupnsMode", str),
)  # fmt: skip
_LISTS: Final[Sequence[tuple[str, str, Words]]] = (
    ("--volumes-from", "VolumesFrom", str), ("--link", "Links", str), ("--add-host", "ExtraHosts", str),
    ("--dns", "Dns", str), ("--dns-option", "DnsOptions", str), ("--dns-search", "DnsSearch", str),
    ("--group-add", "GroupAdd", str), ("--cap-add", "CapAdd", str), ("--cap-drop", "CapDrop", str),
    ("--device", "Devices", devices.write_device), ("--device-cgroup-rule", "DeviceCgroupRules", str),
    ("--ulimit", "Ulimits", _ulimit), ("--blkio-weight-device", "BlkioWeightDevice", _weight),
    ("--security-opt", "SecurityOpt", str),
)  # fmt: skip
_MAPS: Final = (("--sysctl", "Sysctls"), ("--storage-opt", "StorageOpt"), ("--annotation", "Annotations"))
_SWITCHES: Final = (
    ("--rm", "AutoRemove"), ("--privileged", "Privileged"), ("--read-only", "ReadonlyRootfs"),
    ("--publish-all", "PublishAllPorts"), ("--oom-kill-disable", "OomKillDisable"),
)  # fmt: skip
_HOST_WRITTEN: Final = frozenset({
    *(field for _, field, _ in (*_HOST, *_LISTS)), *(field for _, field in (*_MAPS, *_SWITCHES, *devices.RATES)),
    "Binds", "Mounts", "Tmpfs", "PortBindings", "LogConfig", "Init", "NetworkMode", "DeviceRequests",
})  # fmt: skip
_CONFIG_WRITTEN: Final = frozenset({
    *(field for _, field, _ in _CONFIG), "Image", "Cmd", "Entrypoint", "Env", "Labels", "ExposedPorts", "Volumes",
    "Tty", "OpenStdin", "Healthcheck", "HostConfig", "NetworkingConfig", "MacAddress",
})  # fmt: skip


def run_line(
    body: Raw, *, name: str = "", platform: str = "", pull: str = "", shows: Shows = lambda _: True
) -> Written:
    """The line as its parts, each a flag with its value quoted for a shell; the last one is image and command.

    Of a variable that is not shown only the name is written: the CLI then takes it from its own environment.
    """
    writer = _Writer(body, shows)
    parts = [
        "docker run -d",
        *_flags("--name", [name] if name else []),
        *_flags("--platform", [platform] if platform else []),
        *_flags("--pull", [pull] if pull and pull != "missing" else []),
        *writer.parts(),
        writer.tail(),
    ]
    return Written(parts, writer.lost)


def _flags(flag: str, texts: Sequence[str]) -> Iterator[str]:
    yield from (f"{flag} {shlex.quote(text)}" for text in texts)


class _Writer:
    def __init__(self, body: Raw, shows: Shows) -> None:
        self._whole = body
        self._body = lean(body)
        self._raw_host: Raw = body.get("HostConfig") or {}
        self._host = lean(self._raw_host)
        self._shows = shows
        self.lost = left_over(body, _CONFIG_WRITTEN) + left_over(self._raw_host, _HOST_WRITTEN, prefix="HostConfig.")

    def parts(self) -> Iterator[str]:
        yield from self._terminal()
        yield from self._published()
        yield from self._environment()
        yield from self._storage()
        yield from self._networks()
        for flag, field, words in _CONFIG:
            if field in self._body:
                yield from _flags(flag, [words(self._body[field])])
        for flag, field, words in _HOST:
            if field in self._host:
                yield from _flags(flag, [words(self._host[field])])
        for flag, field, words in _LISTS:
            yield from _flags(flag, [words(one) for one in self._host.get(field, [])])
        for flag, field in _MAPS:
            yield from _flags(flag, [f"{key}={value}" for key, value in self._host.get(field, {}).items()])
        yield from (flag for flag, field in _SWITCHES if field in self._host)
        yield from self._health()
        yield from self._devices()
        yield from self._rest()

    def tail(self) -> str:
        entry, command = self._body.get("Entrypoint") or [], self._body.get("Cmd") or []
        # The flag takes one word; the others go before the command, which comes to the same.
        words = [*entry[1:], *command]
        return shlex.join([str(self._whole.get("Image") or "IMAGE"), *map(str, words)])

    def _terminal(self) -> Iterator[str]:
        if self._body.get("OpenStdin"):
            yield "-i"
        if self._body.get("Tty"):
            yield "-t"
        if entry := self._body.get("Entrypoint"):
            yield from _flags("--entrypoint", [str(entry[0])])

    def _published(self) -> Iterator[str]:
        bindings = self._host.get("PortBindings", {})
        yield from _flags("-p", ports.write_ports(bindings))
        yield from _flags("--expose", [key for key in self._body.get("ExposedPorts", {}) if key not in bindings])

    def _environment(self) -> Iterator[str]:
        for text in self._body.get("Env", []):
            name, sign, _ = text.partition("=")
            if sign:
                yield from _flags("-e", [text if self._shows(name) else name])
            else:
                self.lost.append(f"Env {name} (taken away from the image's)")
        yield from _flags("-l", [f"{key}={value}" for key, value in self._body.get("Labels", {}).items()])

    def _storage(self) -> Iterator[str]:
        yield from _flags("-v", [str(bind) for bind in self._host.get("Binds", [])])
        yield from _flags("-v", list(self._body.get("Volumes", {})))
        for mount in self._host.get("Mounts", []):
            text, lost = mounts.write_mount(mount)
            self.lost += lost
            yield from _flags("--mount", [text])
        for path, options in self._host.get("Tmpfs", {}).items():
            yield from _flags("--tmpfs", [f"{path}:{options}" if options else path])

    def _networks(self) -> Iterator[str]:
        endpoints = (self._whole.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        mode = str(self._raw_host.get("NetworkMode") or "default")
        if mode == "default" and endpoints:
            mode = next(iter(endpoints))
        written, lost = networks.write_networks(mode, endpoints)
        self.lost += lost
        # The CLI takes the bridge or networks that somebody made, not both at once.
        if len(written) > 1:
            self.lost += [f"Networks.{text}" for text in written if text in {"bridge", "default"}]
        yield from _flags("--network", [text for text in written if text not in {"bridge", "default"}])
        if address := self._body.get("MacAddress"):
            yield from _flags("--mac-address", [address])

    def _health(self) -> Iterator[str]:
        check = self._body.get("Healthcheck", {})
        match check.get("Test") or []:
            case ["NONE"]:
                yield "--no-healthcheck"
            case ["CMD-SHELL", command]:
                yield from _flags("--health-cmd", [str(command)])
            case ["CMD", *words]:
                self.lost.append("Healthcheck.Test without a shell (it is written with one)")
                yield from _flags("--health-cmd", [shlex.join(map(str, words))])
        for flag, field in (("interval", "Interval"), ("timeout", "Timeout"), ("start-period", "StartPeriod"),
                            ("start-interval", "StartInterval")):  # fmt: skip
            if check.get(field):
                yield from _flags(f"--health-{flag}", [values.write_duration(check[field])])
        if check.get("Retries"):
            yield from _flags("--health-retries", [str(check["Retries"])])

    def _devices(self) -> Iterator[str]:
        for request in self._host.get("DeviceRequests", []):
            if request.get("Driver") == "cdi":
                yield from _flags("--device", list(request.get("DeviceIDs") or []))
                continue
            text, lost = devices.write_gpus(request)
            self.lost += lost
            yield from _flags("--gpus", [text] if text else [])
        for flag, field in devices.RATES:
            in_bytes = flag.endswith("bps")
            limits = [devices.write_rate(one, in_bytes=in_bytes) for one in self._host.get(field, [])]
            yield from _flags(f"--{flag}", limits)

    def _rest(self) -> Iterator[str]:
        log = self._host.get("LogConfig", {})
        yield from _flags("--log-driver", [log["Type"]] if log.get("Type") else [])
        yield from _flags("--log-opt", [f"{key}={value}" for key, value in (log.get("Config") or {}).items()])
        if "Init" in self._host:
            yield "--init" if self._host["Init"] else "--init=false"
        if has_open_paths(self._raw_host):
            yield "--security-opt systempaths=unconfined"
