"""What this machine allows, read once."""

import os
import resource
import shutil
from pathlib import Path

from msgspec import Struct

from engine import apparmor
from engine.selinux import Contexts, read_contexts
from engine.spec.capabilities import names_of

_INIT_PROGRAMS = ("docker-init", "tini-static", "tini", "catatonit")


class HostFacts(Struct, frozen=True):
    """`capabilities` is the bounding set: a container can be given none beyond it, whatever it asks for.

    `cgroup_v2` is true on the unified hierarchy only; a hybrid host counts as v1. `default_apparmor_profile` is what a
    container gets that asks for none.
    """

    cgroup_v2: bool
    capabilities: frozenset[str]
    nofile_limit: int
    has_apparmor: bool = False
    default_apparmor_profile: str | None = None
    online_cpus: int = 1
    has_swap_limit: bool = True
    has_message_queues: bool = True
    selinux: Contexts | None = None

    @classmethod
    def read(cls, *, with_selinux: bool = False) -> "HostFacts":
        """Look at this machine. Cheap, blocking."""
        return cls(
            cgroup_v2=Path("/sys/fs/cgroup/cgroup.controllers").exists(),
            capabilities=names_of(_bounding_mask()),
            nofile_limit=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
            has_apparmor=apparmor.is_enabled(),
            default_apparmor_profile=apparmor.DEFAULT_PROFILE if apparmor.is_loaded(apparmor.DEFAULT_PROFILE) else None,
            online_cpus=os.cpu_count() or 1,
            has_swap_limit=_swap_can_be_limited(),
            has_message_queues=Path("/dev/mqueue").is_dir(),
            selinux=read_contexts() if with_selinux else None,
        )


def find_init() -> Path | None:
    """The host's minimal init for `--init`, None when no such package is installed."""
    for name in _INIT_PROGRAMS:
        if found := shutil.which(name, path="/usr/libexec/podman:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"):
            return Path(found)
    return None


def _bounding_mask() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("CapBnd:"):
            return int(line.split()[1], 16)
    return 0


def _swap_can_be_limited() -> bool:
    """Kernels may be built, or started (swapaccount=0), without it. On version 2 the root group has no such file."""
    v1 = Path("/sys/fs/cgroup/memory")
    if v1.is_dir():
        return (v1 / "memory.memsw.limit_in_bytes").exists()
    return next(Path("/sys/fs/cgroup").glob("*/memory.swap.max"), None) is not None
