"""Profiles of Docker's format, resolved."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidArgument, Unavailable
from engine.seccomp import SeccompProfiles, resolve_profile
from engine.spec.capabilities import DEFAULT_CAPABILITIES

_ALLOW = "SCMP_ACT_ALLOW"


def profile(*rules: dict[str, Any]) -> dict[str, Any]:
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 38,
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]}],
        "syscalls": [{"action": _ALLOW} | rule for rule in rules],
    }


def allowed(rule: dict[str, Any], *, capabilities: frozenset[str] = frozenset()) -> bool:
    return bool(
        resolve_profile(profile({"names": ["x"]} | rule), capabilities, machine="x86_64", kernel=(5, 10))["syscalls"]
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, True),
        ({"includes": {"arches": ["amd64", "x32"]}}, True),
        ({"includes": {"arches": ["s390x"]}}, False),
        ({"excludes": {"arches": ["amd64"]}}, False),
        ({"includes": {"caps": ["CAP_SYS_ADMIN"]}}, True),
        ({"includes": {"caps": ["CAP_SYS_TIME"]}}, False),
        ({"excludes": {"caps": ["CAP_SYS_ADMIN"]}}, False),
        ({"excludes": {"caps": ["CAP_SYS_TIME"]}}, True),
        ({"includes": {"minKernel": "4.8"}}, True),
        ({"includes": {"minKernel": "5.11"}}, False),
        ({"excludes": {"minKernel": "4.8"}}, False),
    ],
)
def test_a_rule_holds_when_its_conditions_do(rule: dict[str, Any], expected: bool) -> None:
    assert allowed(rule, capabilities=frozenset({"CAP_SYS_ADMIN"})) is expected


def test_the_filter_is_in_the_runtimes_form() -> None:
    arg = {"index": 0, "value": 8, "valueTwo": 0, "op": "SCMP_CMP_EQ"}
    rule = {"names": ["personality"], "args": [arg], "includes": {}, "comment": "", "errnoRet": 1}
    resolved = resolve_profile(profile(rule), frozenset(), machine="x86_64", kernel=(5, 10))
    assert resolved == {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 38,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"names": ["personality"], "action": _ALLOW, "args": [arg], "errnoRet": 1}],
    }


def test_without_an_installed_profile_nothing_runs_by_default(tmp_path: Path) -> None:
    profiles = SeccompProfiles([tmp_path / "none.json"])
    with pytest.raises(Unavailable, match="golang-github-containers-common"):
        profiles.resolve([], DEFAULT_CAPABILITIES)
    assert profiles.resolve(["seccomp=unconfined"], DEFAULT_CAPABILITIES) is None
    assert profiles.resolve([], DEFAULT_CAPABILITIES, privileged=True) is None


def test_the_administrators_profile_comes_before_the_distributions(tmp_path: Path) -> None:
    first, second = tmp_path / "etc.json", tmp_path / "usr.json"
    second.write_text(json.dumps(profile({"names": ["second"]})))
    assert SeccompProfiles([first, second]).source == second
    first.write_text(json.dumps(profile({"names": ["first"]})))
    resolved = SeccompProfiles([first, second]).resolve(["seccomp=builtin"], frozenset())
    assert resolved is not None
    assert resolved["syscalls"][0]["names"] == ["first"]


def test_a_container_can_bring_its_own_profile(tmp_path: Path) -> None:
    text = json.dumps(profile({"names": ["mine"]}))
    resolved = SeccompProfiles([tmp_path / "none"]).resolve([f"seccomp={text}"], frozenset(), privileged=True)
    assert resolved is not None
    assert resolved["syscalls"][0]["names"] == ["mine"]


@pytest.mark.parametrize("text", ["nonsense", "{}", "[]"])
def test_a_profile_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="opening seccomp profile"):
        SeccompProfiles([]).resolve([f"seccomp={text}"], frozenset())


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="vax"):
        resolve_profile(profile(), frozenset(), machine="vax")
