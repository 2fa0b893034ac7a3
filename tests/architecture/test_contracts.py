"""The house's contracts: who may import whom, and how large a room may grow."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_FEARSOME_LINES = 600


@pytest.mark.real
def test_imports_run_one_way_and_never_through_the_seam() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter], cwd=_ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_no_module_grows_past_the_size_at_which_readers_start_to_fear() -> None:
    sources = [path for room in ("engine", "webui") for path in (_ROOT / room).rglob("*.py")]
    too_long = {str(path.relative_to(_ROOT)): n for path in sources if (n := _line_count(path)) > _FEARSOME_LINES}
    assert sources
    assert not too_long


def _line_count(path: Path) -> int:
    return len(path.read_text().splitlines())
