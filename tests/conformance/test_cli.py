"""What people type: the docker CLI on our engine, in the versions that this machine has."""

import contextlib
import json
import os
import pty
import select
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.conftest import DockerCli
from tests.daemons import Registry
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.beside]


def test_run_prints_the_output_and_passes_the_exit_code_on(docker: DockerCli) -> None:
    outcome = docker("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (outcome.code, outcome.out, outcome.err) == (3, "out\n", "err\n")
    assert docker.ok("ps", "-aq") == ""


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["no-such-program"], 127, "executable file not found"),
        (["/etc"], 126, "permission denied"),
        (["sh", "-c", "sleep 9 & kill -9 $!; wait $!"], 137, ""),
    ],
)
def test_exit_codes_tell_what_went_wrong(docker: DockerCli, command: list[str], code: int, words: str) -> None:
    outcome = docker("run", "--rm", "busybox", *command)
    assert outcome.code == code
    assert words in outcome.err


def test_standard_input_reaches_the_container_and_its_end_as_well(docker: DockerCli) -> None:
    assert (
        docker.ok("run", "-i", "--rm", "busybox", "sh", "-c", "cat; echo done", stdin=b"one\ntwo\n") == "one\ntwo\ndone"
    )


@pytest.mark.parametrize("options", [("-v", "{}:/etc/one:ro"), ("--mount", "type=bind,src={},dst=/etc/one,readonly")])
def test_a_single_file_is_bound_read_only(docker: DockerCli, tmp_path: Path, options: tuple[str, str]) -> None:
    file = tmp_path / "one"
    file.write_text("of the host")
    script = "cat /etc/one; echo mine > /etc/one || echo ', no'"
    flags = [one.format(file) for one in options]
    outcome = docker("run", "--rm", "--read-only", *flags, "busybox", "sh", "-c", script)
    assert (outcome.code, outcome.out) == (0, "of the host, no\n"), outcome
    assert file.read_text() == "of the host"


def test_a_published_port_answers_on_loopback_and_is_shown(docker: DockerCli) -> None:
    docker.ok("run", "-d", "--name", "web", "-p", "127.0.0.1::80", "busybox", "httpd", "-f", "-h", "/www")
    address = docker.ok("port", "web", "80/tcp").splitlines()[0]
    assert _fetch(f"http://{address}/index.html") == b"hello from quayside\n"
    assert f"{address}->80/tcp" in docker.ok("ps")


def test_a_port_that_is_taken_is_refused_and_leaves_no_half_started_container(docker: DockerCli) -> None:
    docker.ok("run", "-d", "--name", "first", "-p", "127.0.0.1:18931:80", "busybox", "sleep", "600")
    outcome = docker("run", "-d", "--name", "second", "-p", "127.0.0.1:18931:80", "busybox", "sleep", "600")
    assert outcome.code == 125
    assert "port is already allocated" in outcome.err
    assert docker.ok("inspect", "-f", "{{.State.Status}}", "second") == "created"


def test_a_taken_name_is_a_conflict_in_dockerds_words(docker: DockerCli) -> None:
    docker.ok("create", "--name", "web", "busybox")
    outcome = docker("create", "--name", "web", "busybox")
    assert outcome.code != 0
    assert 'The container name "/web" is already in use by container' in outcome.err


def test_a_name_with_a_slash_is_refused(docker: DockerCli) -> None:
    outcome = docker("create", "--name", "a/b", "busybox")
    assert outcome.code != 0
    assert "Invalid container name (a/b)" in outcome.err


def test_an_image_that_is_nowhere_is_an_error_with_its_name(docker: DockerCli, registry: Registry) -> None:
    outcome = docker("run", "--rm", f"{registry.address}/nothing:here")
    assert outcome.code == 125
    assert "nothing" in outcome.err
    assert docker.ok("ps", "-aq") == ""


def test_logs_can_be_cut_and_followed(docker: DockerCli) -> None:
    docker.ok("run", "-d", "--name", "talk", "busybox", "sh", "-c", "for i in 1 2 3; do echo line $i; done; sleep 600")
    assert _eventually(lambda: docker.ok("logs", "talk") == "line 1\nline 2\nline 3")
    assert docker.ok("logs", "--tail", "1", "talk") == "line 3"
    follower = docker.start("logs", "-f", "talk", stdout=-1)
    docker.ok("stop", "-t", "0", "talk")
    out, _ = follower.communicate(timeout=90)
    assert out == b"line 1\nline 2\nline 3\n"


def test_exec_runs_inside_and_returns_the_code(docker: DockerCli) -> None:
    docker.ok("run", "-d", "--name", "box", "-e", "A=1", "busybox", "sleep", "600")
    assert docker.ok("exec", "box", "sh", "-c", "echo $A; hostname") == "1\n" + docker.ok(
        "inspect", "-f", "{{.Config.Hostname}}", "box"
    )
    assert docker("exec", "box", "sh", "-c", "exit 7").code == 7
    assert docker.ok("exec", "-i", "box", "cat", stdin=b"through") == "through"


def test_an_interactive_terminal_has_a_size_and_obeys(docker: DockerCli) -> None:
    docker.ok("run", "-d", "--name", "box", "busybox", "sleep", "600")
    with _terminal(docker, "exec", "-it", "box", "sh") as terminal:
        # The older CLI sends the size only after the start: the shell may be there first.
        os.write(terminal, b"until stty size | grep 99; do sleep 0.05; done; echo $((40 + 2))\n")
        assert b"33 99" in _read_until(terminal, b"42\r")
        os.write(terminal, b"exit 5\n")


def test_stop_kill_pause_restart_and_remove_do_what_they_say(docker: DockerCli) -> None:
    docker.ok("run", "-d", "--name", "box", "busybox", "sleep", "600")
    state = ["inspect", "-f", "{{.State.Status}}"]
    docker.ok("pause", "box")
    assert docker.ok(*state, "box") == "paused"
    docker.ok("unpause", "box")
    docker.ok("restart", "-t", "0", "box")
    assert docker.ok(*state, "box") == "running"
    docker.ok("kill", "-s", "KILL", "box")
    assert docker.ok("wait", "box") == "137"
    assert docker("rm", "nothing").code != 0
    docker.ok("start", "box")
    assert "container is running" in docker("rm", "box").err.lower() or docker.ok("ps", "-q")
    docker.ok("rm", "-f", "box")
    assert docker.ok("ps", "-aq") == ""


def test_stats_shows_the_container(docker: DockerCli) -> None:
    docker.ok("run", "-d", "--name", "box", "-m", "64m", "busybox", "sleep", "600")
    assert "64MiB" in docker.ok("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}", "box")


def test_a_volume_outlives_its_container(docker: DockerCli) -> None:
    docker.ok("run", "--rm", "-v", "keep:/data", "busybox", "sh", "-c", "echo kept > /data/file")
    assert docker.ok("run", "--rm", "-v", "keep:/data:ro", "busybox", "cat", "/data/file") == "kept"
    docker.ok("volume", "rm", "keep")
    assert docker("volume", "inspect", "keep").code != 0


def test_containers_on_a_network_of_their_own_find_each_other_by_name(docker: DockerCli) -> None:
    docker.ok("network", "create", "inner")
    try:
        docker.ok("run", "-d", "--name", "web", "--network", "inner", "busybox", "httpd", "-f", "-h", "/www")
        fetch = ["run", "--rm", "--network", "inner", "busybox", "timeout", "90", "wget", "-qO-", "http://web/"]
        assert docker.ok(*fetch) == "hello from quayside"
    finally:
        docker("rm", "-f", "web")
        docker.ok("network", "rm", "inner")


def test_events_arrive_in_the_order_of_a_life(docker: DockerCli) -> None:
    began = time.time()
    docker.ok("run", "--rm", "--name", "brief", "busybox", "true")
    out = docker.ok(
        "events", "--since", f"{began:.3f}", "--until", f"{time.time() + 0.1:.3f}", "--format", "{{json .}}"
    )
    actions = [json.loads(line)["Action"] for line in out.splitlines() if json.loads(line)["Type"] == "container"]
    assert [action for action in actions if action in ("create", "start", "die", "destroy")] == [
        *("create", "start", "die", "destroy"),
    ]


def test_a_push_and_a_pull_bring_the_same_image_back(docker: DockerCli, registry: Registry) -> None:
    name = f"{registry.address}/busybox:1"
    image_id = docker.ok("inspect", "-f", "{{.Id}}", "busybox")
    docker.ok("tag", "busybox", name)
    docker.ok("push", name)
    docker.ok("rmi", name)
    assert "Downloaded newer image" in docker.ok("pull", name) or docker.ok("images", "-q", name)
    assert docker.ok("inspect", "-f", "{{.Id}}", name) == image_id
    docker.ok("rmi", name)


def test_killing_the_daemon_stops_no_container_and_loses_no_output(docker: DockerCli) -> None:
    docker.ok(
        "run",
        "-d",
        "--name",
        "lives",
        "busybox",
        "sh",
        "-c",
        "i=0; while true; do i=$((i+1)); echo $i; sleep 0.1; done",
    )
    script = "trap 'exit 9' TERM; echo ready; while true; do sleep 0.05; done"
    docker.ok("run", "-d", "--name", "ends", "busybox", "sh", "-c", script)
    until(lambda: docker.ok("logs", "ends") == "ready")
    pid = int(docker.ok("inspect", "-f", "{{.State.Pid}}", "ends"))
    written = Path(docker.ok("inspect", "-f", "{{.LogPath}}", "lives"))
    docker.daemon.kill()
    # One ends while there is no daemon, and the other goes on writing.
    os.kill(pid, signal.SIGTERM)
    until(lambda: not Path(f"/proc/{pid}").exists())
    before = written.stat().st_size
    until(lambda: written.stat().st_size > before)
    docker.daemon.start_again()
    assert docker.ok("inspect", "-f", "{{.State.Status}}", "lives") == "running"
    assert docker.ok("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "ends") == "exited 9"
    until(lambda: len(docker.ok("logs", "lives").split()) > 10)
    lines = [int(line) for line in docker.ok("logs", "lives").split()]
    assert lines == list(range(1, len(lines) + 1))
    assert docker.ok("exec", "lives", "echo", "still here") == "still here"
    docker.ok("stop", "-t", "0", "lives")


def _fetch(url: str) -> bytes:
    deadline = time.monotonic() + 90
    while True:
        try:
            with urllib.request.urlopen(url, timeout=20) as response:
                return bytes(response.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _eventually(claim: object, timeout_s: float = 90) -> bool:
    assert callable(claim)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if claim():
            return True
        time.sleep(0.05)
    return False


@contextlib.contextmanager
def _terminal(docker: DockerCli, *arguments: str) -> Iterator[int]:
    """A docker command on a terminal of 33 rows and 99 columns."""
    import fcntl
    import struct
    import termios

    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(docker.path, [docker.path, "-H", docker.daemon.url, *arguments], docker.environment())
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    os.kill(pid, signal.SIGWINCH)
    try:
        _read_until(terminal, b"#")
        yield terminal
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def _read_until(terminal: int, wanted: bytes, timeout_s: float = 90) -> bytes:
    seen = b""
    deadline = time.monotonic() + timeout_s
    while wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"waited for {wanted!r}, saw {seen!r}")
        seen += os.read(terminal, 4096)
    return seen
