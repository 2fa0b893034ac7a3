"""What `make test` says at its end is what its lanes came to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lanes import closing_line
from tests.waiting import until

pytestmark = pytest.mark.real

_TESTS = """
import pytest

@pytest.fixture
def broken():
    yield
    raise OSError("not put away")

def test_good(): pass
def test_better(): pass
def test_bad(): assert False
def test_left_open(broken): pass
@pytest.mark.skip
def test_another_day(): pass
"""


def _report(folder: Path, *options: str) -> Path:
    (folder / "test_some.py").write_text(_TESTS)
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(folder), "-p", "no:django"]
    report = folder / "report.xml"
    subprocess.run([*command, f"--junit-xml={report}", str(folder), *options], capture_output=True, check=False)
    return report


def test_the_lanes_are_added_up_and_one_that_broke_off_is_told(tmp_path: Path) -> None:
    report = _report(tmp_path)
    assert closing_line([report]) == "2 passed, 1 failed, 1 errors, 1 skipped"
    assert closing_line([report, report]) == "4 passed, 2 failed, 2 errors, 2 skipped"
    assert closing_line([report, tmp_path / "none.xml"]).endswith(", 1 broken lanes")


# Two lanes that say when they have begun, and take a while to take down what they have.
_INTERRUPTED = """
import subprocess, sys
from pathlib import Path
from tests import lanes

def lane(name, report, output):
    return lanes._started([sys.executable, "-c", LANE, sys.argv[1], str(lanes.LANES.index(name))])

LANE = '''
import sys, time
from pathlib import Path
mark = Path(sys.argv[1]) / sys.argv[2]
try:
    mark.with_suffix(".began").touch()
    time.sleep(600)
finally:
    time.sleep(0.5)
    mark.with_suffix(".ended").touch()
'''
lanes._begin = lane
lanes.os.sched_getaffinity = lambda pid: {0, 1}
sys.exit(lanes.main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_lanes_that_are_interrupted_take_down_what_they_have(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _INTERRUPTED, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as lanes:
        until(lambda: len(list(tmp_path.glob("*.began"))) == 2)
        # As a terminal does, and whoever is impatient: to all of the group, and once more.
        for _press in range(2):
            os.killpg(lanes.pid, number)
        assert lanes.wait(90) == 128 + number
    assert len(list(tmp_path.glob("*.ended"))) == 2


def test_what_only_passed_says_that_none_failed(tmp_path: Path) -> None:
    assert closing_line([_report(tmp_path, "-k", "good or better")]) == "2 passed, 0 failed"
