"""What a killed `up` left running is ended; a process that merely has its number is left alone."""

import subprocess
from pathlib import Path

import pytest

from webui.supervisor.leftovers import end_leftovers, note_process

pytestmark = pytest.mark.real


def test_a_leftover_is_ended_and_its_file_removed(tmp_path: Path) -> None:
    said: list[str] = []
    sleeper = subprocess.Popen(["sleep", "600"])
    note_process(tmp_path / "store.pid", sleeper.pid)
    end_leftovers(tmp_path, say=said.append)
    assert sleeper.wait(90) == -15
    assert said == [f"store of an earlier start still runs (process {sleeper.pid}): waiting for it to end"]
    assert not list(tmp_path.iterdir())


def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    program = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    stubborn = subprocess.Popen(["/usr/bin/env", "python3", "-c", program], stdout=subprocess.PIPE)
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    note_process(tmp_path / "web.pid", stubborn.pid)
    end_leftovers(tmp_path, say=lambda _words: None, patience_s=0.2)
    assert stubborn.wait(90) == -9


@pytest.mark.parametrize("content", ["{pid} 1\n", "999999999 5\n", "", "nonsense\n"])
def test_a_stale_file_harms_nobody(tmp_path: Path, content: str) -> None:
    bystander = subprocess.Popen(["sleep", "600"])
    (tmp_path / "store.pid").write_text(content.format(pid=bystander.pid))
    end_leftovers(tmp_path, say=lambda _words: None)
    assert bystander.poll() is None
    assert not list(tmp_path.iterdir())
    bystander.kill()
    bystander.wait()
