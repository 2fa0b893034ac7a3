"""From a create body to a compose file with one service that asks for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from webui.containers.dialects import Raw, Shows, Written, devices, networks, ports, values
from webui.containers.dialects.meaning import has_open_paths, lean, left_over
from webui.containers.dialects.yaml_text import dump_yaml

As = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _size(value: int) -> Any:
    return -1 if value == -1 else values.write_bytes(value)


def _restart(policy: Mapping[str, Any]) -> str:
    tries = policy.get("MaximumRetryCount") or 0
    return f"{policy['Name']}:{tries}" if tries else str(policy["Name"])


def _cpus(nano: int) -> Any:
    text = values.write_cpus(nano)
    return float(text) if "." in text else int(text)


def _grace(seconds: int) -> str:
    return values.write_duration(seconds * 1_000_000_000)


_CONFIG: Final[Sequence[tuple[str, str, As]]] = (
    ("entrypoint", "Entrypoint", _same), ("command", "Cmd", _same), ("user", "User", _same),
    ("working_dir", "WorkingDir", _same), ("hostname", "Hostname", _same), ("domainname", "Domainname", _same),
    ("tty", "Tty", _same), ("stdin_open", "OpenStdin", _same), ("labels", "Labels", dict),
    ("stop_signal", "StopSignal", _same), ("stop_grace_period", "StopTimeout", _grace),
)  # fmt: skip
_HOST: Final[Sequence[tuple[str, str, As]]] = (
    ("restart", "RestartPolicy", _restart), ("mem_limit", "Memory", _size),
    ("mem_reservation", "MemoryReservation", _size), ("memswap_limit", "MemorySwap", _size),
    ("mem_swappiness", "MemorySwappiness", _same), ("cpus", "NanoCpus", _cpus), ("cpu_shares", "CpuShares", _same),
    ("cpu_period", "CpuPeriod", _same), ("cpu_quota", "CpuQuota", _same),
    ("cpu_rt_period", "CpuRealtimePeriod", _same), ("cpu_rt_runtime", "CpuRealtimeRuntime", _same),
    ("cpuset", "CpusetCpus", _same), ("pids_limit", "PidsLimit", _same), ("shm_size", "ShmSize", _size),
    ("oom_kill_disable", "OomKillDisable", _same), ("oom_score_adj", "OomScoreAdj", _same),
    ("init", "Init", _same), ("privileged", "Privileged", _same), ("read_only", "ReadonlyRootfs", _same),
    ("cap_add", "CapAdd", list), ("cap_drop", "CapDrop", list), ("device_cgroup_rules", "DeviceCgroupRules", list),
    ("group_add", "GroupAdd", list), ("dns", "Dns", list), ("dns_opt", "DnsOptions", list),
    ("dns_search", "DnsSearch", list), ("extra_hosts", "ExtraHosts", list), ("external_links", "Links", list),
    ("volumes_from", "VolumesFrom", lambda names: [f"container:{name}" for name in names]),
    ("devices", "Devices", lambda held: [devices.write_device(one) for one in held]),
    ("sysctls", "Sysctls", dict), ("annotations", "Annotations", dict), ("storage_opt", "StorageOpt", dict),
    ("pid", "PidMode", _same), ("ipc", "IpcMode", _same), ("uts", "UTSMode", _same),
    ("userns_mode", "UsernsMode", _same), ("cgroup", "CgroupnsMode", _same), ("cgroup_parent", "CgroupParent", _same),
    ("runtime", "Runtime", _same), ("isolation", "Isolation", _same),
    ("tmpfs", "Tmpfs", lambda held: [f"{path}:{opts}" if opts else path for path, opts in held.items()]),
)  # fmt: skip
_BLKIO: Final = (
    ("device_read_bps", "BlkioDeviceReadBps"), ("device_write_bps", "BlkioDeviceWriteBps"),
    ("device_read_iops", "BlkioDeviceReadIOps"), ("device_write_iops", "BlkioDeviceWriteIOps"),
)  # fmt: skip
_HOST_WRITTEN: Final = frozenset({
    *(field for _, field, _ in _HOST), *(field for _, field in _BLKIO), "BlkioWeight", "BlkioWeightDevice", "Binds",
    "Mounts", "PortBindings", "LogConfig", "NetworkMode", "DeviceRequests", "Ulimits", "SecurityOpt",
})  # fmt: skip
_CONFIG_WRITTEN: Final = frozenset({
    *(field for _, field, _ in _CONFIG), "Image", "Env", "ExposedPorts", "Volumes", "Healthcheck", "HostConfig",
    "NetworkingConfig", "MacAddress",
})  # fmt: skip


def compose_file(
    body: Raw, *, name: str = "", platform: str = "", pull: str = "", shows: Shows = lambda _: True
) -> Written:
    """The file's lines: one service, and the networks and volumes that it names.

    A variable that is not shown has no value: Compose then takes it from its own environment.
    """
    writer = _Writer(body, shows)
    service = {"image": body.get("Image") or "IMAGE", **({"container_name": name} if name else {}),
               **({"platform": platform} if platform else {}),
               **({"pull_policy": pull} if pull and pull != "missing" else {}), **dict(writer.parts())}  # fmt: skip
    whole = {"services": {name or "app": _escaped(service)}, **writer.declared()}
    return Written(dump_yaml(whole).rstrip("\n").split("\n"), writer.lost)


def _escaped(value: Any) -> Any:
    """Compose fills in `$NAME`, so a dollar sign that is meant is written twice."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: _escaped(one) for key, one in value.items()}
    return [_escaped(one) for one in value] if isinstance(value, list) else value


class _Writer:
    def __init__(self, body: Raw, shows: Shows) -> None:
        self._whole = body
        self._body = lean(body)
        self._raw_host: Raw = body.get("HostConfig") or {}
        self._host = lean(self._raw_host)
        self._shows = shows
        self._networks: list[str] = []
        self._volumes: list[str] = []
        self.lost = left_over(body, _CONFIG_WRITTEN) + left_over(self._raw_host, _HOST_WRITTEN, prefix="HostConfig.")

    def parts(self) -> Iterator[tuple[str, Any]]:
        for key, value in self._every():
            if value not in (None, [], {}):
                yield key, value

    def declared(self) -> Raw:
        networks_ = {name: {"name": name, "external": True} for name in self._networks}
        volumes = {name: {"name": name} for name in dict.fromkeys(self._volumes)}
        return {**({"networks": networks_} if networks_ else {}), **({"volumes": volumes} if volumes else {})}

    def _every(self) -> Iterator[tuple[str, Any]]:
        bindings = self._host.get("PortBindings", {})
        yield "ports", ports.write_ports(bindings)
        yield "expose", [key for key in self._body.get("ExposedPorts", {}) if key not in bindings]
        yield "environment", dict(self._environment())
        yield (
            "volumes",
            [*self._binds(), *self._body.get("Volumes", {}), *map(self._mount, self._host.get("Mounts", []))],
        )
        yield from self._network()
        for key, field, as_ in _CONFIG:
            if field in self._body:
                yield key, as_(self._body[field])
        yield "healthcheck", self._health()
        for key, field, as_ in _HOST:
            if field in self._host and not (key == "devices" and self._by_interface()):
                yield key, as_(self._host[field])
        yield from self._rest()

    def _environment(self) -> Iterator[tuple[str, str | None]]:
        for text in self._body.get("Env", []):
            name, sign, value = text.partition("=")
            if not sign:
                self.lost.append(f"Env {name} (taken away from the image's)")
                continue
            yield name, value if self._shows(name) else None

    def _binds(self) -> Iterator[str]:
        for bind in self._host.get("Binds", []):
            source = str(bind).partition(":")[0]
            if not source.startswith("/"):
                self._volumes.append(source)
            yield str(bind)

    def _mount(self, mount: Raw) -> Raw:
        kind = mount.get("Type") or "volume"
        written: Raw = {"type": kind}
        if source := mount.get("Source"):
            written["source"] = source
            self._volumes += [source] if kind == "volume" else []
        written["target"] = mount.get("Target", "")
        written |= {"read_only": True} if mount.get("ReadOnly") else {}
        written |= {"consistency": mount["Consistency"]} if mount.get("Consistency") else {}
        for key, options in (("bind", self._bind(mount)), ("volume", self._volume(mount)), ("tmpfs", _tmpfs(mount)),
                             ("image", _image(mount))):  # fmt: skip
            if options:
                written[key] = options
        known = {"Type", "Source", "Target", "ReadOnly", "Consistency", "BindOptions", "VolumeOptions", "TmpfsOptions",
                 "ImageOptions"}  # fmt: skip
        self.lost += [f"Mounts.{key}" for key, value in mount.items() if value and key not in known]
        return written

    def _bind(self, mount: Raw) -> Raw:
        options = mount.get("BindOptions") or {}
        written: Raw = {"propagation": options["Propagation"]} if options.get("Propagation") else {}
        for field, word in (("NonRecursive", "disabled"), ("ReadOnlyNonRecursive", "writable"),
                            ("ReadOnlyForceRecursive", "readonly")):  # fmt: skip
            if options.get(field):
                written["recursive"] = word
        if mount.get("Type") == "bind":
            written["create_host_path"] = bool(options.get("CreateMountpoint"))
        return written

    def _volume(self, mount: Raw) -> Raw:
        options = mount.get("VolumeOptions") or {}
        self.lost += ["Mounts.VolumeOptions.DriverConfig"] if options.get("DriverConfig") else []
        return {
            **({"nocopy": True} if options.get("NoCopy") else {}),
            **({"subpath": options["Subpath"]} if options.get("Subpath") else {}),
            **({"labels": options["Labels"]} if options.get("Labels") else {}),
        }

    def _network(self) -> Iterator[tuple[str, Any]]:
        endpoints = (self._whole.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        mode = str(self._raw_host.get("NetworkMode") or "default")
        if mode == "default" and endpoints:
            mode = next(iter(endpoints))
        if networks.is_mode(mode):
            if mode not in {"default"}:
                yield "network_mode", mode
            self.lost += [f"Networks.{name}" for name, held in endpoints.items() if name != mode or lean(held or {})]
        else:
            self._networks = list(dict.fromkeys([mode, *endpoints]))
            yield "networks", {name: self._endpoint(name, endpoints.get(name) or {}) for name in self._networks}
        yield "mac_address", self._body.get("MacAddress")

    def _endpoint(self, name: str, held: Raw) -> Raw | None:
        ipam = held.get("IPAMConfig") or {}
        written = {
            "aliases": held.get("Aliases"), "ipv4_address": ipam.get("IPv4Address"),
            "ipv6_address": ipam.get("IPv6Address"), "link_local_ips": ipam.get("LinkLocalIPs"),
            "mac_address": held.get("MacAddress"), "driver_opts": held.get("DriverOpts"),
            "gw_priority": held.get("GwPriority"),
        }  # fmt: skip
        known = {"Aliases", "IPAMConfig", "MacAddress", "DriverOpts", "GwPriority"}
        self.lost += [f"Networks.{name}.{key}" for key, value in held.items() if value and key not in known
                      and not (key == "Links" and self._host.get("Links"))]  # fmt: skip
        return {key: value for key, value in written.items() if value} or None

    def _health(self) -> Raw:
        check = self._body.get("Healthcheck") or {}
        if check.get("Test") == ["NONE"]:
            return {"disable": True}
        written: Raw = {"test": list(check["Test"])} if check.get("Test") else {}
        for key, field in (("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod"),
                           ("start_interval", "StartInterval")):  # fmt: skip
            if check.get(field):
                written[key] = values.write_duration(check[field])
        return written | ({"retries": check["Retries"]} if check.get("Retries") else {})

    def _by_interface(self) -> list[str]:
        requests = self._host.get("DeviceRequests", [])
        return [name for one in requests if one.get("Driver") == "cdi" for name in one.get("DeviceIDs") or []]

    def _rest(self) -> Iterator[tuple[str, Any]]:
        if self._by_interface():
            yield "devices", [*map(devices.write_device, self._host.get("Devices", [])), *self._by_interface()]
        requests = [one for one in self._host.get("DeviceRequests", []) if one.get("Driver") != "cdi"]
        if requests:
            yield "deploy", {"resources": {"reservations": {"devices": [_request(one) for one in requests]}}}
        yield "ulimits", {str(one["Name"]): {"soft": one["Soft"], "hard": one["Hard"]} for one in
                          self._host.get("Ulimits", [])}  # fmt: skip
        yield "blkio_config", self._blkio()
        log = self._host.get("LogConfig", {})
        yield "logging", {**({"driver": log["Type"]} if log.get("Type") else {}),
                          **({"options": dict(log["Config"])} if log.get("Config") else {})}  # fmt: skip
        opened = ["systempaths=unconfined"] if has_open_paths(self._raw_host) else []
        yield "security_opt", [*self._host.get("SecurityOpt", []), *opened]

    def _blkio(self) -> Raw:
        written: Raw = {"weight": self._host["BlkioWeight"]} if "BlkioWeight" in self._host else {}
        if weights := self._host.get("BlkioWeightDevice"):
            written["weight_device"] = [{"path": one["Path"], "weight": one["Weight"]} for one in weights]
        for key, field in _BLKIO:
            if limits := self._host.get(field):
                as_ = values.write_bytes if key.endswith("bps") else _same
                written[key] = [{"path": one["Path"], "rate": as_(one["Rate"])} for one in limits]
        return written


def _tmpfs(mount: Raw) -> Raw:
    options = mount.get("TmpfsOptions") or {}
    return {
        **({"size": options["SizeBytes"]} if options.get("SizeBytes") else {}),
        **({"mode": options["Mode"]} if options.get("Mode") else {}),
    }


def _image(mount: Raw) -> Raw:
    options = mount.get("ImageOptions") or {}
    return {"subpath": options["Subpath"]} if options.get("Subpath") else {}


def _request(request: Raw) -> Raw:
    count, ids = int(request.get("Count") or 0), request.get("DeviceIDs")
    capabilities = request.get("Capabilities") or []
    return {
        **({"driver": request["Driver"]} if request.get("Driver") else {}),
        **({"count": "all" if count == -1 else count} if count else {}),
        **({"device_ids": list(ids)} if ids else {}),
        "capabilities": list(capabilities[0]) if capabilities else [],
        **({"options": dict(request["Options"])} if request.get("Options") else {}),
    }
