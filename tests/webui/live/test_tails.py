from typing import Any

import pytest

from webui.live.tails import LastLines, can_tail


def podman(version: str) -> dict[str, Any]:
    return {"Version": version, "Components": [{"Name": "Podman Engine", "Version": version}]}


def with_driver(name: str) -> dict[str, Any]:
    return {"HostConfig": {"LogConfig": {"Type": name}}}


@pytest.mark.parametrize(("version", "driver", "can"), [
    (podman("4.3.1"), "json-file", False), (podman("4.6.2"), "k8s-file", False), (podman("unheard of"), "", False),
    (podman("4.7.0"), "json-file", True), (podman("5.4.2-dev"), "json-file", True), (podman("10.0.0"), "", True),
    (podman("4.3.1"), "journald", True),
    ({"Version": "20.10.24", "Components": [{"Name": "Engine"}]}, "json-file", True), ({}, "json-file", True),
])  # fmt: skip
def test_only_an_old_podman_cannot_be_asked_for_the_last_lines_of_a_file(
    version: dict[str, Any], driver: str, *, can: bool
) -> None:
    assert can_tail(version, with_driver(driver)) is can
    assert can_tail(version, {"HostConfig": {"LogConfig": None}}) is (can if driver != "journald" else False)


def test_the_last_lines_are_kept_within_both_bounds() -> None:
    last = LastLines(3, 10)
    last.add(["a", "b", "c"])
    assert not last.has_dropped
    last.add(["d"])
    assert (list(last.lines), last.has_dropped) == (["b", "c", "d"], True)
    last.add(["x" * 50])
    assert list(last.lines) == ["x" * 50]
    last.add(["y"])
    assert list(last.lines) == ["y"]
