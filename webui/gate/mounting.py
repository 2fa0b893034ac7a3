"""What may be mounted into a container: volumes by their names, memory, and folders of the host that its rules name."""

import os
import re
from collections.abc import Mapping
from typing import Any, Final

from webui.gate.checks import Check, anything, fields, only
from webui.ownership.rules import Rules, canonical_folder

VOLUME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_BIND_MODES: Final = {"", "ro", "rw", "z", "Z", "nocopy"}
_FOLDER_MODES: Final = {"", "ro", "rw"}
_TMPFS_FLAGS: Final = {"", "rw", "ro", "exec", "noexec", "nosuid", "nodev"}
_TMPFS_VALUES: Final = {"size", "mode", "uid", "gid", "nr_inodes"}


def bind(rules: Rules) -> Check:
    """`/inside`, `volume:/inside`, `volume:/inside:ro`, or `/allowed/folder:/inside`."""

    def check(value: Any) -> str | None:
        parts = value.split(":") if isinstance(value, str) else []
        if not 1 <= len(parts) <= 3:
            return f"{value!r} is no mount"
        modes = set(parts[2].split(",")) if len(parts) == 3 else set()
        if len(parts) > 1 and not VOLUME.fullmatch(parts[0]):
            wrong = folder(rules, parts[0])
            return wrong or (None if modes <= _FOLDER_MODES else f"{value!r}: of a folder's options only ro and rw are")
        return None if modes <= _BIND_MODES else f"{value!r}: of the options only ro, rw, z, Z and nocopy are for you"

    return check


def folder(rules: Rules, path: Any) -> str | None:
    """A folder of the host. Links are followed where the host is this machine; elsewhere nobody can tell what a path
    below a root leads to, so that only the roots themselves are.
    """
    if not isinstance(path, str) or not rules.bind_roots:
        wrong = f"{path!r} is no volume by its name; folders of the host are not for you"
    else:
        wrong = canonical_folder(path) or _outside(rules, path)
    return f"rule bind mounts: {wrong}" if wrong else None


def _outside(rules: Rules, path: str) -> str:
    roots = ", ".join(rules.bind_roots)
    if not any(_is_below(path, root) for root in rules.bind_roots):
        return f"{path} is outside of {roots}"
    if not rules.is_here:
        is_root = path in rules.bind_roots
        return "" if is_root else f"what {path} leads to cannot be seen from here; only {roots} itself may be"
    real = os.path.realpath(path)
    is_inside = any(_is_below(real, os.path.realpath(root)) for root in rules.bind_roots)
    return "" if is_inside else f"{path} leads to {real}, outside of {roots}"


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")


def anonymous_volumes(value: Any) -> str | None:
    # Podman takes "/etc:/inside" for a bind mount here.
    if not value:
        return None
    if not isinstance(value, Mapping) or any(":" in path for path in value):
        return "only paths in the container may stand there"
    return None


def volume_name(value: Any) -> str | None:
    if not value or (isinstance(value, str) and VOLUME.fullmatch(value)):
        return None
    return f"{value!r} is no volume by its name; folders of the host are not for you"


_VOLUME_OPTIONS: Final = fields(
    {"NoCopy": anything, "Labels": anything, "Subpath": anything, "DriverConfig": fields({"Name": only("local")})}
)
_SHARED: Final[Mapping[str, Check]] = {"Target": anything, "ReadOnly": anything, "Consistency": anything}


def mount(rules: Rules) -> Check:
    kinds: Mapping[str, Check] = {
        "volume": fields({**_SHARED, "Type": only("volume"), "Source": volume_name, "VolumeOptions": _VOLUME_OPTIONS}),
        "tmpfs": fields(
            {**_SHARED, "Type": only("tmpfs"), "TmpfsOptions": fields({"SizeBytes": anything, "Mode": anything})}
        ),
        "bind": fields(
            {
                **_SHARED,
                "Type": only("bind"),
                "Source": lambda path: folder(rules, path),
                "BindOptions": fields(
                    {"Propagation": only("private", "rprivate"), "NonRecursive": anything, "CreateMountpoint": anything}
                ),
            }
        ),
    }

    def check(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return "it must be an object"
        found = [kind for name, kind in value.items() if name.casefold() == "type"]
        if len(found) != 1 or not isinstance(found[0], str) or found[0] not in kinds:
            return f"Type: only volume, tmpfs and bind are, not {found[0] if found else 'none'!r}"
        if found[0] == "bind" and not any(name.casefold() == "source" for name in value):
            return "Source: a folder must be named"
        return kinds[found[0]](value)

    return check


def tmpfs(value: Any) -> str | None:
    if not value:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(options, str) for options in value.values()):
        return "it must hold paths and their options"
    for option in ",".join(value.values()).split(","):
        if option not in _TMPFS_FLAGS and option.partition("=")[0] not in _TMPFS_VALUES:
            return f"the option {option!r} is not for you"
    return None
