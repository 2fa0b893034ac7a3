"""Docker-format seccomp profiles: where the default one is, and what it comes to for given capabilities.

A profile says more than a filter: its rules may depend on architecture, capabilities and kernel version. The engine
brings no profile of its own and never runs a container unfiltered unless it was asked to.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from engine.errors import InvalidArgument, Unavailable

# The first that exists: the administrator's, then those of the distributions' containers-common packages.
_DEFAULT_PLACES = (Path("/etc/containers/seccomp.json"), Path("/usr/share/containers/seccomp.json"))

# Go's name of the architecture, as profiles use it in `arches`, and libseccomp's.
_ARCHITECTURES = {
    "x86_64": ("amd64", "SCMP_ARCH_X86_64"),
    "aarch64": ("arm64", "SCMP_ARCH_AARCH64"),
    "armv7l": ("arm", "SCMP_ARCH_ARM"),
    "i686": ("x86", "SCMP_ARCH_X86"),
    "ppc64le": ("ppc64le", "SCMP_ARCH_PPC64LE"),
    "riscv64": ("riscv64", "SCMP_ARCH_RISCV64"),
    "s390x": ("s390x", "SCMP_ARCH_S390X"),
}


class SeccompProfiles:
    """The default profile, read once from `places`, and those that containers bring along."""

    def __init__(self, places: Sequence[Path] = _DEFAULT_PLACES) -> None:
        self._places = places
        self._default: Mapping[str, Any] | None = None
        self._resolved: dict[frozenset[str], dict[str, Any]] = {}

    @property
    def source(self) -> Path | None:
        """The file that the default comes from, None when there is none."""
        return next((place for place in self._places if place.is_file()), None)

    def resolve(
        self, security_opt: Sequence[str], capabilities: frozenset[str], *, privileged: bool = False
    ) -> dict[str, Any] | None:
        """The OCI `linux.seccomp` for a container with these capabilities; None when it is to run unconfined.

        `seccomp=` in `security_opt` holds `unconfined`, `builtin` or the JSON of a profile (the CLI sends the contents
        of the file). Raises InvalidArgument for a profile that cannot be read and Unavailable when the default one is
        not installed. The same dict is returned for the same question: do not change it.
        """
        wanted = _option(security_opt)
        if wanted == "unconfined" or (privileged and wanted is None):
            return None
        if wanted not in (None, "builtin"):
            return resolve_profile(_parse(str(wanted), "of the container"), capabilities)
        if capabilities not in self._resolved:
            self._resolved[capabilities] = resolve_profile(self._load_default(), capabilities)
        return self._resolved[capabilities]

    def _load_default(self) -> Mapping[str, Any]:
        if self._default is None:
            place = self.source
            if place is None:
                raise Unavailable(
                    "no seccomp profile is installed, and without one containers would run unfiltered: install the "
                    "package golang-github-containers-common (Debian, Ubuntu) or containers-common (Fedora, Alpine, "
                    "Arch), or run this container with --security-opt seccomp=unconfined"
                )
            self._default = _parse(place.read_text(encoding="utf-8"), str(place))
        return self._default


def resolve_profile(
    profile: Mapping[str, Any],
    capabilities: frozenset[str],
    *,
    machine: str | None = None,
    kernel: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """The rules of `profile` that hold for these capabilities on this machine and kernel, in OCI's form.

    Raises InvalidArgument for a rule without names or action, and for an architecture that is not known.
    """
    machine = machine or platform.machine()
    kernel = kernel or _kernel_version()
    if machine not in _ARCHITECTURES:
        raise InvalidArgument(f"seccomp: the architecture {machine} is not known; run with seccomp=unconfined")
    go_name, own = _ARCHITECTURES[machine]
    filter_: dict[str, Any] = {
        "defaultAction": profile["defaultAction"],
        "architectures": _architectures(profile, own),
        "syscalls": [
            _rule(rule) for rule in profile.get("syscalls") or () if _applies(rule, go_name, capabilities, kernel)
        ],
    }
    for key in ("defaultErrnoRet", "flags", "listenerPath", "listenerMetadata"):
        if profile.get(key) is not None:
            filter_[key] = profile[key]
    return filter_


def _architectures(profile: Mapping[str, Any], own: str) -> list[str]:
    for entry in profile.get("archMap") or ():
        if entry["architecture"] == own:
            return [own, *(entry.get("subArchitectures") or ())]
    return list(profile.get("architectures") or [own])


def _applies(rule: Mapping[str, Any], go_name: str, capabilities: frozenset[str], kernel: tuple[int, int]) -> bool:
    """All of `includes` must hold and none of `excludes`; of its capabilities all must be held, or one excludes."""
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    if includes.get("arches") and go_name not in includes["arches"]:
        return False
    if not capabilities.issuperset(includes.get("caps") or ()):
        return False
    if includes.get("minKernel") and kernel < _version(includes["minKernel"]):
        return False
    if go_name in (excludes.get("arches") or ()) or capabilities.intersection(excludes.get("caps") or ()):
        return False
    return not (excludes.get("minKernel") and kernel >= _version(excludes["minKernel"]))


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    names = rule.get("names") or ([rule["name"]] if rule.get("name") else [])
    if not names or "action" not in rule:
        raise InvalidArgument(f"invalid seccomp profile: a rule needs names and an action, found {dict(rule)}")
    document: dict[str, Any] = {"names": list(names), "action": rule["action"]}
    if rule.get("args"):
        document["args"] = [dict(arg) for arg in rule["args"]]
    if rule.get("errnoRet") is not None:
        document["errnoRet"] = rule["errnoRet"]
    return document


def _option(security_opt: Sequence[str]) -> str | None:
    """The value of `seccomp=...` (or the old `seccomp:...`); the last one counts."""
    wanted = None
    for option in security_opt:
        for separator in ("=", ":"):
            name, found, value = option.partition(separator)
            if found and name == "seccomp":
                wanted = value
                break
    return wanted


def _parse(text: str, origin: str) -> Mapping[str, Any]:
    try:
        profile = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidArgument(f"opening seccomp profile ({origin}) failed: it is not JSON: {error}") from error
    if not isinstance(profile, dict) or "defaultAction" not in profile:
        raise InvalidArgument(f"opening seccomp profile ({origin}) failed: it has no defaultAction")
    return profile


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor.split(".")[0] or 0)


def _kernel_version() -> tuple[int, int]:
    return _version(os.uname().release.split("-")[0])
