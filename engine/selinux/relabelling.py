"""The host's side of SELinux: what its policy says, and the labels of files. Blocks."""

import os
import re
from pathlib import Path

from engine.errors import EngineError
from engine.selinux.labels import Contexts

_KERNEL = Path("/sys/fs/selinux")
_CONFIG = Path("/etc/selinux")
_XATTR = "security.selinux"
# Whoever relabels these makes the host unusable.
_NEVER = frozenset(map(Path, ("/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/run", "/sys")))
_NEVER_EITHER = frozenset(map(Path, ("/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/lib64", "/usr/sbin", "/var")))  # noqa: S108 - names, not uses


def read_contexts(*, kernel: Path = _KERNEL, config: Path = _CONFIG) -> Contexts | None:
    """None where the kernel has no SELinux, or its policy says nothing of containers."""
    if not (kernel / "enforce").exists():
        return None
    try:
        policy = re.search(r"(?m)^SELINUXTYPE=(\w+)", (config / "config").read_text(encoding="utf-8"))
        text = (config / (policy[1] if policy else "targeted") / "contexts/lxc_contexts").read_text(encoding="utf-8")
    except OSError:
        return None
    found = dict(re.findall(r'(?m)^(\w+)\s*=\s*"([^"]+)"', text))
    return Contexts(found["process"], found["file"]) if {"process", "file"} <= found.keys() else None


def relabel(path: Path, label: str) -> None:
    """Give `path` and all below it the label. Raises EngineError, also for a folder that all of the host lives in."""
    real = path.resolve()
    if real in _NEVER | _NEVER_EITHER:
        raise EngineError(f"SELinux relabeling of {path} is not allowed")
    try:
        _set(real, label)
        if real.is_dir():
            for folder, names, files in os.walk(real):
                for name in (*names, *files):
                    _set(Path(folder) / name, label)
    except OSError as error:
        raise EngineError(f"failed to set file label on {path}: {error.strerror}") from error


def _set(path: Path, label: str) -> None:
    os.setxattr(path, _XATTR, label.encode() + b"\0", follow_symlinks=False)
