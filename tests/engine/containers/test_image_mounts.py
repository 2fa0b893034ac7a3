"""Images that are mounted into containers of another image, on the real engine."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemons import Daemon
from tests.images import layer_tar, save_tar

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def data(engine: Daemon, tmp_path: Path) -> Iterator[None]:
    """An image `data` of two layers, with links that lead out of it."""
    layers = [
        layer_tar({"models/small.bin": b"old", "models/large.bin": b"large"}),
        layer_tar(
            {"models/small.bin": b"small"},
            {"inside": "/models", "outside": "../../../../../../etc", "models/up": "../.."},
        ),
    ]
    save_tar(tmp_path / "data.tar", tags=["data:latest"], layers=layers)
    engine.load(tmp_path / "data.tar")
    yield
    engine.remove_all_containers()
    engine.api("DELETE", "/images/data")


def create(engine: Daemon, *command: str, subpath: str = "", target: str = "/data") -> str:
    mount = {"Type": "image", "Source": "data", "Target": target, "ImageOptions": {"Subpath": subpath}}
    body = {"Image": "busybox", "Cmd": list(command), "HostConfig": {"Mounts": [mount]}}
    return str(engine.json("POST", "/containers/create", body)["Id"])


def output(engine: Daemon, container: str) -> str:
    engine.json("POST", f"/containers/{container}/start")
    engine.json("POST", f"/containers/{container}/wait")
    frames, found = engine.api("GET", f"/containers/{container}/logs?stdout=1&stderr=1")[1], b""
    while frames:
        end = 8 + int.from_bytes(frames[4:8], "big")
        found, frames = found + frames[8:end], frames[end:]
    return found.decode()


def mounts(container: str) -> list[str]:
    """What of the container's is mounted on the host."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line.split()[4] for line in lines if f"/writable/{container}" in line.split()[4]]


def test_the_files_are_seen_and_nobody_can_change_them(engine: Daemon) -> None:
    script = "cat /data/models/small.bin /data/models/large.bin; echo; touch /data/new 2>&1"
    assert output(engine, create(engine, "sh", "-c", script)) == "smalllarge\ntouch: /data/new: Read-only file system\n"


def test_inspect_shows_the_mount(engine: Daemon) -> None:
    container = create(engine, "sleep", "600")
    (mount,) = engine.json("GET", f"/containers/{container}/json")["Mounts"]
    assert mount["Type"] == "image"
    assert mount["Destination"] == "/data"
    assert mount["Name"].startswith(f"{container}-")
    assert mount["Name"] in mount["Source"]
    assert mount["RW"] is False


@pytest.mark.parametrize(
    ("subpath", "command", "expected"),
    [
        ("models", "ls /data", "large.bin\nsmall.bin\nup\n"),
        ("models/small.bin", "cat /data", "small"),
        ("inside/small.bin", "cat /data", "small"),
        ("models/up/models", "ls /data", "large.bin\nsmall.bin\nup\n"),
    ],
)
def test_a_part_of_the_image_is_mounted_alone(engine: Daemon, subpath: str, command: str, expected: str) -> None:
    assert output(engine, create(engine, "sh", "-c", command, subpath=subpath)) == expected


@pytest.mark.parametrize("subpath", ["not/there", "outside/passwd", "models/up/etc/passwd"])
def test_what_is_not_in_the_image_cannot_be_mounted(engine: Daemon, subpath: str) -> None:
    container = create(engine, "true", subpath=subpath)
    status, answer = engine.api("POST", f"/containers/{container}/start")
    assert status == 400
    assert f"cannot access path {subpath} in the image".encode() in answer
    assert mounts(container) == []


def test_an_image_that_is_not_there_makes_no_container(engine: Daemon) -> None:
    mount = {"Type": "image", "Source": "nothing-like-it", "Target": "/data"}
    body = {"Image": "busybox", "HostConfig": {"Mounts": [mount]}}
    before = engine.json("GET", "/containers/json?all=1")
    status, answer = engine.api("POST", "/containers/create", body)
    assert (status, b"No such image: nothing-like-it:latest" in answer) == (404, True)
    assert engine.json("GET", "/containers/json?all=1") == before


def test_an_image_that_is_mounted_stays(engine: Daemon) -> None:
    container = create(engine, "sleep", "600")
    status, answer = engine.api("DELETE", "/images/data")
    assert (status, container[:12].encode() in answer) == (409, True)
    engine.json("POST", f"/containers/{container}/start")
    assert engine.api("DELETE", "/images/" + engine.json("GET", "/images/data/json")["Id"] + "?force=1")[0] == 409
    engine.json("POST", '/images/prune?filters={"dangling":["false"]}')
    assert engine.api("GET", "/images/data/json")[0] == 200
    engine.api("DELETE", f"/containers/{container}?force=1")
    assert engine.api("DELETE", "/images/data")[0] == 200


def test_after_a_forced_removal_of_its_name_the_container_can_be_started(engine: Daemon) -> None:
    container = create(engine, "cat", "/data/models/small.bin")
    assert engine.api("DELETE", "/images/data?force=1")[0] == 200
    assert output(engine, container) == "small"


def test_kill_9_of_the_daemon_leaves_it_mounted_and_the_end_unmounts_it(engine: Daemon) -> None:
    container = create(engine, "sleep", "600")
    engine.json("POST", f"/containers/{container}/start")
    assert len(mounts(container)) == 2
    engine.kill()
    engine.start_again()
    assert len(mounts(container)) == 2
    command = {"Cmd": ["grep", "-q", "small", "/data/models/small.bin"]}
    exec_id = engine.json("POST", f"/containers/{container}/exec", command)["Id"]
    engine.api("POST", f"/exec/{exec_id}/start", {"Detach": False})
    assert engine.json("GET", f"/exec/{exec_id}/json")["ExitCode"] == 0
    engine.json("POST", f"/containers/{container}/stop?t=0")
    assert mounts(container) == []
    engine.json("POST", f"/containers/{container}/start")
    assert len(mounts(container)) == 2
    layers = Path(engine.json("GET", f"/containers/{container}/json")["Mounts"][0]["Source"]).parent.parent
    engine.json("DELETE", f"/containers/{container}?force=1")
    assert not list(layers.glob(f"{container}*"))


def test_the_archive_of_a_container_that_does_not_run_has_it(engine: Daemon) -> None:
    container = create(engine, "true", subpath="models")
    status, packed = engine.api("GET", f"/containers/{container}/archive?path=/data/small.bin")
    assert status == 200
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        member: Any = tar.extractfile("small.bin")
        assert member.read() == b"small"
    assert mounts(container) == []
    assert engine.api("PUT", f"/containers/{container}/archive?path=/data", packed)[0] == 403
