"""Requests as our lists script sends them, and one small list to render."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils.safestring import mark_safe

from webui.pages import Action, Chip, Choice, Column, ListPage, Select


@dataclass(frozen=True, slots=True)
class Boat:
    """Something that a list may show."""

    name: str
    is_out: bool = False

    def url_of(self, url_name: str) -> str:
        return f"/{url_name}/{self.name}/"


@pytest.fixture
def part_of(rf: RequestFactory) -> Callable[[str], HttpRequest]:
    """A GET as the lists script makes it."""
    return lambda url: rf.get(url, headers={"HX-Request": "true"})


@pytest.fixture
def boats() -> Callable[..., ListPage]:
    def make(**changes: Any) -> ListPage:
        values: dict[str, Any] = {
            "title": "Boats",
            "columns": [Column("name", "Name", sort="name"), Column("age", "Age", sort="age", width="s", align="end")],
            "rows": [mark_safe('<tr id="b-1" data-id="1"><td class="lead">Ada</td></tr>')],
            "total": 1,
            "all_total": 2,
            "noun": ("boat", "boats"),
            "act_url": "/boats/act/",
            "chips": [Chip("", "All", 2), Chip("out", "Out", 1, "good")],
            "selects": [Select("group", "Group", [Choice("", "No groups"), Choice("pier", "By pier")])],
            "bulk": [Action("sink", "Sink", "trash", "boat.sink", is_bulk=True, previews=True)],
            "sort": "name",
        }
        return ListPage(**{**values, **changes})

    return make
