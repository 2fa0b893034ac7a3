"""The columns of a list are made wider by the mouse and by keys, and what a filter cannot mean is said in place."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

LIST = "/h/local/containers/"


def head(page: Page, column: str) -> Locator:
    return page.locator(f"th[data-column={column}]")


def width(page: Page, column: str) -> int:
    return int(head(page, column).evaluate("one => one.offsetWidth"))


def drag(page: Page, column: str, by_px: int) -> None:
    box = head(page, column).locator(".grip").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by_px, y, steps=4)
    with page.expect_response("**/columns/"):
        page.mouse.up()


def test_a_width_is_kept_and_the_others_keep_what_they_need(page: Page, harbour: Console) -> None:
    row = page.locator(f"#c-{run_container(harbour, 'wide')}")
    page.goto(LIST)
    expect(row).to_be_visible()
    own = width(page, "image")
    try:
        drag(page, "image", 200)
        assert width(page, "image") == own + 200
        assert width(page, "name") >= 150
        page.reload()
        expect(row).to_be_visible()
        assert width(page, "image") == own + 200
        # What does not fit is scrolled to, below heads that stay.
        assert page.locator(".list-scroll").evaluate("one => one.scrollWidth > one.clientWidth")
        harbour.engine.api("POST", "/containers/wide/pause")
        expect(row.locator(".state")).to_contain_text("paused")
        cells = row.locator("td").evaluate_all("all => all.map((one) => one.offsetWidth)")
        assert own + 200 in cells
        # A double click gives it back what it had.
        head(page, "image").locator(".grip").dblclick()
        expect(page.locator(".list-scroll.is-wide")).to_have_count(0)
        assert width(page, "image") == own
    finally:
        page.request.post("/containers/columns/", form={"reset": "1", "csrfmiddlewaretoken": _token(page)})


def test_keys_on_a_head_make_its_column_wider(page: Page, harbour: Console) -> None:
    row = page.locator(f"#c-{run_container(harbour, 'keyed', start=False)}")
    page.goto(LIST)
    expect(row).to_be_visible()
    before = width(page, "state")
    head(page, "state").get_by_role("link").focus()
    for _press in range(2):
        with page.expect_response("**/columns/"):
            page.keyboard.press("Shift+ArrowRight")
    assert width(page, "state") == before + 32
    expect(page.locator("#announcer")).to_have_text(f"State, {before + 32} pixels wide")
    expect(head(page, "state").get_by_role("link")).to_be_focused()
    with page.expect_response("**/columns/"):
        head(page, "state").locator(".grip").dblclick()


def test_a_filter_that_means_nothing_offers_what_it_may_have_meant(page: Page, harbour: Console) -> None:
    run_container(harbour, "cask", start=False, Labels={"com.docker.compose.project": "cellar"})
    page.goto(LIST)
    page.locator("#q").fill("stak:celar")
    doubt = page.locator(".doubts")
    expect(doubt).to_contain_text("“stak” is nothing that can be asked about.")
    doubt.get_by_role("link", name="stack:celar").click()
    expect(doubt).to_contain_text("No container has the stack “celar”.")
    doubt.get_by_role("link", name="stack:cellar").click()
    expect(page.get_by_role("link", name="cask", exact=True)).to_be_visible()
    expect(doubt).to_have_count(0)
    expect(page.locator("#q")).to_have_value("stack:cellar")


def _token(page: Page) -> str:
    return str(page.locator('meta[name="csrf"]').get_attribute("content"))
