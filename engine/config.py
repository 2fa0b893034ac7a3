"""The engine's settings, fixed for the life of the process."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

API_VERSION = "1.51"
MIN_API_VERSION = "1.24"
ENGINE_VERSION = "1.0.0"
DEFAULT_CDI_FOLDERS = (Path("/etc/cdi"), Path("/var/run/cdi"))


@dataclass(frozen=True, slots=True)
class AddressPool:
    """A range that networks without a subnet of their own are cut from, `size` bits of prefix each."""

    base: str
    size: int


@dataclass(frozen=True, slots=True)
class TlsFiles:
    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """What `quayside engine` was started with.

    `root` outlives a reboot (images, containers, volumes); `exec_root` need not (sockets, runtime state, namespaces).
    """

    root: Path
    exec_root: Path
    pidfile: Path | None = None
    hosts: tuple[str, ...] = ()
    tls: TlsFiles | None = None
    storage_driver: str | None = None
    runtime: str | None = None
    registry_mirrors: tuple[str, ...] = ()
    insecure_registries: tuple[str, ...] = ()
    bip: str | None = None
    default_address_pools: tuple[AddressPool, ...] = ()
    cgroup_parent: str = "/quayside"
    cdi_folders: tuple[Path, ...] = DEFAULT_CDI_FOLDERS
    log_level: str = "info"

    @property
    def instance(self) -> str:
        """Six hex digits that mark this daemon's kernel objects; several engines share one machine."""
        return hashlib.sha256(str(self.root.absolute()).encode()).hexdigest()[:6]
