"""What people who do not rule a host may ask of it: an allow-list that whoever rules it widens, rule by rule.

With nothing said nothing reaches the host: no folders, no devices, no namespaces, no privileges.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, Final

NAMESPACES: Final = ("network", "pid", "ipc", "uts", "user", "cgroup")
# For whom the run form makes a container unless somebody chooses otherwise.
MADE_FOR: Final = ("me", "team", "public")


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one host; every list is of what may be, and an empty one of `images` means any image.

    `bind_roots`: folders of the host that may be mounted with all that is below. `sysctls` and `images` hold patterns
    ("net.ipv4.*", "ghcr.io/shop/*"). `joins_containers`: namespaces and volumes of other containers that they may
    change. `made_for` allows nothing: it is what the run form begins with.
    """

    bind_roots: tuple[str, ...] = ()
    is_privileged_allowed: bool = False
    capabilities: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    host_namespaces: tuple[str, ...] = ()
    joins_containers: bool = False
    security_options: tuple[str, ...] = ()
    sysctls: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    cgroup_parents: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    made_for: str = "me"
    # Not stored: whether the host's daemon runs on this machine, so that links can be followed as it follows them.
    is_here: bool = False

    def as_json(self) -> dict[str, Any]:
        stored = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        del stored["is_here"]
        return stored

    def allows_image(self, repository: str) -> bool:
        """`repository` as Docker's lists write it, without tag: "nginx" is docker.io/library/nginx."""
        if not self.images:
            return True
        names = {repository, _whole_name(repository)}
        return any(fnmatchcase(name, pattern) for pattern in self.images for name in names)


def rules_of_json(stored: Mapping[str, Any]) -> Rules:
    """What stands in the database; what is not known there, or is of another kind, allows nothing."""
    known: dict[str, Any] = {}
    for one in fields(Rules):
        value = stored.get(one.name) if one.name != "is_here" else None
        if isinstance(one.default, bool):
            known[one.name] = value is True
        elif isinstance(one.default, str):
            known[one.name] = value if value in MADE_FOR else one.default
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            known[one.name] = tuple(value)
    return Rules(**known)


def _whole_name(repository: str) -> str:
    first, slash, _rest = repository.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return repository
    return f"docker.io/{repository}" if slash else f"docker.io/library/{repository}"


_CAPABILITY: Final = re.compile(r"(?:ALL|[A-Z][A-Z_0-9]{2,40})")
_SYSCTL: Final = re.compile(r"[a-z0-9_*?.\-/]{3,120}")
_WORD: Final = re.compile(r"[!-~]{1,200}")


def canonical_folder(path: str) -> str:
    """What is wrong with a path as a root for bind mounts, or ""."""
    if not path.startswith("/") or "\0" in path:
        return f"{path} does not begin with a slash"
    if path == "/":
        return "/ is the whole host; who may have that rules it"
    if any(part in {"", ".", ".."} for part in path.split("/")[1:]):
        return f"{path} is not written the shortest way"
    return ""


def wrong_in(name: str, values: Iterable[str]) -> str:
    """What is wrong with the lines of one rule, for a person; "" for nothing."""
    for value in values:
        if name in {"bind_roots", "devices"}:
            if words := canonical_folder(value):
                return words
            if name == "devices" and not value.startswith("/dev/"):
                return f"{value} is no device: they are below /dev"
        elif not {"capabilities": _CAPABILITY, "sysctls": _SYSCTL}.get(name, _WORD).fullmatch(value):
            return f"{value!r} cannot be a line here"
    return ""
