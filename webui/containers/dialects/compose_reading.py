"""One service of a compose file, read into the create body that Compose would make of it.

Short and long ways of writing are both read. What belongs to the whole file or to Compose itself (building, order,
secrets, the service's siblings) cannot be done for one container: it is named in the warnings.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from webui.containers.dialects import DialectError, Raw, Wanted, compose_storage, devices, networks, ports, values
from webui.containers.dialects import compose_values as shapes
from webui.containers.dialects.yaml_text import load_yaml

_BELONGS_TO_COMPOSE: Final[Mapping[str, str]] = {
    "build": "it is built by Compose; here it needs an image that is there or can be pulled",
    "depends_on": "the order of services is for a stack",
    "env_file": "it is a file on the machine where Compose runs; paste its lines as variables",
    "label_file": "it is a file on the machine where Compose runs",
    "extends": "another service or file is not at hand here",
    "secrets": "secrets belong to the whole file", "configs": "configs belong to the whole file",
    "profiles": "it is for a stack", "scale": "here is one container", "develop": "it is for Compose",
    "post_start": "Compose runs it, not the host", "pre_stop": "Compose runs it, not the host",
    "attach": "it is about what Compose shows", "provider": "Compose runs it, not the host",
    "models": "they belong to the whole file", "use_api_socket": "it hands on credentials of Compose's machine",
    "cpu_count": "it is only for Windows hosts", "cpu_percent": "it is only for Windows hosts",
    "credential_spec": "it is only for Windows hosts",
}  # fmt: skip


def service_names(pasted: str) -> list[str]:
    """The services of a file, [""] for one service by itself. Raises DialectError."""
    return list(_services(load_yaml(pasted))[0])


def parse_service(pasted: str, name: str = "") -> Wanted:
    """Read one service of a file, or one by itself. Raises DialectError; also where there are several to choose."""
    services, whole = _services(load_yaml(pasted))
    if not name and len(services) > 1:
        raise DialectError(f"There are {len(services)} services: {', '.join(services)}. Which one?")
    name = name or next(iter(services))
    if name not in services:
        raise DialectError(f"There is no service {name}; there are {', '.join(services)}.")
    return _Service(name, shapes.mapping(services[name], f"The service {name}"), whole).wanted()


def _services(found: Any) -> tuple[Raw, Raw]:
    whole = shapes.mapping(found, "A compose file")
    if "services" in whole:
        services = shapes.mapping(whole["services"], "services")
        if not services:
            raise DialectError("There is no service in it.")
        return services, whole
    if "image" in whole or "build" in whole:
        return {"": whole}, {}
    # A service with its name but without the line `services:` above it.
    inner = {key: one for key, one in whole.items() if isinstance(one, dict) and ("image" in one or "build" in one)}
    if inner and len(inner) == len(whole):
        return inner, {}
    raise DialectError("That is no compose service: neither services: nor image: is in it.")


class _Service:
    def __init__(self, name: str, raw: Raw, whole: Raw) -> None:
        self._missing: list[str] = []
        self._name = name
        self._raw = {key: shapes.filled_in(one, self._missing) for key, one in raw.items() if not key.startswith("x-")}
        self._whole = whole
        self._host: Raw = {}
        self._body: Raw = {}
        self._warnings: list[str] = []
        self._asked: tuple[str, ...] = ()

    def wanted(self) -> Wanted:
        raw = self._raw
        if not raw.get("image"):
            raise DialectError("The service names no image, only what to build: build it first, then name it here.")
        self._body["Image"] = image = shapes.text(raw["image"], "image")
        for key, value in raw.items():
            if value is not None and key != "image":
                self._put(key, value)
        self._close()
        self._warnings += [f"${name} has no value here: it is left empty." for name in self._missing]
        pull = str(raw.get("pull_policy") or "missing")
        return Wanted(
            image=image, name=str(raw.get("container_name") or self._name), body=self._body,
            platform=str(raw.get("platform") or ""), pull={"if_not_present": "missing"}.get(pull, pull)
            if pull in {"missing", "if_not_present", "always", "never"} else "missing",
            asked_variables=self._asked, warnings=tuple(self._warnings),
        )  # fmt: skip

    def _put(self, key: str, value: Any) -> None:
        if key in {"container_name", "platform", "pull_policy"}:
            return
        if key in _CONFIG:
            field, read = _CONFIG[key]
            self._body[field] = read(value, key)
        elif key in _HOST:
            field, read = _HOST[key]
            self._host[field] = read(value, key)
        elif key in _OWN:
            _OWN[key](self, value)
        elif key in _BELONGS_TO_COMPOSE:
            self._warnings.append(f"{key} is left out: {_BELONGS_TO_COMPOSE[key]}.")
        else:
            self._warnings.append(f"{key} is left out: it is not known here.")

    def _close(self) -> None:
        if bindings := self._host.get("PortBindings"):
            self._body.setdefault("ExposedPorts", {}).update({key: {} for key in bindings})
        if self._host:
            self._body["HostConfig"] = self._host

    # Each of these reads one key whose value does not simply fill one field.

    def environment(self, value: Any) -> None:
        given = shapes.pairs(value, "environment")
        self._asked = tuple(name for name, one in given.items() if one is None)
        self._body["Env"] = [f"{name}={one}" for name, one in given.items() if one is not None]
        self._warnings += [f"{name} takes its value from where Compose runs: give it here." for name in self._asked]

    def ports(self, value: Any) -> None:
        bindings: ports.Bindings = {}
        for one in value if isinstance(value, list) else [value]:
            for key, binding in _published(one):
                bindings.setdefault(key, []).append(binding)
        self._host["PortBindings"] = bindings

    def expose(self, value: Any) -> None:
        keys = [
            key for spec in shapes.texts(value, "expose") for key in shapes.named(ports.read_exposed, spec, "expose")
        ]
        self._body.setdefault("ExposedPorts", {}).update({key: {} for key in keys})

    def volumes(self, value: Any) -> None:
        found = compose_storage.read_volumes(value, shapes.mapping(self._whole.get("volumes"), "volumes"))
        self._warnings += found.warnings
        if found.binds:
            self._host["Binds"] = found.binds
        if found.mounts:
            self._host["Mounts"] = found.mounts
        if found.nameless:
            self._body["Volumes"] = {target: {} for target in found.nameless}

    def tmpfs(self, value: Any) -> None:
        self._host["Tmpfs"] = {path: options for path, _, options in (one.partition(":") for one in
                                                                       shapes.texts(value, "tmpfs"))}  # fmt: skip

    def networks(self, value: Any) -> None:
        held = value if isinstance(value, dict) else dict.fromkeys(shapes.texts(value, "networks"))
        declared = shapes.mapping(self._whole.get("networks"), "networks")
        endpoints: dict[str, Raw] = {}
        for key, settings in held.items():
            real, words = compose_storage.real_name("network", str(key), declared)
            self._warnings += words
            endpoints[real] = _endpoint(shapes.mapping(settings, f"networks {key}"))
        if endpoints:
            self._host["NetworkMode"] = next(iter(endpoints))
            self._body["NetworkingConfig"] = {"EndpointsConfig": endpoints}

    def mode(self, field: str, value: Any) -> None:
        mode = shapes.text(value, field)
        if mode.startswith("service:"):
            self._warnings.append(f"{mode} is left out: the container of that service is not at hand here.")
        else:
            self._host[field] = mode

    def restart(self, value: Any) -> None:
        self._host["RestartPolicy"] = shapes.named(values.read_restart, value, "restart")

    def health(self, value: Any) -> None:
        check = shapes.mapping(value, "healthcheck")
        if "disable" in check and shapes.switch(check["disable"], "healthcheck disable"):
            self._body["Healthcheck"] = {"Test": ["NONE"]}
            return
        health: Raw = {}
        if (test := check.get("test")) is not None:
            is_list = isinstance(test, list)
            health["Test"] = shapes.texts(test, "healthcheck test") if is_list else ["CMD-SHELL", str(test)]
            if is_list and health["Test"][:1] not in (["NONE"], ["CMD"], ["CMD-SHELL"]):
                raise DialectError("healthcheck test: a list begins with CMD, CMD-SHELL or NONE.")
        for key, field in (("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod"),
                           ("start_interval", "StartInterval")):  # fmt: skip
            if check.get(key) is not None:
                health[field] = shapes.duration(check[key], f"healthcheck {key}")
        if check.get("retries") is not None:
            health["Retries"] = shapes.number(check["retries"], "healthcheck retries")
        self._body["Healthcheck"] = health

    def grace(self, value: Any) -> None:
        self._body["StopTimeout"] = shapes.duration(value, "stop_grace_period") // 1_000_000_000

    def mac(self, value: Any) -> None:
        networks.put_endpoint(self._body, "mac-address", shapes.text(value, "mac_address"))

    def logging(self, value: Any) -> None:
        log = shapes.mapping(value, "logging")
        options = {key: one or "" for key, one in shapes.pairs(log.get("options") or {}, "logging options").items()}
        self._host["LogConfig"] = {
            **({"Type": str(log["driver"])} if log.get("driver") else {}), **({"Config": options} if options else {}),
        }  # fmt: skip

    def ulimits(self, value: Any) -> None:
        self._host["Ulimits"] = [_ulimit(name, one) for name, one in shapes.mapping(value, "ulimits").items()]

    def blkio(self, value: Any) -> None:
        settings = shapes.mapping(value, "blkio_config")
        if settings.get("weight") is not None:
            self._host["BlkioWeight"] = shapes.number(settings["weight"], "blkio_config weight")
        for key, field, word, read in _BLKIO:
            if settings.get(key):
                self._host[field] = [
                    {"Path": str(one.get("path", "")), word: read(one.get(word.lower()), f"blkio_config {key}")}
                    for one in (shapes.mapping(each, f"blkio_config {key}") for each in settings[key])
                ]

    def device(self, value: Any) -> None:
        named = [one if isinstance(one, dict) else str(one) for one in value if one]
        by_interface = [one for one in named if isinstance(one, str) and devices.is_cdi(one)]
        self._host["Devices"] = [_device(one) for one in named if one not in by_interface]
        if by_interface:
            self._requests([{"Driver": "cdi", "DeviceIDs": by_interface}])

    def gpus(self, value: Any) -> None:
        if value == "all":
            self._requests([{"Count": -1, "Capabilities": [["gpu"]]}])
        else:
            self._requests([_request(one, "gpus") for one in value])

    def _requests(self, requests: list[Raw]) -> None:
        self._host.setdefault("DeviceRequests", []).extend(requests)

    def deploy(self, value: Any) -> None:
        settings = shapes.mapping(value, "deploy")
        resources = shapes.mapping(settings.pop("resources", None), "deploy resources")
        limits = shapes.mapping(resources.get("limits"), "deploy limits")
        reserved = shapes.mapping(resources.get("reservations"), "deploy reservations")
        for held, key, field, read in (
            (limits, "cpus", "NanoCpus", shapes.cpus), (limits, "memory", "Memory", shapes.size),
            (limits, "pids", "PidsLimit", shapes.number), (reserved, "memory", "MemoryReservation", shapes.size),
        ):  # fmt: skip
            if held.get(key) is not None:
                self._host[field] = read(held[key], f"deploy {key}")
        if reserved.get("devices"):
            self._requests([_request(one, "deploy devices") for one in reserved["devices"]])
        if reserved.get("cpus") is not None:
            self._warnings.append("deploy reservations cpus is left out: only a swarm reserves CPUs.")
        if policy := shapes.mapping(settings.pop("restart_policy", None), "deploy restart_policy"):
            condition = {"none": "no", "any": "always"}.get(str(policy.get("condition") or "any"), "on-failure")
            tries = policy.get("max_attempts") if condition == "on-failure" else None
            self.restart(f"{condition}:{tries}" if tries else condition)
        self._warnings += [f"deploy {key} is left out: it is for a swarm or a stack." for key in settings]


def _published(value: Any) -> list[tuple[str, dict[str, str]]]:
    if not isinstance(value, dict):
        return list(shapes.named(lambda spec: list(ports.read_port(spec)), value, "ports"))
    spec = f"{shapes.text(value.get('target', ''), 'ports target')}/{value.get('protocol') or 'tcp'}"
    published = str(value.get("published") or "")
    if address := str(value.get("host_ip") or ""):
        spec = f"{f'[{address}]' if ':' in address else address}:{published}:{spec}"
    elif published:
        spec = f"{published}:{spec}"
    return list(shapes.named(lambda one: list(ports.read_port(one)), spec, "ports"))


def _endpoint(settings: Raw) -> Raw:
    endpoint: Raw = {}
    words = {"ipv4_address": "ip", "ipv6_address": "ip6", "mac_address": "mac-address", "gw_priority": "gw-priority"}
    for key, word in words.items():
        if settings.get(key):
            networks.put_endpoint(endpoint, word, str(settings[key]))
    for alias in settings.get("aliases") or []:
        networks.put_endpoint(endpoint, "alias", str(alias))
    for address in settings.get("link_local_ips") or []:
        networks.put_endpoint(endpoint, "link-local-ip", str(address))
    for name, option in shapes.mapping(settings.get("driver_opts"), "driver_opts").items():
        networks.put_endpoint(endpoint, "driver-opt", f"{name}={option}")
    return endpoint


def _ulimit(name: str, value: Any) -> Raw:
    if isinstance(value, dict):
        soft, hard = (shapes.number(value.get(key, 0), f"ulimits {name} {key}") for key in ("soft", "hard"))
        return values.checked_ulimit(name, soft, hard)
    limit = shapes.number(value, f"ulimits {name}")
    return values.checked_ulimit(name, limit, limit)


def _device(value: Any) -> Raw:
    if not isinstance(value, dict):
        found: Raw = shapes.named(devices.read_device, value, "devices")
        return found
    source = str(value.get("source") or "")
    return {"PathOnHost": source, "PathInContainer": str(value.get("target") or source),
            "CgroupPermissions": str(value.get("permissions") or "rwm")}  # fmt: skip


def _request(value: Any, what: str) -> Raw:
    asked = shapes.mapping(value, what)
    ids = [str(one) for one in asked.get("device_ids") or []]
    count = asked.get("count", None if ids else "all")
    further = [str(one) for one in asked.get("capabilities") or []]
    request: Raw = {"Capabilities": [further if "gpu" in further or what != "gpus" else [*further, "gpu"]]}
    if asked.get("driver"):
        request["Driver"] = str(asked["driver"])
    if ids:
        request["DeviceIDs"] = ids
    if count is not None:
        request["Count"] = -1 if count == "all" else shapes.number(count, f"{what} count")
    if options := shapes.pairs(asked.get("options") or {}, f"{what} options"):
        request["Options"] = {key: one or "" for key, one in options.items()}
    return request


def _filled(value: Any, what: str) -> dict[str, str]:
    return {key: one or "" for key, one in shapes.pairs(value, what).items()}


def _hosts(value: Any, what: str) -> list[str]:
    if isinstance(value, dict):
        value = [
            f"{name}={one}" for name, held in value.items() for one in (held if isinstance(held, list) else [held])
        ]
    return [shapes.named(networks.read_host, one, what) for one in shapes.texts(value, what)]


def _from_containers(value: Any, what: str) -> list[str]:
    return [one.removeprefix("container:") for one in shapes.texts(value, what)]


Read = Callable[[Any, str], Any]
_CONFIG: Final[Mapping[str, tuple[str, Read]]] = {
    "command": ("Cmd", shapes.command), "entrypoint": ("Entrypoint", shapes.command), "labels": ("Labels", _filled),
    "user": ("User", shapes.text), "working_dir": ("WorkingDir", shapes.text), "hostname": ("Hostname", shapes.text),
    "domainname": ("Domainname", shapes.text), "stop_signal": ("StopSignal", shapes.text),
    "tty": ("Tty", shapes.switch), "stdin_open": ("OpenStdin", shapes.switch),
}  # fmt: skip
_HOST: Final[Mapping[str, tuple[str, Read]]] = {
    "annotations": ("Annotations", _filled), "cap_add": ("CapAdd", shapes.texts), "cap_drop": ("CapDrop", shapes.texts),
    "cgroup": ("CgroupnsMode", shapes.text), "cgroup_parent": ("CgroupParent", shapes.text),
    "cpu_period": ("CpuPeriod", shapes.number), "cpu_quota": ("CpuQuota", shapes.number),
    "cpu_rt_period": ("CpuRealtimePeriod", shapes.number), "cpu_rt_runtime": ("CpuRealtimeRuntime", shapes.number),
    "cpu_shares": ("CpuShares", shapes.number), "cpus": ("NanoCpus", shapes.cpus),
    "cpuset": ("CpusetCpus", shapes.text), "device_cgroup_rules": ("DeviceCgroupRules", shapes.texts),
    "dns": ("Dns", shapes.texts), "dns_opt": ("DnsOptions", shapes.texts), "dns_search": ("DnsSearch", shapes.texts),
    "extra_hosts": ("ExtraHosts", _hosts), "group_add": ("GroupAdd", shapes.texts), "init": ("Init", shapes.switch),
    "isolation": ("Isolation", shapes.text), "external_links": ("Links", shapes.texts),
    "links": ("Links", shapes.texts), "mem_limit": ("Memory", shapes.size),
    "mem_reservation": ("MemoryReservation", shapes.size), "mem_swappiness": ("MemorySwappiness", shapes.number),
    "memswap_limit": ("MemorySwap", shapes.size), "oom_kill_disable": ("OomKillDisable", shapes.switch),
    "oom_score_adj": ("OomScoreAdj", shapes.number), "pids_limit": ("PidsLimit", shapes.number),
    "privileged": ("Privileged", shapes.switch), "read_only": ("ReadonlyRootfs", shapes.switch),
    "runtime": ("Runtime", shapes.text), "security_opt": ("SecurityOpt", shapes.texts),
    "shm_size": ("ShmSize", shapes.size), "storage_opt": ("StorageOpt", _filled), "sysctls": ("Sysctls", _filled),
    "userns_mode": ("UsernsMode", shapes.text), "uts": ("UTSMode", shapes.text),
    "volumes_from": ("VolumesFrom", _from_containers),
}  # fmt: skip
_OWN: Final[Mapping[str, Callable[[_Service, Any], None]]] = {
    "environment": _Service.environment, "ports": _Service.ports, "expose": _Service.expose,
    "volumes": _Service.volumes, "tmpfs": _Service.tmpfs, "networks": _Service.networks,
    "network_mode": lambda service, value: service.mode("NetworkMode", value),
    "pid": lambda service, value: service.mode("PidMode", value),
    "ipc": lambda service, value: service.mode("IpcMode", value), "restart": _Service.restart,
    "healthcheck": _Service.health, "stop_grace_period": _Service.grace, "mac_address": _Service.mac,
    "logging": _Service.logging, "ulimits": _Service.ulimits, "blkio_config": _Service.blkio,
    "devices": _Service.device, "gpus": _Service.gpus, "deploy": _Service.deploy,
}  # fmt: skip
_BLKIO: Final[tuple[tuple[str, str, str, Read], ...]] = (
    ("weight_device", "BlkioWeightDevice", "Weight", shapes.number),
    ("device_read_bps", "BlkioDeviceReadBps", "Rate", shapes.size),
    ("device_write_bps", "BlkioDeviceWriteBps", "Rate", shapes.size),
    ("device_read_iops", "BlkioDeviceReadIOps", "Rate", shapes.number),
    ("device_write_iops", "BlkioDeviceWriteIOps", "Rate", shapes.number),
)
