"""kill -9 of the daemon in the middle of everything; many more rounds by `python -m tests.crash`."""

import tempfile
from pathlib import Path

import pytest

from tests.crash.rounds import Crashes
from tests.daemons import running_engine

pytestmark = [pytest.mark.real, pytest.mark.beside, pytest.mark.timeout(600)]

_ROUNDS = 15


def test_after_kill_9_at_any_moment_the_next_start_leaves_nothing_that_nobody_owns(busybox_tar: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="crash-") as name, running_engine(Path(name)) as engine:
        engine.load(busybox_tar)
        crashes = Crashes(engine, Path(name) / "root", seed=3)
        for number in range(_ROUNDS):
            left = crashes.round(number)
            assert left == [], f"round {number} ({crashes.last_story})"
