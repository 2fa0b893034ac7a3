"""Without a kernel that has AppArmor: what would be loaded, when, and what is said when it cannot be."""

from pathlib import Path

import pytest

from engine.apparmor import DEFAULT_PROFILE, load_default, profile_text


@pytest.fixture
def kernel(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "enabled").write_text("Y\n")
    (tmp_path / "profiles").write_text("other (enforce)\n")
    return {"enabled": tmp_path / "enabled", "profiles": tmp_path / "profiles"}


def _parser(folder: Path, script: str) -> str:
    path = folder / "apparmor_parser"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(folder)


def test_where_the_kernel_has_no_apparmor_nothing_is_loaded(kernel: dict[str, Path]) -> None:
    kernel["enabled"].write_text("N\n")
    assert load_default(**kernel) is None
    kernel["enabled"].unlink()
    assert load_default(**kernel) is None


def test_the_profile_is_given_to_the_parser(kernel: dict[str, Path], tmp_path: Path) -> None:
    search_path = _parser(tmp_path, f'echo "$@" > {tmp_path}/options; cat > {tmp_path}/taken')
    assert load_default(**kernel, search_path=search_path) == DEFAULT_PROFILE
    assert (tmp_path / "taken").read_text() == profile_text()
    assert "--replace" in (tmp_path / "options").read_text()


def test_one_that_is_there_is_left_alone(kernel: dict[str, Path], tmp_path: Path) -> None:
    kernel["profiles"].write_text("other (enforce)\ndocker-default (enforce)\n")
    assert load_default(**kernel, search_path=_parser(tmp_path, "exit 1")) == DEFAULT_PROFILE


@pytest.mark.parametrize(("script", "words"), [("echo odd rule >&2; exit 1", "odd rule"), (None, "install apparmor")])
def test_containers_go_without_and_the_log_says_why(
    kernel: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture, script: str | None, words: str
) -> None:
    search_path = _parser(tmp_path, script) if script else str(tmp_path)
    assert load_default(**kernel, search_path=search_path) is None
    assert words in caplog.text


@pytest.mark.parametrize(
    "rule",
    ["deny mount,", "deny @{PROC}/sysrq-trigger rwklx,", "signal (send, receive) peer=mine,", "profile mine flags="],
)
def test_the_profile_closes_what_the_machine_shares(rule: str) -> None:
    assert rule in profile_text("mine")
