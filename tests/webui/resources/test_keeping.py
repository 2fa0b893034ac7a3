"""What each person keeps of a list: columns, widths, views."""

import pytest

from webui.accounts.models import User
from webui.pages import Column
from webui.resources import (
    NameTaken,
    default_view,
    forget_layout,
    held_query,
    keep_layout,
    layout_of,
    remove_view,
    rename_view,
    save_view,
    set_default,
    views_of,
    written,
)

EVERY = (Column("name", "Name"), Column("state", "State"), Column("image", "Image"), Column("age", "Age"))
SHOWN = ("name", "state")

pytestmark = pytest.mark.django_db


def shown(user: User) -> list[tuple[str, int]]:
    return [(column.name, column.width_px) for column in layout_of(user.pk, "things", EVERY, shown=SHOWN).columns]


def test_a_list_that_nobody_arranged_looks_as_declared(olga: User) -> None:
    assert shown(olga) == [("name", 0), ("state", 0)]


def test_columns_are_kept_in_their_order_for_each_person(olga: User, rita: User) -> None:
    keep_layout(olga.pk, "things", columns=["age", "state"], widths={"age": 90})
    assert shown(olga) == [("name", 0), ("age", 90), ("state", 0)]
    assert shown(rita) == [("name", 0), ("state", 0)]
    keep_layout(olga.pk, "things", widths={"age": 0, "name": 300})
    assert shown(olga) == [("name", 300), ("age", 0), ("state", 0)]
    forget_layout(olga.pk, "things")
    assert shown(olga) == [("name", 0), ("state", 0)]


def test_columns_that_are_no_more_and_widths_that_make_no_sense_are_ignored(olga: User) -> None:
    keep_layout(olga.pk, "things", columns=["gone", "age", "age"], widths={"age": 5_000})
    assert shown(olga) == [("name", 0), ("age", 900)]


def test_an_address_may_name_the_columns_and_goes_before_what_is_kept(olga: User) -> None:
    keep_layout(olga.pk, "things", columns=["age", "state"], widths={"age": 90})
    own = layout_of(olga.pk, "things", EVERY, shown=SHOWN)
    assert written(own, EVERY) == "name.age-90.state"
    named = layout_of(olga.pk, "things", EVERY, shown=SHOWN, named="name.image-300.gone.age-nonsense.image")
    assert [(one.name, one.width_px) for one in named.columns] == [("name", 0), ("image", 300), ("age", 0)]
    assert shown(olga) == [("name", 0), ("age", 90), ("state", 0)]


def test_a_view_keeps_the_part_of_a_url_that_says_what_is_shown(olga: User) -> None:
    save_view(
        olga.pk, "things", " Trouble ", "?sort=-age&after=9:x&q=state%3Afailing&view=everything", is_default=False
    )
    [view] = views_of(olga.pk, "things")
    assert (view.name, view.query) == ("Trouble", "q=state%3Afailing&sort=-age")
    assert held_query(view.query) == view.query


def test_one_view_at_most_opens_first(olga: User) -> None:
    first = save_view(olga.pk, "things", "a", "q=a", is_default=True)
    second = save_view(olga.pk, "things", "b", "q=b", is_default=True)
    assert default_view(olga.pk, "things") == second
    set_default(olga.pk, "things", first.pk)
    assert default_view(olga.pk, "things") == first
    set_default(olga.pk, "things", first.pk)
    assert default_view(olga.pk, "things") is None


def test_nobody_changes_the_views_of_somebody_else(olga: User, rita: User) -> None:
    view = save_view(olga.pk, "things", "a", "q=a", is_default=False)
    remove_view(rita.pk, "things", view.pk)
    set_default(rita.pk, "things", view.pk)
    assert [one.is_default for one in views_of(olga.pk, "things")] == [False]
    remove_view(olga.pk, "things", view.pk)
    assert views_of(olga.pk, "things") == []


def test_a_name_that_is_taken_is_not_lost_unasked(olga: User, rita: User) -> None:
    view = save_view(olga.pk, "things", "Trouble", "q=a", is_default=False)
    save_view(rita.pk, "things", "trouble", "q=b", is_default=False)
    # What it shows already is no loss.
    assert save_view(olga.pk, "things", "Trouble", "?q=a&after=3:x", is_default=False) == view
    for query, is_default in (("q=b", False), ("q=a", True)):
        with pytest.raises(NameTaken):
            save_view(olga.pk, "things", " trouble", query, is_default=is_default)
    assert [one.query for one in views_of(olga.pk, "things")] == ["q=a"]
    save_view(olga.pk, "things", "trouble", "q=b", is_default=False, replaces=True)
    assert [(one.pk, one.name, one.query) for one in views_of(olga.pk, "things")] == [(view.pk, "trouble", "q=b")]


def test_a_view_is_renamed_by_whom_it_belongs_to_and_to_a_name_that_is_free(olga: User, rita: User) -> None:
    view = save_view(olga.pk, "things", "a", "q=a", is_default=True)
    save_view(olga.pk, "things", "b", "q=b", is_default=False)
    rename_view(olga.pk, "things", view.pk, " A  ")
    with pytest.raises(NameTaken):
        rename_view(olga.pk, "things", view.pk, "B")
    with pytest.raises(ValueError, match="no longer"):
        rename_view(rita.pk, "things", view.pk, "c")
    with pytest.raises(ValueError, match="name"):
        rename_view(olga.pk, "things", view.pk, " ")
    assert [(one.name, one.is_default) for one in views_of(olga.pk, "things")] == [("A", True), ("b", False)]


def test_a_view_without_a_name_is_refused_with_words(olga: User) -> None:
    with pytest.raises(ValueError, match="name"):
        save_view(olga.pk, "things", "  ", "q=a", is_default=False)
