"""What `make test` says at its end is what its lanes came to."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lanes import closing_line

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


def test_what_only_passed_says_that_none_failed(tmp_path: Path) -> None:
    assert closing_line([_report(tmp_path, "-k", "good or better")]) == "2 passed, 0 failed"
