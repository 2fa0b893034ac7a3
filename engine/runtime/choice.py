"""Which OCI runtime this engine runs containers with, and how."""

from pathlib import Path

from msgspec import Struct


class RuntimeChoice(Struct, frozen=True):
    """`reason` is for people (GET /info).

    `has_private_mounts`: started in a mount namespace without the version 2 hierarchy of a hybrid host.
    `takes_compiled_seccomp`: accepts a filter that is already compiled, in an annotation.
    """

    name: str
    path: Path
    version: str
    conmon: Path
    conmon_version: str = "unknown"
    reason: str = ""
    has_private_mounts: bool = False
    takes_compiled_seccomp: bool = False

    @property
    def is_crun(self) -> bool:
        return self.name == "crun"
