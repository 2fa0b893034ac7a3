from collections.abc import Callable

from django.http import HttpRequest

from webui.pages import Column, ListPage, Term, render_list

Boats = Callable[..., ListPage]
PartOf = Callable[[str], HttpRequest]


def _text(request: HttpRequest, page: ListPage) -> str:
    return render_list(request, page).content.decode()


def test_the_script_gets_chips_count_and_rows_without_the_shell(part_of: PartOf, boats: Boats) -> None:
    text = _text(part_of("/boats/"), boats())
    assert 'id="b-1"' in text
    assert 'hx-target="#chips"' in text
    assert "1 of 2" in text
    assert "<html" not in text
    assert "sidebar" not in text


def test_the_next_window_is_rows_and_nothing_else(part_of: PartOf, boats: Boats) -> None:
    text = _text(part_of("/boats/?after=100:x"), boats(next_url="?after=200:y"))
    assert text.strip().startswith("<tr id=")
    assert 'data-more="?after=200:y"' in text
    assert "<table" not in text


def test_going_back_in_the_history_is_not_a_part(part_of: PartOf) -> None:
    from webui.pages.render import is_part

    request = part_of("/boats/")
    assert is_part(request)
    request.META["HTTP_HX_HISTORY_RESTORE_REQUEST"] = "true"
    del request.headers
    assert not is_part(request)


def test_a_column_head_turns_its_order_around_and_keeps_the_filter(part_of: PartOf, boats: Boats) -> None:
    text = _text(part_of("/boats/?q=ada"), boats(sort="name"))
    assert 'href="?q=ada&amp;sort=-name"' in text
    assert 'aria-sort="ascending"' in text
    assert 'href="?q=ada&amp;sort=age"' in text


def test_chips_keep_the_filter_and_say_which_is_on(part_of: PartOf, boats: Boats) -> None:
    text = _text(part_of("/boats/?q=ada&show=out"), boats())
    assert 'href="?q=ada"' in text
    assert '<a class="chip" href="?q=ada&amp;show=out" aria-current="true"' in text


def test_what_the_filter_box_does_not_hold_goes_along_with_it(part_of: PartOf, boats: Boats) -> None:
    text = _text(part_of("/boats/?q=ada&show=out&group=pier&sort=-age"), boats(sort="-age"))
    assert '<input type="hidden" name="show" value="out">' in text
    assert '<input type="hidden" name="sort" value="-age">' in text
    assert 'type="hidden" name="group"' not in text
    assert 'type="hidden" name="q"' not in text


def test_a_filter_that_finds_nothing_offers_its_reset(part_of: PartOf, boats: Boats) -> None:
    text = _text(part_of("/boats/?q=zzz"), boats(rows=[], total=0))
    assert "Nothing matches" in text
    assert '<a class="btn" href="?"' in text


def test_a_page_and_its_part_never_share_a_cache(part_of: PartOf, boats: Boats) -> None:
    response = render_list(part_of("/boats/"), boats())
    assert "HX-Request" in response.headers["Vary"]
    assert response.headers["Cache-Control"] == "no-store"


def test_what_a_person_typed_is_text_and_never_markup(part_of: PartOf, boats: Boats) -> None:
    text = _text(part_of('/boats/?show="><script>alert(1)</script>'), boats())
    assert "<script>" not in text


def test_what_a_filter_asks_for_is_taken_out_one_by_one_and_reset_without_its_order(
    part_of: PartOf, boats: Boats
) -> None:
    page = boats(terms=[Term("colour:red", "fast")])
    text = _text(part_of("/boats/?q=fast+colour%3Ared&show=afloat&sort=-name"), page)
    assert 'href="?q=fast&amp;show=afloat&amp;sort=-name"' in text
    assert '<a href="?sort=-name" data-list-link>Reset</a>' in text


def test_a_width_that_somebody_chose_stands_in_place_of_the_columns_own(part_of: PartOf, boats: Boats) -> None:
    page = boats(columns=[Column("name", "Name", width="xl", width_px=300)], layout_url="/columns/", table_px=1300)
    text = _text(part_of("/boats/"), page)
    assert "--columns:42px 300px minmax(108px,1fr)" in text
    assert 'width="1300"' in text
    assert 'data-layout-url="/columns/"' in text


def test_what_is_not_sent_is_a_gap_with_a_link_for_who_has_no_script(part_of: PartOf, boats: Boats) -> None:
    text = _text(part_of("/boats/?q=a&after=100:x"), boats(next_url="?q=a&after=200:y", above=100, below=50))
    assert '<tr class="more" data-gap="100"><td><a href="?q=a">To the beginning</a></td></tr>' in text
    assert (
        '<tr class="more" data-gap="50" data-below><td><a href="?q=a&amp;after=200:y">Show more</a></td></tr>' in text
    )
