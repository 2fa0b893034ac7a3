"""The engine's settings, fixed for the life of the process."""

import hashlib
from pathlib import Path

from msgspec import Struct

API_VERSION = "1.51"
MIN_API_VERSION = "1.24"
ENGINE_VERSION = "1.0.0"
_NOBODY = 65534
DEFAULT_CDI_FOLDERS = (Path("/etc/cdi"), Path("/var/run/cdi"))


class AddressPool(Struct, frozen=True):
    """A range that networks without a subnet of their own are cut from, `size` bits of prefix each."""

    base: str
    size: int


class IdMap(Struct, frozen=True):
    """Users and groups 0 to `size` of a container are these of the host, `uid_start` and `gid_start` upwards."""

    uid_start: int
    gid_start: int
    size: int

    def to_host(self, uid: int, gid: int) -> tuple[int, int]:
        """Who this is on the host. An id beyond the map is nobody's: the last one of the map."""
        return self.uid_start + min(uid, self.size - 1), self.gid_start + min(gid, self.size - 1)

    def to_container(self, uid: int, gid: int) -> tuple[int, int]:
        """Who this is in the container; ids of the host that are not mapped are nobody there."""
        uid, gid = uid - self.uid_start, gid - self.gid_start
        return (uid if 0 <= uid < self.size else _NOBODY), (gid if 0 <= gid < self.size else _NOBODY)


class TlsFiles(Struct, frozen=True):
    ca: Path
    certificate: Path
    key: Path


class EngineConfig(Struct, frozen=True):
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
    id_map: IdMap | None = None
    has_selinux: bool = False
    cdi_folders: tuple[Path, ...] = DEFAULT_CDI_FOLDERS
    log_level: str = "info"

    @property
    def instance(self) -> str:
        """Six hex digits that mark this daemon's kernel objects; several engines share one machine."""
        return hashlib.sha256(str(self.root.absolute()).encode()).hexdigest()[:6]
