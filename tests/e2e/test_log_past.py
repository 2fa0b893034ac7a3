"""Reading back in a browser: earlier lines come as the reader nears them; kept logs by part of time, page by page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.e2e.conftest import keep_logs, kept_page, run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

_COUNTS = "i=0; while [ $i -lt 6000 ]; do echo apple $i; i=$((i+1)); done; sleep 600"
_FIRST_IN_VIEW = """() => {
  const top = document.querySelector("[data-log-view]").getBoundingClientRect().top;
  const rows = [...document.querySelectorAll(".log-line")];
  return rows.find((row) => row.getBoundingClientRect().bottom > top + 1).querySelector(".words").textContent;
}"""


def test_earlier_lines_come_as_they_are_neared_and_the_line_that_is_read_stays(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "orchard", _COUNTS)
    page.goto(f"/h/local/containers/{container_id}/logs/?range=tail-200")
    expect(page.locator(".log-line .words").last).to_have_text("apple 5999")
    page.keyboard.press("Home")
    # 200 lines were there; the line at the top is the one that was, with others before it.
    page.wait_for_function("() => document.querySelector('[data-log-view]').scrollTop > 1000")
    assert page.evaluate(_FIRST_IN_VIEW) == "apple 5800"
    earlier = page.locator("[data-log-earlier]")
    for _ in range(360):
        page.keyboard.press("Home")
        if earlier.is_visible() and earlier.inner_text() == "The log begins here":
            break
        page.wait_for_timeout(250)
    expect(earlier).to_have_text("The log begins here")
    assert page.evaluate(_FIRST_IN_VIEW) == "apple 0"
    page.keyboard.press("End")
    expect(page.locator(".log-line .words").last).to_have_text("apple 5999")
    expect(earlier).to_be_hidden()


def test_a_search_goes_back_beyond_what_is_loaded(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "grove", _COUNTS)
    page.goto(f"/h/local/containers/{container_id}/logs/?q=apple+%5B34%5D999$&regex=1")
    expect(page.locator(".log-line")).to_have_count(1)
    page.get_by_role("button", name="Load earlier lines").click()
    expect(page.locator(".log-line")).to_have_count(2)


def test_kept_logs_are_asked_for_by_a_part_of_time_and_read_page_by_page(page: Page, harbour: Console) -> None:
    keep_logs(page)
    run_container(harbour, "barn", _COUNTS)
    # All of them are there once the last one is.
    kept_page(page, "/h/local/logs/kept/?q=apple+5999&c=barn", "apple 5999")
    page.goto("/h/local/logs/kept/?q=apple&c=barn")
    expect(page.locator("[data-log-figures]")).to_contain_text("the newest 5,000 lines")
    page.locator("[data-log-view]").evaluate("(view) => { view.scrollTop = 0; }")
    expect(page.locator("[data-log-figures]")).to_contain_text("6,000 lines found")
    page.get_by_label("How far back").select_option(label="From … to …")
    page.get_by_label("to", exact=True).fill("2020-01-01T00:00:00")
    page.get_by_label("From", exact=True).fill("2019-12-31T00:00:00")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("[data-log-figures]")).to_contain_text("Nothing found")
    assert re.search(r"since=2019-12-3.*&until=20(19|20)-", page.url)
    expect(page.get_by_label("From", exact=True)).to_have_value(re.compile("^2019-12-31T00:00"))
    page.get_by_label("How far back").select_option(label="Today")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".log-line").first).to_contain_text("apple")
    assert "since" not in page.url
