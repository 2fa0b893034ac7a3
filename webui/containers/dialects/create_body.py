"""From the flags of a `docker run` line to the create body: every flag has one place here.

The tables say which field a flag fills and how its text is read; flags that share a field have a function.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from webui.containers.dialects import DialectError, Raw, devices, mounts, networks, ports, values
from webui.containers.dialects.flags import Options


def one(options: Options, name: str) -> str:
    return options[name][-1] if name in options else ""


def is_on(options: Options, name: str) -> bool:
    return one(options, name) == "true"


# flag -> field, and how its text is read. What is empty or zero is not sent: it is what the engine assumes.
Read = Callable[[str], Any]
_CONFIG: Final[Mapping[str, tuple[str, Read]]] = {
    "hostname": ("Hostname", str), "domainname": ("Domainname", str), "user": ("User", str),
    "workdir": ("WorkingDir", str), "stop-signal": ("StopSignal", str),
}  # fmt: skip
_HOST: Final[Mapping[str, tuple[str, Read]]] = {
    "blkio-weight": ("BlkioWeight", values.read_int), "cgroup-parent": ("CgroupParent", str),
    "cgroupns": ("CgroupnsMode", str), "cpu-period": ("CpuPeriod", values.read_int),
    "cpu-quota": ("CpuQuota", values.read_int), "cpu-rt-period": ("CpuRealtimePeriod", values.read_int),
    "cpu-rt-runtime": ("CpuRealtimeRuntime", values.read_int), "cpu-shares": ("CpuShares", values.read_int),
    "cpus": ("NanoCpus", values.read_cpus), "cpuset-cpus": ("CpusetCpus", str), "cpuset-mems": ("CpusetMems", str),
    "ipc": ("IpcMode", str), "isolation": ("Isolation", str), "memory": ("Memory", values.read_bytes),
    "memory-reservation": ("MemoryReservation", values.read_bytes),
    "memory-swap": ("MemorySwap", lambda text: -1 if text == "-1" else values.read_bytes(text)),
    "oom-score-adj": ("OomScoreAdj", values.read_int), "pid": ("PidMode", str),
    "pids-limit": ("PidsLimit", values.read_int), "restart": ("RestartPolicy", values.read_restart),
    "runtime": ("Runtime", str), "shm-size": ("ShmSize", values.read_bytes), "userns": ("UsernsMode", str),
    "uts": ("UTSMode", str), "volume-driver": ("VolumeDriver", str),
}  # fmt: skip
_HOST_SWITCHES: Final = {
    "rm": "AutoRemove", "privileged": "Privileged", "publish-all": "PublishAllPorts", "read-only": "ReadonlyRootfs",
    "oom-kill-disable": "OomKillDisable",
}  # fmt: skip
_HOST_LISTS: Final[Mapping[str, tuple[str, Read]]] = {
    "add-host": ("ExtraHosts", networks.read_host), "cap-add": ("CapAdd", str), "cap-drop": ("CapDrop", str),
    "device-cgroup-rule": ("DeviceCgroupRules", str), "dns": ("Dns", str), "dns-option": ("DnsOptions", str),
    "dns-search": ("DnsSearch", str), "group-add": ("GroupAdd", str), "link": ("Links", str),
    "volumes-from": ("VolumesFrom", str), "ulimit": ("Ulimits", values.read_ulimit),
    "mount": ("Mounts", mounts.read_mount), "blkio-weight-device": ("BlkioWeightDevice", devices.read_weight),
}  # fmt: skip


def body_of(options: Options, image: str, command: list[str]) -> tuple[Raw, tuple[str, ...]]:
    """The create body, and the variables whose values it does not hold. Raises DialectError."""
    host: Raw = {}
    body: Raw = {"Image": image}
    _put_each(body, options, _CONFIG)
    _put_each(host, options, _HOST)
    for flag, field in _HOST_SWITCHES.items():
        if is_on(options, flag):
            host[field] = True
    for flag, (field, read) in _HOST_LISTS.items():
        if flag in options:
            host[field] = [_said(flag, read, text) for text in options[flag]]
    _put_capabilities(host)
    asked = _put_process(body, options, command)
    _put_storage(body, host, options)
    _put_ports(body, host, options)
    _put_devices(host, options)
    _put_maps(body, host, options)
    mode, endpoints = networks.read_networks(options, options.get("link", []))
    if mode != "default":
        host["NetworkMode"] = mode
    if host:
        body["HostConfig"] = host
    if endpoints:
        body["NetworkingConfig"] = {"EndpointsConfig": endpoints}
    _check(options, body, host)
    return body, asked


def _put_each(target: Raw, options: Options, table: Mapping[str, tuple[str, Read]]) -> None:
    for flag, (field, read) in table.items():
        if (text := one(options, flag)) and (value := _said(flag, read, text)):
            target[field] = value


def _said(flag: str, read: Read, text: str) -> Any:
    """The value, or an error that names the flag."""
    try:
        return read(text)
    except DialectError as error:
        raise DialectError(f"--{flag}: {error}") from None


def _put_process(body: Raw, options: Options, command: list[str]) -> tuple[str, ...]:
    """What runs and what it is attached to; returns the variables whose values the line does not hold."""
    if command:
        body["Cmd"] = command
    if "entrypoint" in options:
        # An empty one takes the image's away.
        body["Entrypoint"] = [one(options, "entrypoint")]
    variables = options.get("env", [])
    if any(not text.partition("=")[0] for text in variables):
        raise DialectError("--env: a variable has no name.")
    if given := [text for text in variables if "=" in text]:
        body["Env"] = given
    if "stop-timeout" in options:
        body["StopTimeout"] = _said("stop-timeout", values.read_int, one(options, "stop-timeout"))
    _put_streams(body, options)
    if health := _health(options):
        body["Healthcheck"] = health
    return tuple(dict.fromkeys(text for text in variables if "=" not in text))


def _put_streams(body: Raw, options: Options) -> None:
    attached = {text.lower() for text in options.get("attach", [])}
    if wrong := attached - {"stdin", "stdout", "stderr"}:
        raise DialectError(f"--attach: {min(wrong)} is none of stdin, stdout and stderr.")
    is_interactive, is_detached = is_on(options, "interactive"), is_on(options, "detach")
    if is_detached and attached:
        raise DialectError("-a and -d contradict each other: it is attached to, or runs in the background.")
    shown = attached or {"stdout", "stderr"}
    streams = {
        "AttachStdin": "stdin" in attached or is_interactive, "AttachStdout": "stdout" in shown,
        "AttachStderr": "stderr" in shown,
    }  # fmt: skip
    found = {
        "Tty": is_on(options, "tty"), "OpenStdin": is_interactive, **({} if is_detached else streams),
        "StdinOnce": is_interactive and not is_detached,
    }  # fmt: skip
    body |= {field: True for field, value in found.items() if value}


_HEALTH: Final[Mapping[str, tuple[str, Read]]] = {
    "health-interval": ("Interval", values.read_duration), "health-timeout": ("Timeout", values.read_duration),
    "health-start-period": ("StartPeriod", values.read_duration),
    "health-start-interval": ("StartInterval", values.read_duration), "health-retries": ("Retries", values.read_int),
}  # fmt: skip


def _health(options: Options) -> Raw:
    health: Raw = {}
    _put_each(health, options, _HEALTH)
    if negative := next((field for field, value in health.items() if value < 0), None):
        raise DialectError(f"The health check's {negative.lower()} cannot be negative.")
    if command := one(options, "health-cmd"):
        health = {"Test": ["CMD-SHELL", command], **health}
    if is_on(options, "no-healthcheck"):
        if health:
            raise DialectError("--no-healthcheck contradicts the other flags about the health check.")
        return {"Test": ["NONE"]}
    return health


def _put_storage(body: Raw, host: Raw, options: Options) -> None:
    read = [_said("volume", mounts.read_volume, text) for text in options.get("volume", [])]
    if binds := list(dict.fromkeys(bind for bind, _ in read if bind)):
        host["Binds"] = binds
    if nameless := [target for _, target in read if target]:
        body["Volumes"] = {target: {} for target in nameless}
    if tmpfs := dict(_said("tmpfs", mounts.read_tmpfs, text) for text in options.get("tmpfs", [])):
        host["Tmpfs"] = tmpfs


def _put_ports(body: Raw, host: Raw, options: Options) -> None:
    bindings = _said("publish", lambda _: ports.read_ports(options.get("publish", [])), "")
    if bindings:
        host["PortBindings"] = bindings
    exposed = [key for text in options.get("expose", []) for key in _said("expose", ports.read_exposed, text)]
    if every := [*bindings, *exposed]:
        body["ExposedPorts"] = {key: {} for key in every}


def _put_devices(host: Raw, options: Options) -> None:
    named = options.get("device", [])
    if found := [_said("device", devices.read_device, text) for text in named if not devices.is_cdi(text)]:
        host["Devices"] = found
    requests = [_said("gpus", devices.read_gpus, text) for text in options.get("gpus", [])]
    if by_interface := [text for text in named if devices.is_cdi(text)]:
        requests.append({"Driver": "cdi", "DeviceIDs": by_interface})
    if requests:
        host["DeviceRequests"] = requests
    for flag, field in devices.RATES:
        if texts := options.get(flag):
            in_bytes = flag.endswith("bps")
            host[field] = [
                _said(flag, lambda text, in_bytes=in_bytes: devices.read_rate(text, in_bytes=in_bytes), text)  # type: ignore[misc]
                for text in texts
            ]


def _put_capabilities(host: Raw) -> None:
    """The CLI names them as the kernel does, sorted."""
    for field in ("CapAdd", "CapDrop"):
        if field in host:
            host[field] = sorted({_capability(name) for name in host[field]})


def _capability(name: str) -> str:
    name = name.strip().upper()
    return name if name in {"ALL", "RESET"} or name.startswith("CAP_") else f"CAP_{name}"


def _put_maps(body: Raw, host: Raw, options: Options) -> None:
    if labels := dict(_said("label", mounts.read_label, text) for text in options.get("label", [])):
        body["Labels"] = labels
    for flag, field in (("sysctl", "Sysctls"), ("storage-opt", "StorageOpt")):
        if flag in options:
            host[field] = dict(_said(flag, values.pair, text) for text in options[flag])
    if annotations := [text.partition("=") for text in options.get("annotation", [])]:
        host["Annotations"] = {name: value for name, _, value in annotations}
    log: Raw = {"Type": one(options, "log-driver")} if one(options, "log-driver") else {}
    if "log-opt" in options:
        log["Config"] = dict(text.partition("=")[::2] for text in options["log-opt"])
    if log:
        host["LogConfig"] = log
    if "init" in options:
        host["Init"] = is_on(options, "init")
    if (text := one(options, "memory-swappiness")) and text != "-1":
        host["MemorySwappiness"] = _said("memory-swappiness", values.read_int, text)
    _put_security(host, options)


def _put_security(host: Raw, options: Options) -> None:
    kept = []
    for text in options.get("security-opt", []):
        name, sign, value = text.partition("=") if "=" in text else text.partition(":")
        if text == "systempaths=unconfined":
            host["MaskedPaths"], host["ReadonlyPaths"] = [], []
            continue
        if not sign and text != "no-new-privileges":
            raise DialectError(
                f"--security-opt: “{text}” is not an option, such as no-new-privileges or label=disable."
            )
        if name == "seccomp" and value not in {"unconfined", "builtin"} and not value.lstrip().startswith("{"):
            raise DialectError(
                f"--security-opt seccomp={value} is a file on the machine where the CLI runs: give its JSON instead."
            )
        kept.append(text)
    if kept:
        host["SecurityOpt"] = kept


_MODES: Final = (
    ("PidMode", "--pid", ("host",), True), ("UTSMode", "--uts", ("host",), False),
    ("UsernsMode", "--userns", ("host",), False), ("CgroupnsMode", "--cgroupns", ("host", "private"), False),
)  # fmt: skip


def _check(options: Options, body: Raw, host: Raw) -> None:
    for field, flag, words, may_join in _MODES:
        mode = str(host.get(field, ""))
        if mode and mode not in words and not (may_join and mode.startswith("container:") and mode != "container:"):
            choices = " or ".join([*words, *(["container:NAME"] if may_join else [])])
            raise DialectError(f"{flag} {mode}: it is {choices}.")
    if not 0 <= host.get("MemorySwappiness", 0) <= 100:
        raise DialectError("--memory-swappiness is from 0 to 100.")
    if host.get("AutoRemove") and (host.get("RestartPolicy") or {}).get("Name", "no") != "no":
        raise DialectError("--rm and --restart contradict each other: what is removed cannot start again.")
    log = host.get("LogConfig") or {}
    if log.get("Type") == "none" and log.get("Config"):
        raise DialectError("--log-driver none takes no --log-opt.")
    if body.get("StopTimeout", 0) < -1:
        raise DialectError("--stop-timeout is a number of seconds, or -1 for no end.")
