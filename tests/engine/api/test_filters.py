"""The filters parameter, in both of its forms."""

from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import MultiDict
from yarl import URL

from engine.api.filters import Filters, parse_filters, parse_instant
from engine.errors import InvalidArgument


def _filters(text: str) -> Filters:
    url = URL("/containers/json").with_query(MultiDict({"filters": text}))
    return parse_filters(make_mocked_request("GET", str(url)))


@pytest.mark.parametrize("text", ['{"status":["exited","created"]}', '{"status":{"exited":true,"created":true}}'])
def test_the_list_form_and_the_map_form_say_the_same(text: str) -> None:
    assert _filters(text).get("status") == ("exited", "created")


@pytest.mark.parametrize("text", ["{", "[]", '{"a":1}', '"x"'])
def test_what_is_neither_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        _filters(text)


def test_an_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(InvalidArgument, match="invalid filter 'colour'"):
        Filters({"colour": ("red",)}).check_known({"status"})


def test_every_label_must_match() -> None:
    filters = Filters({"label": ("a=1", "b")})
    assert filters.match_labels({"a": "1", "b": ""})
    assert not filters.match_labels({"a": "1"})
    assert not filters.match_labels({"a": "2", "b": ""})


def test_a_moment_may_be_seconds_a_date_or_a_duration_ago() -> None:
    assert parse_instant("1700000000.5").timestamp() == 1700000000.5
    assert parse_instant("2024-01-02T03:04:05Z") == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    age_s = datetime.now(UTC).timestamp() - parse_instant("1h30m").timestamp()
    assert age_s == pytest.approx(5400, abs=5)
    with pytest.raises(InvalidArgument):
        parse_instant("soon")
