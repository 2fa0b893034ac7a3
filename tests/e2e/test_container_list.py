"""The containers list: what can be asked of it, what it gives as a file, and thousands of rows in a window."""

import csv

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import ADMIN, Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

LIST = "/h/local/containers/"
ROWS = "#rows > tr[data-id]"


def named(page: Page) -> set[str]:
    return set(page.locator(f"{ROWS} td.lead a").all_text_contents())


@pytest.mark.on_peers("dockerd")
def test_every_kind_of_question_finds_its_containers(page: Page, harbour: Console) -> None:
    checked = {"Healthcheck": {"Test": ["CMD-SHELL", "exit 1"], "Interval": 1_000_000_000, "Retries": 1}}
    run_container(harbour, "gate", Labels={"tier": "front"}, **checked)
    run_container(harbour, "lock", "exit 7", Labels={"tier": "back"})
    run_container(harbour, "quay", start=False)
    asked = {
        "state:exited": {"lock"}, "state:created,exited": {"lock", "quay"}, "label:tier": {"gate", "lock"},
        "label:tier=back": {"lock"}, "!name:gate": {"lock", "quay"}, "image:busybox": {"gate", "lock", "quay"},
        "image:nginx": set(), "qua": {"quay"}, "exit:7": {"lock"},
    }  # fmt: skip
    page.goto(LIST)
    expect(page.locator(ROWS)).to_have_count(3)
    for words, names in asked.items():
        page.get_by_label("Filter", exact=True).first.fill(words)
        for name in ("gate", "lock", "quay"):
            row = page.locator(f"{ROWS} td.lead a", has_text=name)
            expect(row, f"{name} for {words}").to_have_count(1 if name in names else 0)
    # A host that runs no health checks of itself leaves them at "starting", which is as much a question.
    page.goto(f"{LIST}?q=health:unhealthy,starting")
    expect(page.locator(ROWS)).to_have_count(1)
    page.goto("/containers/?q=host:local")
    expect(page.locator(ROWS).first).to_be_visible()


def test_why_one_ended_can_be_read_at_every_width(page: Page, harbour: Console) -> None:
    ends = {"FPE": "exit 136, arithmetic error", "ILL": "exit 132, bad instruction", "KILL": "exit 137, killed"}
    for signal in ends:
        run_container(harbour, f"by-{signal.lower()}", f"sh -c 'kill -{signal} $$'; exit $?")
    page.goto(LIST)
    for width in (1440, 1024, 900, 640, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for signal, words in ends.items():
            said = page.locator("#rows > tr", has_text=f"by-{signal.lower()}").locator(".said")
            expect(said).to_have_text(words)
            assert said.evaluate("one => one.scrollWidth <= one.clientWidth"), (width, words)


def test_what_somebody_ran_here_is_found_by_its_owner(page: Page, harbour: Console) -> None:
    run_container(harbour, "stray", start=False)
    page.goto("/h/local/containers/run/")
    page.get_by_label("Image").first.fill("busybox")
    page.get_by_label("Name", exact=True).fill("mine")
    page.get_by_label("Command").first.fill("sleep 600")
    page.get_by_role("button", name="Create and start").last.click()
    expect(page.get_by_role("heading", name="mine")).to_be_visible()
    page.goto(f"{LIST}?q=owner:{ADMIN}")
    expect(page.locator(ROWS)).to_have_count(1)
    assert named(page) == {"mine"}


def test_a_sort_is_kept_in_the_address_and_the_list_comes_as_csv(page: Page, harbour: Console) -> None:
    for name in ("pear", "apple", "fig"):
        run_container(harbour, name, start=False, Labels={"note": "=1+1"})
    page.goto(LIST)
    page.get_by_role("link", name="Name", exact=True).click()
    page.wait_for_url("**sort=**")
    page.reload()
    shown = page.locator(f"{ROWS} td.lead a")
    expect(shown).to_have_count(3)
    assert shown.all_inner_texts() in (["apple", "fig", "pear"], ["pear", "fig", "apple"])
    page.goto(f"{LIST}?q=!name:fig")
    page.get_by_role("button", name="More for this list").click()
    page.get_by_role("menuitem", name="Download as CSV").click()
    page.get_by_label("All 19 fields").check()
    page.get_by_label("Semicolons").check()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    lines = list(csv.reader(saved.value.path().read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    assert {line[lines[0].index("name")] for line in lines[1:]} == {"pear", "apple"}


def test_a_view_is_saved_renamed_not_replaced_unasked_and_brought_back(page: Page, harbour: Console) -> None:
    run_container(harbour, "pear", start=False)
    page.goto(f"{LIST}?q=pear&columns=name.image-300.state")
    page.get_by_role("button", name="Views").click()
    name = page.get_by_label("Save what is shown now as")
    name.fill("Fruit")
    name.press("Enter")
    page.get_by_role("button", name="Rename the view Fruit").press("Enter")
    expect(page.get_by_label("New name of Fruit")).to_be_focused()
    page.get_by_label("New name of Fruit").fill("Pears")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rename the view Pears")).to_be_focused()
    page.keyboard.press("Escape")
    page.goto(f"{LIST}?q=apple")
    page.get_by_role("button", name="Views").click()
    name.fill("pears")
    name.press("Enter")
    expect(page.get_by_role("row", name="Filter pear apple")).to_be_visible()
    expect(page.get_by_role("button", name="Choose another name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(name).to_be_focused()
    page.get_by_role("button", name="Remove the view Pears").click()
    expect(page.get_by_role("button", name="Bring it back")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Pears", exact=True).click()
    expect(page.get_by_role("link", name="pear", exact=True)).to_be_visible()
    heads = page.locator("#rows-head th[data-column]")
    expect(heads).to_have_text(["Name", "Image", "State"])
    assert heads.nth(1).evaluate("one => one.offsetWidth") == 300
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Remove the view Pears").click()
    expect(page.get_by_text("“Pears” was removed.")).to_be_visible()


def test_a_selection_is_acted_on_and_removed_with_what_goes_shown(page: Page, harbour: Console) -> None:
    for number in range(3):
        run_container(harbour, f"crate-{number}")
    page.goto(f"{LIST}?q=name:crate")
    expect(page.locator(ROWS)).to_have_count(3)
    page.get_by_label("Select all shown").check()
    bar = page.locator("#bulk")
    bar.get_by_role("button", name="Stop").click()
    expect(page.locator("#progress")).to_have_attribute("data-ended", "whole")
    expect(page.locator(f"{ROWS} .state", has_text="exit")).to_have_count(3)
    page.get_by_label("Select all shown").check()
    bar.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("dialog")).to_contain_text("crate-1")
    page.get_by_role("button", name="Remove 3 containers").click()
    expect(page.locator(ROWS)).to_have_count(0)


def test_more_rows_come_as_the_reader_scrolls(page: Page, harbour: Console) -> None:
    for number in range(110):
        run_container(harbour, f"barrel-{number:03}", start=False)
    page.goto(f"{LIST}?q=name:barrel&sort=name")
    expect(page.locator("#list-count")).to_contain_text("110")
    # What the page heard of while it was open has come to it, however many; a list that is opened now is a window.
    page.reload()
    assert page.locator(ROWS).count() <= 100
    page.locator(ROWS).last.scroll_into_view_if_needed()
    page.mouse.wheel(0, 20_000)
    expect(page.locator(ROWS)).to_have_count(110)
    assert len(named(page)) == 110


def test_the_focus_outlives_what_it_was_on(page: Page, harbour: Console) -> None:
    ids = {name: run_container(harbour, name, start=name == "berth") for name in ("anchor", "berth", "crane")}
    page.goto(f"{LIST}?group=none&sort=name")
    row = page.locator(ROWS, has_text="berth")
    # Its console goes with it when it ends; the row stays.
    row.get_by_role("link", name="Console berth").focus()
    harbour.engine.api("POST", f"/containers/{ids['berth']}/kill")
    expect(row.get_by_role("link", name="Console berth")).to_have_count(0)
    expect(row.get_by_role("link", name="berth", exact=True)).to_be_focused()
    # A menu gives it back to a row that was drawn anew under it.
    page.keyboard.press("m")
    expect(page.get_by_role("menu")).to_be_visible()
    harbour.engine.api("POST", f"/containers/{ids['berth']}/start")
    expect(row.get_by_role("link", name="Console berth")).to_be_visible()
    page.keyboard.press("Escape")
    expect(row.locator(":focus")).to_have_count(1)
    # Where a row goes, the next one has it.
    harbour.engine.api("DELETE", f"/containers/{ids['berth']}?force=1")
    expect(row).to_have_count(0)
    expect(page.get_by_role("link", name="crane", exact=True)).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="anchor", exact=True)).to_be_focused()
    # A sort draws the whole list anew.
    head = page.get_by_role("columnheader", name="Name").get_by_role("link")
    head.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=-name**")
    expect(head).to_be_focused()
