"""Searching kept logs: what is found, in which order, and that no pattern can hurt."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.webui.history.conftest import ABOUT, line
from webui.history.asking import query_in
from webui.history.search_program import Search, matching_of
from webui.history.segments import Damaged, segments_in
from webui.history.store import LogStore


def search(*folders: Path, **asked: Any) -> tuple[list[tuple[int, str]], dict[str, Any]]:
    body = {"folders": [str(one) for one in folders], "text": "", "is_regex": False, "since": "", "until": "",
            "held": 0, "limit": 100, **asked}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "webui.history.search_program"], input=json.dumps(body) + "\n", text=True,
        capture_output=True, check=True, timeout=90,
    )  # fmt: skip
    messages = [json.loads(one) for one in done.stdout.splitlines()]
    return [(place, text) for message in messages for place, text in message.get("found", ())], messages[-1]


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    folders = [tmp_path / "a", tmp_path / "b"]
    for place, folder in enumerate(folders):
        store = LogStore(folder, ABOUT)
        for second in range(4):
            store.add([line(n, f"apple {place}", second=second * 2 + place) for n in range(3)])
            if second < 3:
                store.seal()
    return folders


@pytest.mark.real
def test_lines_of_all_containers_come_newest_first(two: list[Path]) -> None:
    found, end = search(*two)
    stamps = [text[1:31] for _, text in found]
    assert len(found) == 24
    assert stamps == sorted(stamps, reverse=True)
    assert found[0][0] == 1
    assert end["more"] is False


@pytest.mark.real
def test_words_patterns_moments_and_the_limit_narrow_it(two: list[Path]) -> None:
    assert {place for place, _ in search(*two, text="APPLE 1")[0]} == {1}
    assert len(search(*two, text=r"apple [01] 2$", is_regex=True)[0]) == 8
    since, until = "2026-11-28T10:00:02.000000000Z", "2026-11-28T10:00:03.000000000Z"
    assert len(search(*two, since=since, until=until)[0]) == 6
    found, end = search(*two, limit=5)
    assert len(found) == 5
    assert end["more"] is True


@pytest.mark.real
def test_what_is_found_comes_page_by_page_though_many_lines_share_a_moment(two: list[Path]) -> None:
    every, _ = search(*two)
    paged, end = search(*two, limit=5)
    while end["more"]:
        until = paged[-1][1][1:31]
        held = sum(text[1:31] == until for _, text in paged)
        found, end = search(*two, limit=5, until=until, held=held)
        paged += found
    assert paged == every


@pytest.mark.real
def test_a_pattern_that_is_none_is_told(two: list[Path]) -> None:
    assert "error" in search(*two, text="(", is_regex=True)[1]


def test_the_timestamp_is_no_part_of_what_is_searched() -> None:
    data = b"\n".join([line(1), line(2, "in 2026 too")]) + b"\n"
    assert matching_of("2026", is_regex=False)(data) == [line(2, "in 2026 too")]
    assert matching_of("2026", is_regex=True)(data) == [line(2, "in 2026 too")]


def test_a_line_is_found_once_and_other_alphabets_are_found_too() -> None:
    data = b"\n".join([line(1, "aaa"), line(2, "Größe")]) + b"\n"
    assert matching_of("a", is_regex=False)(data) == [line(1, "aaa")]
    assert matching_of("GRÖSSE".replace("SS", "ß"), is_regex=False)(data) == [line(2, "Größe")]
    with pytest.raises(re.error):
        matching_of("(", is_regex=True)


def test_an_address_names_containers_and_moments() -> None:
    from django.http import QueryDict

    asked = query_in(QueryDict("q=x&regex=1&c=web&c=db&since=2026-11-28T10:00:00Z&until=nonsense"))
    assert (asked.text, asked.is_regex, list(asked.names)) == ("x", True, ["web", "db"])
    assert asked.since == "2026-11-28T10:00:00.000000000Z"
    assert asked.until == ""
    assert query_in(QueryDict("last=900")).since
    assert not query_in(QueryDict("last=12345")).since


def test_today_begins_at_midnight_of_the_zone_that_the_browser_names() -> None:
    from django.http import QueryDict

    begins = {zone: query_in(QueryDict(f"last=today&zone={zone}")).since for zone in ("", "120", "-330", "--5", "9999")}
    assert begins[""].endswith("T00:00:00.000000000Z")
    assert begins["120"].endswith("T22:00:00.000000000Z")
    assert begins["-330"].endswith("T05:30:00.000000000Z")
    assert begins["--5"] == begins["9999"] == begins[""]


def test_the_next_page_is_before_what_is_known_and_within_what_was_asked_for() -> None:
    from django.http import QueryDict

    early, late = "2026-11-28T10:00:00.000000000Z", "2026-11-28T11:00:00.000000000Z"
    asked = query_in(QueryDict(f"q=x&until={late}&before={early}&held=7"))
    assert (asked.until, asked.held) == (early, 7)
    assert query_in(QueryDict(f"q=x&until={early}&before={late}")).until == early
    assert query_in(QueryDict(f"q=x&until={early}&held=7")).held == 0


@pytest.mark.real
def test_a_damaged_file_is_left_out_and_counted_and_the_rest_is_found(two: list[Path]) -> None:
    broken = segments_in(two[0])[1]
    broken.path.write_bytes(broken.path.read_bytes()[:10])
    with pytest.raises(Damaged):
        broken.read()
    found, end = search(*two)
    assert len(found) == 21
    assert end["damaged"] == 1


@pytest.mark.real
def test_lines_after_a_clock_was_set_back_are_found_where_their_time_says(tmp_path: Path) -> None:
    store = LogStore(tmp_path / "a", ABOUT)
    store.add([line(0, "late", second=30), line(0, "early", second=10), line(1, "early", second=11)])
    store.seal()
    store.add([line(0, "last", second=40)])
    found, _ = search(tmp_path / "a")
    assert [text.split()[1] for _, text in found] == ["last", "late", "early", "early"]
    since, until = "2026-11-28T10:00:10.000000000Z", "2026-11-28T10:00:12.000000000Z"
    assert len(search(tmp_path / "a", since=since, until=until)[0]) == 2


def test_no_more_than_what_is_wanted_is_held_whatever_matches(tmp_path: Path) -> None:
    folders = []
    for place in range(5):
        store = LogStore(tmp_path / str(place), ABOUT)
        for second in range(4):
            store.add([line(n, second=second) for n in range(500)])
            store.seal()
        folders.append(str(store.folder))
    asked = {"held": 0, "limit": 20, "since": "", "until": "", "text": "", "is_regex": False}
    told: list[dict[str, Any]] = []
    looking = Search(asked, tell=told.append)
    found = list(looking.found(folders))
    assert len(found) == 21
    assert all(b"T10:00:03." in one for _, one in found)
    assert looking.read_bytes < sum(len(segment.read()) for one in folders for segment in segments_in(Path(one)))
    assert told[0]["of"] >= told[0]["progress"] >= 0


def test_a_search_that_has_worked_enough_says_how_far_it_came(two: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.history.search_program._ENOUGH_CPU_S", 0.0)
    asked = {"held": 0, "limit": 100, "since": "", "until": "", "text": "apple", "is_regex": False}
    looking = Search(asked)
    first = [one for _, one in looking.found([str(one) for one in two])]
    assert looking.has_more
    assert looking.reached
    while looking.has_more:
        looking = Search({**asked, "until": looking.reached})
        first += [one for _, one in looking.found([str(one) for one in two])]
    assert [one.decode() for one in first] == [text for _, text in search(*two)[0]]
