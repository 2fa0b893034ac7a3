"""Which control-group hierarchies this machine has, and where a group's folders are (cgroups(7))."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from engine.config import EngineConfig
from engine.errors import InvalidArgument
from engine.linux.mounts import MountPoint, mountpoints

_ROOT = Path("/sys/fs/cgroup")


class CgroupMode(StrEnum):
    """`hybrid` is version 1 with a version 2 hierarchy beside it that controls nothing, or next to nothing."""

    V1 = "v1"
    HYBRID = "hybrid"
    V2 = "v2"


class Hierarchies(Struct, frozen=True):
    """`controllers` maps each controller of version 1 (`memory`, `name=systemd`) to its mount.

    `unified` is the mount of version 2; on a pure version 2 host `controllers` is empty.
    """

    mode: CgroupMode
    controllers: Mapping[str, Path]
    unified: Path | None

    @classmethod
    def read(cls) -> "Hierarchies":
        """What is mounted at and below /sys/fs/cgroup now."""
        return cls.of(mountpoints(below=_ROOT))

    @classmethod
    def of(cls, points: list[MountPoint]) -> "Hierarchies":
        """The same from mount points that are already read."""
        controllers: dict[str, Path] = {}
        unified: Path | None = None
        for point in points:
            if point.fstype == "cgroup2":
                unified = point.path
            elif point.fstype == "cgroup":
                for name in _controllers_of(point):
                    controllers.setdefault(name, point.path)
        if not controllers:
            return cls(CgroupMode.V2, {}, unified or _ROOT)
        return cls(CgroupMode.V1 if unified is None else CgroupMode.HYBRID, controllers, unified)

    def folder(self, controller: str, cgroup_path: str) -> Path:
        """Where `cgroup_path` ("/quayside/...") is for this controller, whether or not it exists.

        Raises LookupError when this machine has no such controller.
        """
        if self.mode is CgroupMode.V2 and self.unified is not None:
            return self.unified / cgroup_path.lstrip("/")
        if controller not in self.controllers:
            raise LookupError(f"this machine has no {controller} cgroup controller")
        return self.controllers[controller] / cgroup_path.lstrip("/")

    def folders(self, cgroup_path: str) -> list[Path]:
        """The group's folder in every hierarchy, each once."""
        roots = list(dict.fromkeys(self.controllers.values()))
        if self.unified is not None:
            roots.append(self.unified)
        return [root / cgroup_path.lstrip("/") for root in roots]


def container_cgroup_path(config: EngineConfig, container_id: str, parent: str = "") -> str:
    """The group of a container: below `parent` (HostConfig.CgroupParent) or else below this engine's own group.

    Raises InvalidArgument for a parent that leads out of the hierarchy.
    """
    if ".." in parent.split("/"):
        raise InvalidArgument(f'invalid cgroup parent "{parent}": it must not contain ".."')
    if parent.strip("/"):
        return f"/{parent.strip('/')}/{container_id}"
    return f"{engine_cgroup_path(config)}/{container_id}"


def engine_cgroup_path(config: EngineConfig) -> str:
    """The group that holds all of this engine's; several engines share the configured parent."""
    return f"/{config.cgroup_parent.strip('/')}/{config.instance}"


def _controllers_of(point: MountPoint) -> list[str]:
    options = [
        option for option in point.super_options if option not in ("rw", "ro", "none", "xattr", "clone_children")
    ]
    return [option for option in options if not option.startswith("release_agent=")]
