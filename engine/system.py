"""What the daemon says of itself and of the host: /version, /info, /system/df.

Reads the host once where it does not change; counts come from the rooms.
"""

import os
import platform
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from engine.config import API_VERSION, ENGINE_VERSION, MIN_API_VERSION, EngineConfig

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "ppc64le": "ppc64le", "s390x": "s390x"}
_LOCAL_LOG_DRIVERS = ["journald", "json-file", "local", "none", "syslog"]


class Containers(Protocol):
    def counts(self) -> Mapping[str, int]: ...
    async def disk_usage(self) -> list[dict[str, Any]]: ...


class Images(Protocol):
    def count(self) -> int: ...
    async def disk_usage(self) -> tuple[int, list[dict[str, Any]]]: ...


class Layers(Protocol):
    @property
    def driver_name(self) -> str: ...
    @property
    def driver_status(self) -> list[list[str]]: ...


class Volumes(Protocol):
    async def disk_usage(self) -> list[dict[str, Any]]: ...


class Runtime(Protocol):
    """The OCI runtime in use, and why it was chosen."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def version(self) -> str: ...
    @property
    def reason(self) -> str: ...


class Parts(Struct, frozen=True):
    """The rooms that are counted, and what else /info tells. `cgroup_mode` is v1, v2 or hybrid."""

    containers: Containers
    images: Images
    layers: Layers
    volumes: Volumes
    runtime: Runtime
    cgroup_mode: str
    has_apparmor: bool
    has_selinux: bool
    conmon_version: str
    listener_count: Callable[[], int]
    check_credentials: Callable[[Mapping[str, Any]], Awaitable[str]]


class System:
    def __init__(self, config: EngineConfig, parts: Parts) -> None:
        self._config = config
        self._parts = parts
        self._started_at = datetime.now(UTC)
        self._operating_system = _os_release().get("PRETTY_NAME", "Linux")

    def version(self) -> dict[str, Any]:
        kernel, architecture = platform.release(), _architecture()
        runtime = self._parts.runtime
        details = {
            "ApiVersion": API_VERSION,
            "Arch": architecture,
            "Experimental": "false",
            "KernelVersion": kernel,
            "MinAPIVersion": MIN_API_VERSION,
            "Os": "linux",
        }
        return {
            "Platform": {"Name": "Quayside Engine"},
            "Components": [
                {"Name": "Engine", "Version": ENGINE_VERSION, "Details": details},
                {"Name": runtime.name, "Version": runtime.version, "Details": {"Path": str(runtime.path)}},
                {"Name": "conmon", "Version": self._parts.conmon_version, "Details": {}},
            ],
            "Version": ENGINE_VERSION,
            "ApiVersion": API_VERSION,
            "MinAPIVersion": MIN_API_VERSION,
            "GitCommit": "",
            "GoVersion": f"python{platform.python_version()}",
            "Os": "linux",
            "Arch": architecture,
            "KernelVersion": kernel,
        }

    async def info(self) -> dict[str, Any]:
        parts, counts = self._parts, self._parts.containers.counts()
        return {
            "ID": _engine_id(self._config.root),
            "Containers": counts["total"],
            "ContainersRunning": counts["running"],
            "ContainersPaused": counts["paused"],
            "ContainersStopped": counts["stopped"],
            "Images": parts.images.count(),
            "Driver": parts.layers.driver_name,
            "DriverStatus": parts.layers.driver_status,
            "Plugins": {
                "Volume": ["local"],
                "Network": ["bridge", "host", "null"],
                "Authorization": None,
                "Log": _LOCAL_LOG_DRIVERS,
            },
            **self._host(),
            **self._runtime(),
            "NEventsListener": parts.listener_count(),
            "SystemTime": _rfc3339(datetime.now(UTC)),
            "LoggingDriver": "json-file",
            "DockerRootDir": str(self._config.root),
            "RegistryConfig": _registry_config(self._config),
            "Swarm": _INACTIVE_SWARM,
            "LiveRestoreEnabled": True,
            "CDISpecDirs": [str(folder) for folder in self._config.cdi_folders],
            "Isolation": "",
            "InitBinary": "",
            "SecurityOptions": _security_options(parts, is_remapped=self._config.id_map is not None),
            "ServerVersion": ENGINE_VERSION,
            "Debug": self._config.log_level == "debug",
            "ExperimentalBuild": False,
            "IndexServerAddress": "https://index.docker.io/v1/",
            "HttpProxy": os.environ.get("HTTP_PROXY", ""),
            "HttpsProxy": os.environ.get("HTTPS_PROXY", ""),
            "NoProxy": os.environ.get("NO_PROXY", ""),
            "Labels": [],
            "GenericResources": None,
            "DefaultAddressPools": [
                {"Base": pool.base, "Size": pool.size} for pool in self._config.default_address_pools
            ],
            "ClusterStore": "",
            "ClusterAdvertise": "",
            "ProductLicense": "",
            "Warnings": None,
        }

    def _host(self) -> dict[str, Any]:
        return {
            "Name": platform.node(),
            "OperatingSystem": self._operating_system,
            "OSVersion": _os_release().get("VERSION_ID", ""),
            "OSType": "linux",
            "Architecture": platform.machine(),
            "KernelVersion": platform.release(),
            "NCPU": len(os.sched_getaffinity(0)),
            "MemTotal": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "MemoryLimit": True,
            "SwapLimit": True,
            "CpuCfsPeriod": True,
            "CpuCfsQuota": True,
            "CPUShares": True,
            "CPUSet": True,
            "PidsLimit": True,
            "OomKillDisable": self._parts.cgroup_mode != "v2",
            "IPv4Forwarding": Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "1",
            "BridgeNfIptables": False,
            "BridgeNfIp6tables": False,
            "NFd": sum(1 for _ in Path("/proc/self/fd").iterdir()),
            "NGoroutines": 0,
        }

    def _runtime(self) -> dict[str, Any]:
        runtime = self._parts.runtime
        return {
            "CgroupDriver": "cgroupfs",
            "CgroupVersion": "2" if self._parts.cgroup_mode == "v2" else "1",
            "DefaultRuntime": runtime.name,
            "Runtimes": {runtime.name: {"path": str(runtime.path), "status": {"quayside.reason": runtime.reason}}},
            "RuncCommit": {"ID": runtime.version, "Expected": runtime.version},
            "ContainerdCommit": {
                "ID": f"conmon {self._parts.conmon_version}",
                "Expected": f"conmon {self._parts.conmon_version}",
            },
            "InitCommit": {"ID": "", "Expected": ""},
        }

    async def disk_usage(self, types: frozenset[str]) -> dict[str, Any]:
        """The answer of /system/df; without types, all of them."""
        parts = self._parts
        answer: dict[str, Any] = {"BuilderSize": 0}
        if not types or "image" in types:
            answer["LayersSize"], answer["Images"] = await parts.images.disk_usage()
        if not types or "container" in types:
            answer["Containers"] = await parts.containers.disk_usage()
        if not types or "volume" in types:
            answer["Volumes"] = await parts.volumes.disk_usage()
        if not types or "build-cache" in types:
            answer["BuildCache"] = []
        return answer

    async def check_credentials(self, credentials: dict[str, Any]) -> str:
        return await self._parts.check_credentials(credentials)


_INACTIVE_SWARM = {
    "NodeID": "",
    "NodeAddr": "",
    "LocalNodeState": "inactive",
    "ControlAvailable": False,
    "Error": "",
    "RemoteManagers": None,
}


def _architecture() -> str:
    return _ARCHITECTURES.get(platform.machine(), platform.machine())


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _engine_id(root: Path) -> str:
    """An id that stays with the data: made once, kept beside it."""
    path = root / "engine-id"
    if not path.exists():
        path.write_text(str(uuid.uuid4()))
    return path.read_text().strip()


def _rfc3339(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time.time_ns() % 1_000_000_000:09d}Z"


def _security_options(parts: "Parts", *, is_remapped: bool) -> list[str]:
    options = ["name=apparmor"] if parts.has_apparmor else []
    options += ["name=selinux"] if parts.has_selinux else []
    options += ["name=seccomp,profile=builtin", *(["name=userns"] if is_remapped else [])]
    return [*options, "name=cgroupns"] if parts.cgroup_mode == "v2" else options


def _registry_config(config: EngineConfig) -> dict[str, Any]:
    insecure = ["127.0.0.0/8", *(name for name in config.insecure_registries if "/" in name)]
    indexes = {
        "docker.io": {"Name": "docker.io", "Mirrors": list(config.registry_mirrors), "Secure": True, "Official": True}
    }
    for name in config.insecure_registries:
        if "/" not in name:
            indexes[name] = {"Name": name, "Mirrors": [], "Secure": False, "Official": False}
    return {"InsecureRegistryCIDRs": insecure, "IndexConfigs": indexes, "Mirrors": list(config.registry_mirrors)}
