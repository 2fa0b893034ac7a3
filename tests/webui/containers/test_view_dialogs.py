"""The dialog of saved views, as a page without a host answers it."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from webui.accounts.models import User
from webui.containers.page import KIND
from webui.resources import default_view, views_of

pytestmark = pytest.mark.django_db

VIEWS = "/containers/views/"
COLUMNS = "/containers/columns/"
SHOWN = "?q=state%3Afailing&sort=-cpu"


@pytest.fixture
def as_olga(olga: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(olga)


def save(client: Client, name: str, query: str = SHOWN, **more: str) -> int:
    return client.post(VIEWS, {"do": "save", "name": name, "query": query, **more}).status_code


def test_a_view_keeps_its_columns_unless_that_is_not_wanted(as_olga: Client, olga: User) -> None:
    assert save(as_olga, "With", columns="1") == 200
    assert save(as_olga, "Without", f"{SHOWN}&columns=name.cpu") == 200
    assert save(as_olga, "Named", f"{SHOWN}&columns=name.cpu-90", columns="1") == 200
    kept = {view.name: view.query for view in views_of(olga.pk, KIND)}
    assert kept["With"] == "q=state%3Afailing&sort=-cpu&columns=name.state.cpu.memory.image.ports.age.owner"
    assert kept["Without"] == "q=state%3Afailing&sort=-cpu"
    assert kept["Named"].endswith("columns=name.cpu-90")


def test_a_taken_name_asks_and_shows_what_would_be_lost(as_olga: Client, olga: User) -> None:
    save(as_olga, "Trouble", default="1")
    response = as_olga.post(VIEWS, {"do": "save", "name": "trouble", "query": "?q=web", "columns": "1"})
    assert response.status_code == 409
    said = unescape(re.sub(r"\s+", " ", response.content.decode()))
    assert "There is a view “Trouble” already" in said
    for what, before, after in (
        ("Filter", "state:failing", "web"), ("Sorted by", "CPU, the other way round", "–"),  # noqa: RUF001
        ("Opens first", "yes", "no"),
    ):  # fmt: skip
        assert f'<th scope="row">{what}</th><td>{before}</td><td>{after}</td>' in said
    assert [view.query for view in views_of(olga.pk, KIND)] == ["q=state%3Afailing&sort=-cpu"]
    assert save(as_olga, "trouble", "?q=web", replaces="1") == 200
    assert [(view.name, view.query) for view in views_of(olga.pk, KIND)] == [("trouble", "q=web")]


def test_what_was_removed_can_be_brought_back_as_it_was(as_olga: Client, olga: User) -> None:
    save(as_olga, "Trouble", default="1")
    [view] = views_of(olga.pk, KIND)
    response = as_olga.post(VIEWS, {"do": "remove", "view": str(view.pk), "query": SHOWN})
    assertContains(response, "“Trouble” was removed.")
    assert views_of(olga.pk, KIND) == []
    form = response.content.decode().split("</form>", 1)[0]
    sent = {
        name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    }
    as_olga.post(VIEWS, {**sent, "do": "restore"})
    again = default_view(olga.pk, KIND)
    assert again is not None
    assert (again.name, again.query) == (view.name, view.query)


def test_a_view_is_renamed_in_its_place(as_olga: Client, olga: User) -> None:
    save(as_olga, "<b>Trouble")
    save(as_olga, "Other", "?q=web")
    view = next(one for one in views_of(olga.pk, KIND) if one.name == "<b>Trouble")
    asked = {"view": str(view.pk), "query": SHOWN}
    assertContains(as_olga.post(VIEWS, {**asked, "do": "edit"}), 'name="name" maxlength="60" value="&lt;b&gt;Trouble"')
    taken = as_olga.post(VIEWS, {**asked, "do": "rename", "name": "other"})
    assertContains(taken, "Another view is called “Other”", status_code=422)
    response = as_olga.post(VIEWS, {**asked, "do": "rename", "name": "Night"})
    assertContains(response, ">Night</a>")
    assertNotContains(response, "<b>Trouble")


def test_columns_of_an_address_are_changed_in_it_and_not_for_good(as_olga: Client) -> None:
    named = "?q=web&columns=name.cpu-90"
    dialog = as_olga.get(COLUMNS, {"query": named})
    assertContains(dialog, "My own columns")
    response = as_olga.post(COLUMNS, {"query": named, "column": ["image", "cpu"], "width-image": "200"})
    assert response.headers["HX-Push-Url"] == "?view=everything&q=web&columns=name.image-200.cpu"
    back = as_olga.post(COLUMNS, {"query": named, "reset": "1"})
    assert back.headers["HX-Push-Url"] == "?view=everything&q=web"
    assertNotContains(as_olga.get(COLUMNS, {"query": "?q=web"}), "My own columns")
