"""Reading what was asked for: named one by one, or all that a list shows."""

from collections.abc import Iterable, Mapping

import pytest
from django.http import QueryDict

from webui.resources import Asked, asked_of

ROWS = {"a": "apple", "b": "pear", "c": "apricot"}


def asked(sent: str) -> Asked[str]:
    def matching(rows: Iterable[str], query: Mapping[str, str]) -> list[str]:
        return [row for row in rows if row.startswith(query.get("q", ""))]

    return asked_of(QueryDict(sent), ROWS, actions={"remove"}, matching=matching)


def test_some_are_named_and_those_that_are_gone_are_known() -> None:
    found = asked("action=remove&id=b&id=z&id=b")
    assert (found.rows, found.gone) == (["pear"], ["z"])


def test_all_that_the_list_shows_are_meant_also_those_that_were_never_scrolled_to() -> None:
    assert asked("action=remove&all=1&query=%3Fq%3Dap%26sort%3D-name").rows == ["apple", "apricot"]


@pytest.mark.parametrize("sent", ["action=sink&id=a", "action=remove", "action=remove&all=1&query=q%3Dfig"])
def test_what_names_nothing_is_refused(sent: str) -> None:
    with pytest.raises(LookupError):
        asked(sent)
