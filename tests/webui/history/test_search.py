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
from webui.history.search_program import matching_of
from webui.history.store import LogStore


def search(*folders: Path, **asked: Any) -> tuple[list[tuple[int, str]], dict[str, Any]]:
    body = {"folders": [str(one) for one in folders], "text": "", "is_regex": False, "since": "", "until": "",
            "limit": 100, **asked}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "webui.history.search_program"], input=json.dumps(body) + "\n", text=True,
        capture_output=True, check=True, timeout=60,
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
