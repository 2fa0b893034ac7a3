"""A list of more rows than are sent at once: its end and middle are in reach, and what is done to it holds for all."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

COUNT = 330
LIST = "/h/local/containers/?group=none"
ROWS = "#rows > tr[data-id]"
GAPS = "#rows > tr[data-gap]"
_HEIGHT = "document.documentElement.scrollHeight"


def name(number: int) -> str:
    return f"barrel-{number:03}"


@pytest.fixture(scope="module")
def quay(port: Console) -> Iterator[Console]:
    yield port
    port.engine.clear()


@pytest.fixture
def harbour(quay: Console) -> Console:
    """The console; what a test makes on its host is left to the next one of this file, for so many take a while."""
    return quay


@pytest.fixture
def barrels(harbour: Console) -> list[str]:
    """Short ids of many containers, by their number. Nothing else is there, and none was ever started."""
    found = harbour.engine.json("GET", "/containers/json?all=1")
    here = {one["Names"][0].removeprefix("/"): one["Id"][:12] for one in found if one["State"] == "created"}
    wanted = {name(number): here.get(name(number)) for number in range(COUNT)}
    for one in found:
        if one["Id"][:12] not in wanted.values():
            harbour.engine.api("DELETE", f"/containers/{one['Id']}?force=1")
    return [container_id or run_container(harbour, one, start=False) for one, container_id in wanted.items()]


@pytest.fixture
def long(page: Page, barrels: list[str]) -> Page:
    page.goto(LIST)
    expect(page.locator("#list-count")).to_contain_text(f"{COUNT} containers")
    gap_is_drawn(page)
    return page


def gap_is_drawn(page: Page) -> None:
    """Wait until the list is as long as it says: its script has made the gap as high as what it stands for."""
    expect(page.locator(f"{GAPS} .gap-words")).to_have_count(1)


def link(page: Page, number: int) -> Locator:
    return page.get_by_role("link", name=name(number), exact=True)


def test_the_end_and_the_middle_are_where_the_scroll_bar_says(long: Page) -> None:
    height = long.evaluate(_HEIGHT)
    long.keyboard.press("End")
    expect(link(long, COUNT - 1)).to_be_in_viewport()
    assert abs(long.evaluate(_HEIGHT) - height) < 100
    # What lies between is not fetched for it.
    assert long.locator(ROWS).count() < COUNT
    long.evaluate(f"scrollTo(0, {_HEIGHT} / 2)")
    expect(link(long, COUNT // 2 + 5)).to_be_in_viewport()
    long.reload()
    expect(link(long, COUNT // 2 + 5)).to_be_in_viewport()
    # Scrolled through, each is there once.
    long.keyboard.press("Home")
    long.mouse.move(700, 500)
    while long.locator(GAPS).count():
        long.mouse.wheel(0, 600)
        long.wait_for_timeout(50)
    assert long.locator(f"{ROWS} td.lead a").all_text_contents() == [name(number) for number in range(COUNT)]


def test_keys_and_a_range_of_rows_pass_what_was_not_there(long: Page) -> None:
    long.keyboard.press("End")
    expect(link(long, COUNT - 1)).to_be_in_viewport()
    before = long.locator(f"{GAPS} + tr td.lead a").text_content() or ""
    first = int(before.removeprefix("barrel-"))
    link(long, first).focus()
    long.keyboard.press("k")
    expect(link(long, first - 1)).to_be_focused()
    long.evaluate("scrollTo(0, 0)")
    long.get_by_label(f"Select {name(2)}").click()
    long.get_by_label(f"Select {name(COUNT - 3)}").click(modifiers=["Shift"])
    expect(long.locator("[data-selected-count]")).to_have_text(str(COUNT - 4))


def test_what_changes_out_of_sight_is_right_when_it_is_scrolled_to(
    long: Page, harbour: Console, barrels: list[str]
) -> None:
    gap = long.locator(GAPS)
    size = int(gap.get_attribute("data-gap") or 0)
    harbour.engine.api("DELETE", f"/containers/{barrels[200]}")
    expect(gap).to_have_attribute("data-gap", str(size - 1))
    run_container(harbour, "barrel-300b", start=False)
    expect(gap).to_have_attribute("data-gap", str(size))
    harbour.engine.api("POST", f"/containers/{barrels[310]}/start")
    long.keyboard.press("End")
    expect(long.locator(f"#c-{barrels[310]} .state")).to_contain_text("up")
    expect(long.get_by_role("link", name="barrel-300b", exact=True)).to_have_count(1)


def test_a_break_loses_neither_place_nor_selection(page: Page, harbour: Console, barrels: list[str]) -> None:
    sockets: list[WebSocketRoute] = []

    def relay(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile("/lists/containers/"), relay)
    page.goto(LIST)
    gap_is_drawn(page)
    page.evaluate(f"scrollTo(0, {_HEIGHT} / 2)")
    middle = link(page, COUNT // 2 + 5)
    expect(middle).to_be_in_viewport()
    page.get_by_label(f"Select {name(COUNT // 2 + 5)}").click()
    # What happens meanwhile makes the list come anew.
    begun = len(sockets)
    sockets[-1].close(code=1012)
    run_container(harbour, "anchor", start=False)
    expect(page.locator("#list-count")).to_contain_text(f"{COUNT + 1} containers")
    assert len(sockets) > begun
    expect(middle).to_be_in_viewport()
    expect(page.locator("[data-selected-count]")).to_have_text("1")
    expect(page.locator(f"#c-{barrels[COUNT // 2 + 5]}")).to_have_attribute("aria-selected", "true")
    harbour.engine.api("DELETE", f"/containers/{barrels[COUNT // 2 + 5]}")
    expect(page.locator("#bulk")).to_be_hidden()


def test_a_group_is_folded_where_it_is_and_all_of_it_can_be_meant(page: Page, harbour: Console) -> None:
    harbour.engine.remove_all_containers()
    for number in range(140):
        stack = {"com.docker.compose.project": f"stack-{number // 14}"}
        run_container(harbour, name(number), start=False, Labels=stack)
    page.goto("/h/local/containers/")
    expect(page.locator("#list-count")).to_contain_text("140 containers")
    page.keyboard.press("End")
    heading = page.locator("tr.group", has_text="stack-9")
    expect(heading).to_be_in_viewport()
    heading.get_by_role("button", name="stack-9", exact=True).click()
    expect(link(page, 139)).to_have_count(0)
    expect(heading).to_be_in_viewport()
    expect(heading.get_by_role("button", name="stack-9", exact=True)).to_be_focused()
    # With all folded the box at the head means all of them.
    page.goto("/h/local/containers/?group=folded")
    page.get_by_label("Select all shown").check()
    expect(page.locator("[data-selected-count]")).to_have_text("140")
    page.locator("#bulk").get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove 140 containers").click()
    expect(page.locator("#progress header")).to_contain_text("140 of 140 done")
    expect(page.locator("#list-count")).to_contain_text("0 containers")
