"""A week of samples in a file that never grows, coarser the older they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from webui.history.rings import FILE_BYTES, KEPT_S, RINGS, KeptStats, RingFile, drop_old, read_samples, stats_in
from webui.live.samples import Sample

BEGAN = 1_795_860_000


def sample(at: float, cpu: float = 10.0) -> Sample:
    return Sample(at, cpu, 2, 1000, 2000, 1.0, 2.0, 3.0, 4.0, 5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "c0ffee.ring"


def test_the_last_minutes_come_back_as_they_were_written(path: Path) -> None:
    ring = RingFile(path)
    for number in range(30):
        ring.write(sample(BEGAN + number * 10, cpu=number))
    found = read_samples(path, 300, now_s=BEGAN + 295)
    assert [one.cpu for one in found] == list(range(30))
    assert found[0].memory_limit == 2000
    assert found[0].pids == 5


def test_a_day_is_drawn_from_minutes_and_a_week_from_ten_of_them_also_over_restarts(path: Path) -> None:
    for number in range(0, 6 * 60 * 3, 5):
        # A new writer each time: nothing may depend on what it remembers.
        ring = RingFile(path)
        for step in range(5):
            ring.write(sample(BEGAN + (number + step) * 10, cpu=(number + step) % 6))
    now = BEGAN + 3 * 3600
    minutes = read_samples(path, 86_400, now_s=now)
    assert len(minutes) == 179
    assert {one.cpu for one in minutes} == {2.5}
    tens = read_samples(path, 604_800, now_s=now)
    assert len(tens) == 17
    assert all(one.cpu == pytest.approx(2.5) for one in tens)


def test_after_a_week_the_file_is_as_large_as_before_and_the_oldest_is_gone(path: Path) -> None:
    ring = RingFile(path)
    for number in range(0, 9 * 86_400, 1200):
        ring.write(sample(BEGAN + number))
    assert path.stat().st_size == FILE_BYTES
    now = BEGAN + 9 * 86_400
    found = read_samples(path, RINGS[-1].span_s, now_s=now)
    assert found[0].at >= now - 7 * 86_400
    assert len(read_samples(path, 300, now_s=now)) <= 2


def test_a_hole_stays_a_hole(path: Path) -> None:
    ring = RingFile(path)
    ring.write(sample(BEGAN))
    ring.write(sample(BEGAN + 1000))
    assert [one.at for one in read_samples(path, 3600, now_s=BEGAN + 1000)] == [BEGAN, BEGAN + 1000]


def test_what_ended_first_goes_first_until_the_rest_fits_and_what_is_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        path = tmp_path / f"c{number}.ring"
        RingFile(path).write(sample(BEGAN))
        os.utime(path, (BEGAN + number, BEGAN + number))
    (each,) = {path.stat().st_blocks * 512 for path in tmp_path.iterdir()}
    assert stats_in(tmp_path) == KeptStats(6 * each, 6)
    monkeypatch.setattr("webui.history.rings.MOST_BYTES", 3 * each)
    drop_old(tmp_path, busy={"c1"}, now_s=BEGAN + 10)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["c1", "c4", "c5"]
    drop_old(tmp_path, busy={"c1"}, now_s=BEGAN + 4.5 + KEPT_S)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["c1", "c5"]


def test_a_writer_that_is_killed_leaves_records_and_no_halves(path: Path) -> None:
    """What it had written is there, whenever the end came."""
    script = (
        "import sys; from pathlib import Path; from tests.webui.history.test_rings import BEGAN, RingFile, sample\n"
        "ring = RingFile(Path(sys.argv[1])); number = 0\n"
        "while True:\n"
        "    ring.write(sample(BEGAN + number * 10, cpu=number)); print(number, flush=True); number += 1\n"
    )
    for enough in (3, 40, 200):
        path.unlink(missing_ok=True)
        with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            said = [int(writer.stdout.readline()) for _ in range(enough)][-1]
            writer.kill()
            said = max([said, *map(int, writer.stdout.read().split("\n")[:-1])])
        found = read_samples(path, 6 * 3600, now_s=BEGAN + (said + 1) * 10)
        assert len(found) in {said + 1, said + 2}
        assert all(one.cpu == (one.at - BEGAN) / 10 and one.memory_limit == 2000 for one in found)


def test_a_container_that_nobody_sampled_has_no_past(path: Path) -> None:
    assert read_samples(path, 300) == []
