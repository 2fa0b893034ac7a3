"""The scripts of every page, in a real browser, under the real Content-Security-Policy."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect, sync_playwright

from tests.browsers import CHROMIUM

pytestmark = [pytest.mark.real, pytest.mark.urls("tests.webui.pages.harbour"), pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium here")
    with pytest.MonkeyPatch.context() as patched, sync_playwright() as playwright:
        # playwright keeps an event loop in this thread, which Django would take for async code of ours.
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        # A busy machine is slow, not wrong.
        expect.set_options(timeout=90_000)
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, live_server: Any) -> Iterator[Page]:
    """The list of boats, just opened. Whatever the page's policy refuses fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 700})
    context.set_default_timeout(90_000)
    opened = context.new_page()
    refused: list[str] = []
    opened.on("console", lambda message: "Content Security Policy" in message.text and refused.append(message.text))
    opened.on("pageerror", lambda error: refused.append(str(error)))
    opened.goto(f"{live_server.url}/boats/")
    yield opened
    context.close()
    assert refused == []


def test_the_filter_finds_while_typing_keeps_the_focus_and_stands_in_the_url(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("bea-7")
    expect(page.locator("#list-count")).to_have_text("11 of 240")
    expect(page.locator("#q")).to_be_focused()
    expect(page).to_have_url(re.compile(r"/boats/\?q=bea-7$"))


def test_a_chip_filters_and_going_back_shows_what_was_there(page: Page) -> None:
    page.locator("#chips a", has_text="Cleo").click()
    expect(page.locator("#list-count")).to_have_text("80 of 240")
    expect(page.locator("#chips [aria-current]")).to_have_text(re.compile("Cleo"))
    page.go_back()
    expect(page.locator("#list-count")).to_have_text("240 boats")


def test_more_rows_come_as_the_reader_scrolls(page: Page) -> None:
    expect(page.locator("#rows > tr[data-id]")).to_have_count(100)
    page.locator("tr.more").scroll_into_view_if_needed()
    expect(page.locator("#rows > tr[data-id]")).to_have_count(200)


# How far each cell of each row begins and ends beside the head of its column, in pixels.
_ASKEW = """() => {
  const heads = [...document.querySelectorAll("#rows-head th")].map((head) => head.getBoundingClientRect());
  const rows = [...document.querySelectorAll("#rows > tr[data-id]")].slice(0, 20);
  return Math.max(...rows.flatMap((row) => [...row.cells].map((cell, place) => {
    const box = cell.getBoundingClientRect();
    return Math.abs(box.left - heads[place].left) + Math.abs(box.right - heads[place].right);
  })));
}"""


def test_cells_stand_under_their_heads_at_every_width_and_after_every_question(page: Page) -> None:
    for width in (1600, 1280, 1100, 800):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate(_ASKEW) < 1, width
    page.locator("#q").fill("bea")
    expect(page.locator("#list-count")).to_have_text("80 of 240")
    assert page.evaluate(_ASKEW) < 1


def test_rows_far_below_the_window_are_there_but_not_laid_out(page: Page) -> None:
    last = page.locator("#rows > tr[data-id]").last
    is_drawn = "row => row.querySelector('td.lead a').checkVisibility({ contentVisibilityAuto: true })"
    assert last.evaluate(is_drawn) is False
    assert last.evaluate("row => row.offsetHeight") == page.locator("#rows > tr[data-id]").first.evaluate(
        "row => row.offsetHeight"
    )
    last.scroll_into_view_if_needed()
    page.wait_for_function(is_drawn.replace("row =>", "() =>").replace("row.", "document.querySelector('#b-bea-20')."))


def test_rows_are_chosen_by_keys_alone(page: Page) -> None:
    for key in ("j", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("#rows [aria-selected=true]")).to_have_attribute("data-id", "ada-2")
    expect(page.locator("#bulk")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#bulk")).to_be_hidden()


def test_a_row_that_changes_keeps_its_focus_and_its_selection(page: Page) -> None:
    for key in ("j", "x"):
        page.keyboard.press(key)
    page.evaluate(
        """async () => {
          const text = document.querySelector("#b-ada-1").outerHTML.replace("moored", "at sea");
          await htmx.swap({ sourceElement: document.body, target: "#b-ada-1", swap: "outerMorph", text });
        }"""
    )
    expect(page.locator("#b-ada-1 .state")).to_have_text("at sea")
    expect(page.locator("#b-ada-1 .lead a")).to_be_focused()
    expect(page.locator("#b-ada-1 .pick input")).to_be_checked()


def test_what_is_gone_is_no_longer_selected(page: Page) -> None:
    page.locator("#b-ada-1 .pick input").check()
    page.evaluate("htmx.swap({ sourceElement: document.body, target: '#b-ada-1', swap: 'delete', text: ' ' })")
    expect(page.locator("#bulk")).to_be_hidden()


def test_failures_stand_in_a_toast_and_in_their_row(page: Page) -> None:
    for name in ("ada-1", "ada-2"):
        page.locator(f"#b-{name} .pick input").check()
    page.locator("#bulk [data-act=launch]").click()
    expect(page.locator(".toast-note", has_text="Launched ada-1")).to_be_visible()
    expect(page.locator("#b-ada-2 .problem")).to_have_text("leaks")


def test_a_destructive_act_shows_what_goes_and_esc_gives_the_focus_back(page: Page) -> None:
    page.locator("#b-ada-1 .pick input").check()
    page.locator("#bulk [data-act=sink]").click()
    expect(page.get_by_role("dialog")).to_contain_text("Sink 1 boats")
    page.keyboard.press("Escape")
    expect(page.locator("#bulk [data-act=sink]")).to_be_focused()
    page.locator("#bulk [data-act=sink]").click()
    page.locator("#dialog .btn-danger").click()
    expect(page.locator(".toast-note", has_text="Sunk ada-1")).to_be_visible()


def test_a_menu_is_walked_by_arrows_and_acts_on_its_own_row(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("m")
    expect(page.get_by_role("menuitem", name="Sink…")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("ada-1")


def test_markup_that_was_smuggled_in_does_nothing(page: Page) -> None:
    page.evaluate(
        """() => htmx.swap({ sourceElement: document.body, target: "#b-ada-1 .state", swap: "innerHTML",
             text: '<a id="evil" hx-get="/evil/" hx-trigger="load">x</a>' })"""
    )
    expect(page.locator("#evil")).not_to_have_attribute("hx-get", re.compile(".*"))


def test_the_page_does_not_move_sideways_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".tabbar")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


class Wire:
    """The websockets of a page, with a test at their other end. It says that it is there, unless it `is_silent`."""

    def __init__(self, page: Page) -> None:
        self.sockets: list[WebSocketRoute] = []
        self.asked: list[str] = []
        self.is_silent = False
        page.route_web_socket(re.compile("/ws/"), self._opened)

    def _opened(self, socket: WebSocketRoute) -> None:
        if "/ws/fleet/" in socket.url:
            self.sockets.append(socket)
        socket.on_message(lambda said: self._hear(socket, str(said)))
        # Over a dead line nobody answers a closing. Left alone, Playwright does, with a code that no browser has.
        socket.on_close(lambda _code, _reason: None)

    def _hear(self, socket: WebSocketRoute, said: str) -> None:
        self.asked.append(said)
        if said == '{"ping":1}' and not self.is_silent:
            socket.send('{"t":"pong"}')

    def say(self, target: str, swap: str, content: str) -> None:
        self.sockets[-1].send(json.dumps({"target": target, "swap": swap, "content": content}, separators=(",", ":")))


@pytest.fixture
def wire(page: Page) -> Wire:
    return Wire(page)


ROWS = "#rows > tr[data-id]"
GAPS = "#rows > tr[data-gap]"
_LEFTS = "all => all.slice(0, 3).map((one) => Math.round(one.getBoundingClientRect().left))"
_HEIGHT = "document.documentElement.scrollHeight"
_LENGTH = """[...document.querySelectorAll("#rows > tr")].reduce((sum, row) => sum + Number(row.dataset.gap ?? 1), 0)"""


def test_a_page_does_not_grow_with_all_that_was_scrolled_past(page: Page, wire: Wire, live_server: Any) -> None:
    page.goto(f"{live_server.url}/fleet/")
    page.get_by_label("Select boat-0003").check()
    height = page.evaluate(_HEIGHT)
    # What is shared to be read has no box, and its cells are below their heads all the same.
    lefts = page.locator(f"{ROWS} td.lead a").evaluate_all(_LEFTS)
    rights = page.locator(f"{ROWS} td.state").evaluate_all(_LEFTS)
    assert (len(set(lefts)), len(set(rights))) == (1, 1)
    for number in range(100, 900, 100):
        page.evaluate(f"scrollTo(0, {height} * {number} / 3000)")
        expect(page.get_by_role("link", name=f"boat-{number + 2:04}")).to_be_in_viewport()
        if number == 500:
            page.get_by_role("link", name="boat-0502").focus()
    assert page.locator(ROWS).count() <= 600
    assert (page.evaluate(_LENGTH), page.evaluate(_HEIGHT)) == (3000, height)
    # Who was at something still is, and a range goes on from where it began.
    expect(page.get_by_role("link", name="boat-0502")).to_be_focused()
    page.get_by_label("Select boat-0850").click(modifiers=["Shift"])
    expect(page.locator("[data-selected-count]")).to_have_text("848")
    assert page.locator(ROWS).count() <= 700
    page.evaluate("scrollTo(0, 0)")
    expect(page.get_by_role("link", name="boat-0010")).to_be_in_viewport()
    expect(page.get_by_label("Select boat-0010")).to_be_checked()


def test_who_scrolls_away_while_the_end_comes_is_not_brought_back(page: Page, wire: Wire, live_server: Any) -> None:
    page.goto(f"{live_server.url}/fleet/")
    expect(page.locator(f"{GAPS} .gap-words")).to_have_count(1)
    # Once the rows are there, and before all is done that follows from it.
    page.evaluate(
        f"() => document.addEventListener('htmx:after:swap', () => scrollTo(0, {_HEIGHT} / 2), {{ once: true }})"
    )
    page.evaluate(f"scrollTo(0, {_HEIGHT})")
    expect(page.get_by_role("link", name="boat-1505")).to_be_in_viewport()
    expect(page.locator("#b-boat-2999")).to_have_count(1)


def test_a_line_that_goes_silent_is_told_of_and_comes_back(page: Page, wire: Wire, live_server: Any) -> None:
    page.clock.install()
    page.goto(f"{live_server.url}/fleet/")
    expect(page.locator("#list-count")).to_have_text("live · 3000 boats")
    page.clock.run_for(40_000)
    assert '{"ping":1}' in wire.asked
    expect(page.locator("#connection")).to_be_hidden()
    wire.is_silent = True
    page.clock.run_for(15_000)
    expect(page.locator("#connection")).to_have_text(re.compile(r"Not live since \d\d:\d\d:\d\d\. Trying again…"))
    expect(page.locator("#list-count")).not_to_contain_text("live", use_inner_text=True)
    # Given up and opened anew: whatever was missed comes with it.
    opened = len(wire.sockets)
    page.clock.run_for(20_000)
    wire.is_silent = False
    page.wait_for_function("() => document.getElementById('connection').hidden")
    assert len(wire.sockets) > opened
    expect(page.locator("#announcer")).to_have_text("Live again.")
    wire.say("#b-boat-0001", "delete", " ")
    expect(page.locator("#b-boat-0001")).to_have_count(0)


def test_rows_move_with_the_figures_when_nobody_is_at_them(page: Page, wire: Wire, live_server: Any) -> None:
    page.clock.install()
    page.goto(f"{live_server.url}/fleet/?sort=cpu")
    expect(page.locator(GAPS)).to_have_count(1)
    first = page.locator("#rows > tr:nth-child(-n+3)")
    tick = "document.dispatchEvent(new CustomEvent('figures:came'))"

    def asks(what: str) -> bool:
        wire.asked.clear()
        page.clock.run_for(7000)
        page.evaluate(tick)
        page.wait_for_timeout(100)
        return json.dumps({"order": what}, separators=(",", ":")) in wire.asked

    page.locator("h1").hover()
    assert asks("moved")
    # Far below, one leaves for a place that is in a gap; what comes in its place is not in the page either.
    wire.say("#rows", "order", "0:b-boat-0002,b-boat-0000,b-boat-0001 90:b-boat-1500 1500:b-boat-0090")
    expect(first.locator("td.lead a")).to_have_text(["boat-0002", "boat-0000", "boat-0001"])
    assert (page.evaluate(_LENGTH), page.locator(GAPS).count()) == (3000, 3)
    # Not under a pointer, nor while a row has the focus or is selected.
    page.locator("#b-boat-0000").hover()
    assert not asks("moved")
    page.locator("h1").hover()
    page.get_by_role("link", name="boat-0000").focus()
    assert not asks("moved")
    page.locator("#q").focus()
    page.get_by_label("Select boat-0000").check()
    page.locator("h1").hover()
    page.locator("#q").focus()
    assert not asks("moved")
    page.get_by_label("Select boat-0000").uncheck()
    page.locator("h1").hover()
    page.locator("#q").focus()
    assert asks("moved")
    # An answer that comes too late is asked for whole.
    page.locator("#b-boat-0000").hover()
    wire.say("#rows", "order", "0:b-boat-0000,b-boat-0002")
    page.locator("h1").hover()
    assert asks("all")
    expect(first.locator("td.lead a")).to_have_text(["boat-0002", "boat-0000", "boat-0001"])
