"""The /dev/shm of containers that let others share it: a tmpfs of the host, one per donor."""

from pathlib import Path

from engine.linux import mounts
from engine.linux.mounts import MountFlag


class SharedMemory:
    """The mounts below `root`, one folder per container. What is mounted is asked of the kernel each time."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, container_id: str) -> Path | None:
        """The folder of a container that shares its memory, None for one that does not."""
        folder = self.root / container_id
        return folder if folder.is_dir() else None

    def mount(self, container_id: str, size_bytes: int, label: str = "") -> Path:
        """Mount it unless it is, with the SELinux label; blocking."""
        folder = self.root / container_id
        folder.mkdir(parents=True, exist_ok=True)
        if not mounts.is_mountpoint(folder):
            flags = MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC
            context = f',context="{label}"' if label else ""
            mounts.mount("shm", folder, "tmpfs", flags, f"mode=1777,size={size_bytes}{context}")
        return folder

    def remove(self, container_id: str) -> None:
        """Unmount it; a container that shares nothing is fine."""
        folder = self.root / container_id
        if folder.is_dir():
            # Lazily: those who joined go on using it.
            mounts.unmount(folder, lazy=True)
            folder.rmdir()
