"""What build_spec is asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from engine.selinux import Labels
from engine.spec.facts import HostFacts
from engine.spec.users import ProcessUser


class MountSpec(Struct, frozen=True):
    """A mount that the container was given: a volume, a bind mount, a tmpfs, or one of the network's files.

    `source` is a path of the host for a bind and ignored for a tmpfs. `options` are added as they are
    (`size=64m`, `nosuid`).
    """

    destination: str
    source: str = ""
    type: str = "bind"
    read_only: bool = False
    propagation: str = "rprivate"
    recursive: bool = True
    options: tuple[str, ...] = ()


class SpecRequest(Struct, frozen=True):
    """One container, with everything that only others could find out already found out.

    `args` is entrypoint and command joined; `env` holds `NAME=value`; `host_config` is the API's HostConfig.
    `netns` is the pinned network namespace, `userns` that of its users, None for the host's. `joined` names namespaces
    of another container by their path under /proc (`ipc`, `pid`, `uts`). `seccomp` is the OCI filter, None for
    unconfined; `init` is the host's tini or catatonit when the container wants one as its first process.
    `shared_memory` is the host's folder that becomes /dev/shm, for a container whose IPC namespace is shared: its own
    if it is the donor (IpcMode `shareable`), else the donor's (see Runtime.make_shared_memory); None gives it a
    private one. `labels` are those of SELinux.
    """

    container_id: str
    rootfs: Path
    args: Sequence[str]
    env: Sequence[str]
    user: ProcessUser
    host_config: Mapping[str, Any]
    cgroup_path: str
    facts: HostFacts
    hostname: str = ""
    domainname: str = ""
    cwd: str = "/"
    tty: bool = False
    mounts: tuple[MountSpec, ...] = ()
    netns: Path | None = None
    userns: Path | None = None
    joined: Mapping[str, Path] = field(default_factory=dict)
    seccomp: Mapping[str, Any] | None = None
    init: Path | None = None
    shared_memory: Path | None = None
    labels: Labels | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
