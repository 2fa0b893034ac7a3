"""Log drivers and their options, by the docker CLIs: limits, rotation, details, what is refused."""

import socket
import subprocess
import threading
from pathlib import Path

import pytest

from engine.logs.sinks import JOURNALD_SOCKET
from tests.conformance.conftest import DockerCli
from tests.daemons import Daemon

pytestmark = [pytest.mark.real, pytest.mark.beside]

# Fast enough to fill a file of 100 kB many times, slow enough for the rotation to see some of them.
_COUNT = 60_000
_TALK = f"i=0; while [ $i -lt {_COUNT} ]; do echo line $i; i=$((i+1)); done"


@pytest.mark.parametrize("compress", ["false", "true"])
def test_following_goes_through_rotated_files_and_loses_no_line(docker: DockerCli, compress: str) -> None:
    limits = ["--log-opt", "max-size=100k", "--log-opt", "max-file=100", "--log-opt", f"compress={compress}"]
    docker.ok("run", "-d", "--name", "talk", *limits, "busybox", "sh", "-c", f"sleep 0.2; {_TALK}; sleep 0.3")
    wanted = [f"line {i}" for i in range(_COUNT)]
    followed = docker("logs", "-f", "talk").out.splitlines()
    assert followed == wanted
    folder = docker.ok("inspect", "-f", "{{.LogPath}}", "talk").rpartition("/")[0]
    names = subprocess.run(["ls", folder], capture_output=True, text=True, check=True).stdout.split()
    full = [name for name in names if name.startswith("container.log.")]
    assert full
    assert all(name.endswith(".gz") == (compress == "true") for name in full[:-1])
    assert docker("logs", "talk").out.splitlines() == wanted
    assert docker.ok("logs", "--tail", "3", "talk").splitlines() == wanted[-3:]
    assert docker.ok("logs", "--tail", str(_COUNT - 5), "talk").splitlines() == wanted[5:]


def test_only_so_many_files_are_kept_and_the_newest_lines_are_in_them(docker: DockerCli) -> None:
    limits = ["--log-opt", "max-size=50k", "--log-opt", "max-file=2"]
    docker.ok("run", "--name", "talk", *limits, "busybox", "sh", "-c", f"{_TALK}; sleep 0.3; echo end; sleep 0.3")
    lines = docker("logs", "talk").out.splitlines()
    assert lines[-2:] == [f"line {_COUNT - 1}", "end"]
    assert 0 < len(lines) < _COUNT
    first = int(lines[0].split()[1])
    assert lines[:-1] == [f"line {i}" for i in range(first, _COUNT)]


def test_a_log_whose_oldest_files_are_gone_begins_with_a_whole_line(docker: DockerCli) -> None:
    # Written in blocks, not by the line (7 bytes, which no block is a multiple of): most files end within one.
    limits = ["--log-opt", "max-size=50k", "--log-opt", "max-file=2"]
    docker.ok("run", "--name", "talk", *limits, "busybox", "seq", "100000", "999999")
    lines = docker("logs", "talk").out.splitlines()
    assert int(lines[0]) > 100_000
    assert lines == [str(number) for number in range(int(lines[0]), 1_000_000)]
    assert docker("logs", "--tail", str(len(lines) + 1), "talk").out.splitlines() == lines


def test_several_followers_see_the_same(docker: DockerCli) -> None:
    limits = ["--log-opt", "max-size=100k", "--log-opt", "max-file=50"]
    docker.ok("run", "-d", "--name", "talk", *limits, "busybox", "sh", "-c", f"sleep 0.2; {_TALK}")
    outputs: list[int] = []
    threads = [
        threading.Thread(target=lambda: outputs.append(len(docker("logs", "-f", "talk").out.splitlines())))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(200)
    assert outputs == [_COUNT] * 3


def test_the_local_driver_can_be_read_and_none_cannot(docker: DockerCli) -> None:
    docker.ok("run", "--name", "local", "--log-driver", "local", "busybox", "echo", "kept")
    assert docker.ok("logs", "local") == "kept"
    docker.ok("run", "--name", "none", "--log-driver", "none", "busybox", "echo", "gone")
    assert "configured logging driver does not support reading" in docker("logs", "none").err


def test_a_run_that_left_a_line_without_an_end_does_not_swallow_the_first_of_the_next(docker: DockerCli) -> None:
    docker.ok("run", "--name", "twice", "busybox", "sh", "-c", "printf half; sleep 0.1; printf ' of it'")
    docker.ok("start", "-a", "twice")
    assert docker.ok("logs", "twice").splitlines() == ["half of it"] * 2
    stamped = docker.ok("logs", "-t", "twice").splitlines()
    assert [line.partition(" ")[2] for line in stamped] == ["half of it"] * 2
    since = stamped[1].partition(" ")[0]
    assert docker.ok("logs", "--since", since, "twice") == "half of it"


def test_details_are_the_labels_and_variables_that_the_options_name(docker: DockerCli) -> None:
    options = ["--log-opt", "labels=team,none", "--log-opt", "env=A", "--log-opt", "env-regex=^B", "--log-opt", "tag=t"]
    docker.ok("run", "--name", "box", "-l", "team=sea", "-e", "A=1", "-e", "BB=2", *options, "busybox", "echo", "x")
    assert docker.ok("logs", "--details", "box") == "A=1,BB=2,tag=t,team=sea x"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--log-opt", "nonsense=1"], "unknown log opt 'nonsense' for json-file log driver"),
        (["--log-opt", "max-size=big"], "big"),
        (["--log-opt", "max-file=0"], "max-file cannot be less than 1"),
        (["--log-opt", "compress=true"], "compress cannot be true when max-file is less than 2"),
        (["--log-opt", "mode=odd"], "logging mode not supported: odd"),
        (["--log-opt", "max-buffer-size=1m"], "only supported with 'mode=non-blocking'"),
        (["--log-driver", "splunk"], "splunk"),
        (["--log-driver", "local", "--log-opt", "tag=x"], "unknown log opt 'tag' for local log driver"),
    ],
)
def test_what_a_driver_cannot_do_is_refused_by_name(docker: DockerCli, options: list[str], words: str) -> None:
    outcome = docker("create", *options, "busybox")
    assert outcome.code != 0
    assert words in outcome.err


def test_a_daemon_that_is_killed_and_started_again_leaves_no_hole_in_a_rotated_log(
    docker: DockerCli, engine: Daemon
) -> None:
    limits = ["--log-opt", "max-size=50k", "--log-opt", "max-file=200"]
    script = "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); usleep 500; done"
    docker.ok("run", "-d", "--name", "talk", *limits, "busybox", "sh", "-c", script)
    for _ in range(3):
        engine.kill()
        engine.start_again()
    docker.ok("wait", "talk")
    assert docker("logs", "talk").out.splitlines() == [f"line {i}" for i in range(3000)]


def test_syslog_is_sent_every_line_and_docker_logs_still_answers(docker: DockerCli) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(90)
        address = f"udp://127.0.0.1:{server.getsockname()[1]}"
        options = ["--log-driver", "syslog", "--log-opt", f"syslog-address={address}", "--log-opt", "tag={{.Name}}"]
        command = "echo one; echo two >&2; sleep 0.1; echo three"
        docker.ok(
            "run", "--name", "box", *options, "--log-opt", "syslog-format=rfc5424", "busybox", "sh", "-c", command
        )
        messages = [server.recv(4096).decode() for _ in range(3)]
    assert sorted(message.rpartition(" - ")[2] for message in messages) == ["one", "three", "two"]
    assert all(" box " in message for message in messages)
    assert {message.partition(">")[0] for message in messages} == {"<30", "<27"}
    assert sorted(docker("logs", "box").out.split()) == ["one", "three"]


def test_a_syslog_that_comes_later_is_sent_what_it_missed(docker: DockerCli, engine: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "syslog"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as first:
        first.bind(str(path))
        options = ["--log-driver", "syslog", "--log-opt", f"syslog-address=unixgram://{path}"]
        docker.ok("run", "-d", "--name", "box", *options, "busybox", "sh", "-c", "echo early; sleep 600")
        first.settimeout(90)
        assert first.recv(4096).endswith(b"early")
    path.unlink()
    docker.ok("exec", "box", "sh", "-c", "echo late > /proc/1/fd/1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as second:
        second.bind(str(path))
        second.settimeout(90)
        assert second.recv(4096).endswith(b"late")
        engine.kill()
        engine.start_again()
        docker.ok("exec", "box", "sh", "-c", "echo after > /proc/1/fd/1")
        # Killed between sending and remembering, a daemon sends the last batch twice, and nothing before it.
        message = second.recv(4096)
        assert (second.recv(4096) if message.endswith(b"late") else message).endswith(b"after")


def test_drivers_that_the_host_does_not_have_are_refused_by_name(docker: DockerCli) -> None:
    if not JOURNALD_SOCKET.exists():
        assert "journald is not enabled on this host" in docker("create", "--log-driver", "journald", "busybox").err
    address = ["--log-driver", "syslog", "--log-opt", "syslog-address=tcp+tls://127.0.0.1:1"]
    assert "unsupported scheme" in docker("create", *address, "busybox").err
