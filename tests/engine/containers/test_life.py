"""Whole lives of containers on the real engine, through its API and the docker CLI."""

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.daemons import Daemon

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def nothing_left(engine: Daemon) -> Iterator[None]:
    yield
    engine.remove_all_containers()


def docker(engine: Daemon, *words: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["docker", "-H", engine.url, *words], input=stdin, capture_output=True, timeout=90, check=False
    )


def create(engine: Daemon, *command: str, name: str = "", **more: Any) -> str:
    query = f"?name={name}" if name else ""
    body = {"Image": "busybox", "Cmd": list(command), **more}
    return str(engine.json("POST", f"/containers/create{query}", body)["Id"])


def state(engine: Daemon, container: str) -> dict[str, Any]:
    found: dict[str, Any] = engine.json("GET", f"/containers/{container}/json")["State"]
    return found


def test_a_command_s_output_and_exit_code_come_back(engine: Daemon) -> None:
    run = docker(engine, "run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (run.stdout, run.stderr, run.returncode) == (b"out\n", b"err\n", 3)


def test_what_is_piped_in_comes_out_again_and_its_end_ends_the_container(engine: Daemon) -> None:
    text = b"".join(b"line %d\n" % number for number in range(20_000))
    assert docker(engine, "run", "--rm", "-i", "busybox", "cat", stdin=text).stdout == text


@pytest.mark.parametrize(("command", "code"), [("nope", 127), ("/etc", 126)])
def test_a_command_that_cannot_run_says_why_and_leaves_nothing(engine: Daemon, command: str, code: int) -> None:
    run = docker(engine, "run", "--rm", "busybox", command)
    assert run.returncode == code
    assert engine.json("GET", "/containers/json?all=1") == []


def test_a_container_that_could_not_start_keeps_the_reason(engine: Daemon) -> None:
    container = create(engine, "nope")
    status, _ = engine.api("POST", f"/containers/{container}/start")
    assert status == 400
    found = state(engine, container)
    assert (found["Status"], found["ExitCode"]) == ("created", 127)
    assert "executable file not found" in found["Error"]


def test_a_name_is_taken_once(engine: Daemon) -> None:
    first = create(engine, "true", name="taken")
    status, body = engine.api("POST", "/containers/create?name=taken", {"Image": "busybox"})
    assert status == 409
    assert f'already in use by container "{first}"'.encode() in body.replace(b"\\", b"")


def test_starting_twice_and_stopping_twice_change_nothing(engine: Daemon) -> None:
    container = create(engine, "sleep", "600")
    statuses = [engine.api("POST", f"/containers/{container}/{move}")[0] for move in ("start", "start")]
    statuses += [engine.api("POST", f"/containers/{container}/{move}")[0] for move in ("stop?t=0", "stop?t=0")]
    assert statuses == [204, 304, 204, 304]
    assert state(engine, container)["ExitCode"] == 137


def test_a_paused_container_takes_no_exec_and_goes_on_when_unpaused(engine: Daemon) -> None:
    container = create(engine, "sleep", "600")
    for move in ("start", "pause"):
        engine.api("POST", f"/containers/{container}/{move}")
    assert engine.api("POST", f"/containers/{container}/exec", {"Cmd": ["ls"]})[0] == 409
    assert engine.api("POST", f"/containers/{container}/unpause")[0] == 204
    assert docker(engine, "exec", container, "echo", "on").stdout == b"on\n"


def test_an_exec_s_exit_code_is_its_own(engine: Daemon) -> None:
    container = create(engine, "sleep", "600")
    engine.api("POST", f"/containers/{container}/start")
    assert docker(engine, "exec", container, "sh", "-c", "exit 5").returncode == 5
    assert docker(engine, "exec", container, "nope").returncode == 127
    assert docker(engine, "exec", "-i", container, "cat", stdin=b"in").stdout == b"in"


def test_logs_can_be_followed_to_the_end(engine: Daemon) -> None:
    container = create(engine, "sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.1; done")
    engine.api("POST", f"/containers/{container}/start")
    assert docker(engine, "logs", "-f", container).stdout == b"1\n2\n3\n"
    assert docker(engine, "logs", "--tail", "1", container).stdout == b"3\n"


def test_on_failure_tries_as_often_as_it_was_told(engine: Daemon) -> None:
    policy = {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2}}
    container = create(engine, "false", HostConfig=policy)
    engine.api("POST", f"/containers/{container}/start")
    while state(engine, container)["Status"] != "exited":
        engine.json("POST", f"/containers/{container}/wait?condition=not-running")
    assert engine.json("GET", f"/containers/{container}/json")["RestartCount"] == 2


def test_a_volume_is_filled_from_the_image_and_anonymous_ones_go_with_the_container(engine: Daemon) -> None:
    container = create(engine, "cat", "/www/index.html", Volumes={"/www": {}})
    name = engine.json("GET", f"/containers/{container}/json")["Mounts"][0]["Name"]
    assert docker(engine, "start", "-a", container).stdout == b"hello from quayside\n"
    engine.api("DELETE", f"/containers/{container}?v=1")
    assert engine.api("GET", f"/volumes/{name}")[0] == 404


def test_kill_9_of_the_daemon_stops_no_container_and_loses_no_line(engine: Daemon) -> None:
    runs = create(engine, "sh", "-c", "i=0; while true; do echo $i; i=$((i+1)); sleep 0.05; done")
    ends = create(engine, "sh", "-c", "sleep 0.3; exit 5")
    for container in (runs, ends):
        engine.api("POST", f"/containers/{container}/start")
    pid = state(engine, runs)["Pid"]
    engine.kill()
    engine.start_again()
    assert state(engine, runs)["Pid"] == pid
    assert engine.json("POST", f"/containers/{ends}/wait")["StatusCode"] == 5
    engine.api("POST", f"/containers/{runs}/stop?t=0")
    lines = docker(engine, "logs", runs).stdout.split()
    assert lines == [str(number).encode() for number in range(len(lines))]


def test_a_size_that_comes_before_the_exec_runs_is_not_lost(engine: Daemon) -> None:
    container = create(engine, "sleep", "600")
    engine.json("POST", f"/containers/{container}/start")
    body = {"Cmd": ["sh", "-c", "until stty size | grep -q 99; do sleep 0.02; done"], "Tty": True}
    exec_id = engine.json("POST", f"/containers/{container}/exec", body)["Id"]
    with ThreadPoolExecutor(1) as pool:
        resized = pool.submit(engine.api, "POST", f"/exec/{exec_id}/resize?h=33&w=99")
        assert engine.api("POST", f"/exec/{exec_id}/start", {"Detach": True, "Tty": True})[0] == 200
        assert resized.result()[0] == 200
    deadline = time.monotonic() + 90
    while engine.json("GET", f"/exec/{exec_id}/json")["Running"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
