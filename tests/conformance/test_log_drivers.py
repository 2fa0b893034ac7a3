"""Log drivers and their options, by the docker CLIs: limits, rotation, details, what is refused."""

import subprocess
import threading

import pytest

from tests.conformance.conftest import DockerCli

pytestmark = pytest.mark.real

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
        thread.join(60)
    assert outputs == [_COUNT] * 3


def test_the_local_driver_can_be_read_and_none_cannot(docker: DockerCli) -> None:
    docker.ok("run", "--name", "local", "--log-driver", "local", "busybox", "echo", "kept")
    assert docker.ok("logs", "local") == "kept"
    docker.ok("run", "--name", "none", "--log-driver", "none", "busybox", "echo", "gone")
    assert "configured logging driver does not support reading" in docker("logs", "none").err


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
