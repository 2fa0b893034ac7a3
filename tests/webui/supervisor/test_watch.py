"""Children that die are started again; all end with their parent, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from webui.supervisor.children import Child, Program

pytestmark = pytest.mark.real

_PARENT = """
import sys
from webui.supervisor.children import Child, Program
from webui.supervisor.watch import block_signals, watch
block_signals()
watch([Child("sleeper", Program(["sh", "-c", "echo $$ >>" + sys.argv[1] + "; exec sleep 600"]))], say=print)
"""


def _start(pids: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", _PARENT, str(pids)], stdout=subprocess.DEVNULL)


def _pids(path: Path, count: int) -> list[int]:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        found = path.read_text().split() if path.exists() else []
        if len(found) >= count:
            return [int(pid) for pid in found]
        time.sleep(0.02)
    raise AssertionError(f"only {found} of {count} children were started")


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} still runs")


def test_a_child_that_is_killed_is_started_again(tmp_path: Path) -> None:
    parent = _start(tmp_path / "pids")
    (first,) = _pids(tmp_path / "pids", 1)
    os.kill(first, signal.SIGKILL)
    _, second = _pids(tmp_path / "pids", 2)
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(90) == 0
    _wait_until_gone(second)


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = _start(tmp_path / "pids")
    (child,) = _pids(tmp_path / "pids", 1)
    parent.kill()
    parent.wait(90)
    _wait_until_gone(child)


def test_who_dies_again_and_again_waits_longer_and_longer() -> None:
    child = Child("flaky", Program(["false"]))
    delays = []
    for _ in range(8):
        child.note_death(0, now=child.started_at + 1)
        delays.append(child.delay_s)
    assert delays == sorted(delays)
    assert delays[-1] == 30
    child.note_death(0, now=child.started_at + 120)
    assert child.delay_s < 1
