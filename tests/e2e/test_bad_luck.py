"""Bad luck, as a browser shows it: a host that goes, a container removed under every view, huge lines."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.consoles import Console, Person
from tests.e2e.conftest import PATIENCE_MS, run_container
from tests.relays import Relay, running_relay

pytestmark = [pytest.mark.real, pytest.mark.e2e]

LIST = "/h/local/containers/"
_TABS = ("", "logs/", "console/", "stats/", "files/?path=/tmp")
_ALL_TABS = (*_TABS, "configuration/", "layers/", "inspect/", "inspect/?as=text", "commit/")
EVIL = "<img src=x onerror=alert(1)>\x1b[31m\x1b]0;t\x07"


@pytest.fixture
def pages(harbour: Console, chromium: Browser, signed_in: StorageState) -> Iterator[list[Page]]:
    """A page for the list, and one for each live tab of a container, of one browser."""
    context = chromium.new_context(base_url=harbour.url, storage_state=signed_in)
    context.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    opened = [context.new_page() for _ in (LIST, *_TABS)]
    for page in opened:
        page.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    context.close()
    assert faults == []


@pytest.mark.on_peers("dockerd")
def test_a_container_that_is_removed_is_told_of_in_every_view(pages: list[Page], harbour: Console) -> None:
    container_id = run_container(harbour, "doomed", "while :; do echo alive; sleep 1; done")
    overview, *tabs = pages
    overview.goto(LIST)
    for page, tab in zip(tabs, _TABS, strict=True):
        page.goto(f"{LIST}{container_id}/{tab}")
    expect(tabs[1].locator(".log-line").first).to_contain_text("alive")
    expect(tabs[2].locator("[data-console-state]")).to_have_text("connected")
    harbour.engine.api("DELETE", f"/containers/{container_id}?force=1")
    # A page in the background rests; it is right as soon as somebody looks.
    overview.bring_to_front()
    expect(overview.locator(f"#c-{container_id}")).to_have_count(0)
    for page in tabs:
        page.bring_to_front()
        expect(page.locator("#gone")).to_contain_text("This container was removed")
        expect(page.locator("#head-buttons button")).to_have_count(0)
    # The lines that came stay readable; what was typed into goes on no more, and says so.
    expect(tabs[1].locator(".log-line").first).to_contain_text("alive")
    expect(tabs[2].locator("[data-console-state]")).not_to_have_text("connected")


@pytest.fixture
def relay(harbour: Console, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """A second way to the host, as a host of its own, "Far": one that can be cut."""
    olga = Person(harbour)
    olga.sign_in()
    with (
        tempfile.TemporaryDirectory(prefix="qs-") as folder,
        running_relay(Path(folder) / "far.sock", harbour.engine.socket) as one,
    ):
        assert olga.submit("/hosts/add/", {"name": "Far", "url": one.url})[0] == 302
        yield one
    assert olga.submit("/hosts/add/", {"confirmed": "1"}, to="/h/far/remove/")[0] in {200, 302}


def test_a_host_that_goes_away_says_since_when_and_heals(page: Page, harbour: Console, relay: Relay) -> None:
    container_id = run_container(harbour, "steady", "while :; do echo alive; sleep 1; done")
    other = page.context.new_page()
    page.goto("/h/far/containers/")
    expect(page.locator(f"#c-{container_id}")).to_be_visible()
    other.goto(f"/h/far/containers/{container_id}/logs/")
    expect(other.locator(".log-line").first).to_contain_text("alive")
    relay.cut()
    for one in (page, other):
        expect(one.locator("#stale")).to_contain_text(re.compile(r"Far.*Shown is what it had at \d{4}-\d\d-\d\d"))
    expect(page.locator(f"#c-{container_id}")).to_be_visible()
    page.get_by_label("Select steady").check()
    page.locator("#bulk").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Far").last).to_be_visible()
    page.goto(f"/h/far/containers/{container_id}/")
    expect(page.get_by_role("heading", name="steady")).to_be_visible()
    run_container(harbour, "newcomer", start=False)
    relay.mend()
    expect(page.locator("#stale .notice")).to_have_count(0)
    expect(other.locator("#stale .notice")).to_have_count(0)
    page.goto("/h/far/containers/")
    expect(page.get_by_role("link", name="newcomer", exact=True)).to_be_visible()


@pytest.mark.parametrize("part", [r"/chunk-\w+\.js", r"/app-\w+\.css"])
def test_a_page_that_did_not_arrive_whole_says_so(page: Page, part: str) -> None:
    page.route(re.compile(part), lambda route: route.abort())
    page.goto(LIST)
    told = page.get_by_text("A part of this page did not arrive")
    expect(told).to_be_visible()
    page.unroute_all()
    with page.expect_navigation():
        page.get_by_role("link", name="Reload", exact=True).click()
    expect(told).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_line_of_fifty_megabytes_hurts_nobody(page: Page, harbour: Console) -> None:
    script = "echo before; dd if=/dev/zero bs=1000000 count=50 2>/dev/null | tr '\\0' x; echo; echo after; sleep 600"
    container_id = run_container(harbour, "endless", script, start=False)
    page.goto(f"{LIST}{container_id}/logs/")
    # The log was looked at: whoever comes later than its first line gets the last ones.
    expect(page.locator(".log-note")).to_have_count(1)
    harbour.engine.api("POST", f"/containers/{container_id}/start")
    # A part of it stands for the whole, and the page can still be used.
    expect(page.locator(".log-line", has_text="xxxxxxxx").first).to_be_visible(timeout=90_000)
    expect(page.locator(".log-line", has_text="after")).to_be_visible(timeout=90_000)
    # It comes in pieces of 64 KiB, of which the first has its time as well. What came too fast is counted.
    pieces = -(-(50_000_000 + 31) // 65_536)
    page.wait_for_function(
        "(count) => { const { taken, skipped } = document.querySelector('[data-logs]').dataset;"
        " return Number(taken) + Number(skipped) === count; }",
        arg=1 + pieces + 1,
    )
    assert page.evaluate("document.body.innerText.length") < 2_000_000
    # What stood before it has long left the view, and maybe the page, and can be reached.
    _reach_what_was_before(page)
    page.keyboard.press("End")
    expect(page.locator(".log-line", has_text="after")).to_have_count(1)
    # Whoever comes later gets the end of it, and comes to its beginning as well.
    page.goto(f"{LIST}{container_id}/logs/")
    expect(page.locator(".log-line", has_text="after")).to_be_visible()
    _reach_what_was_before(page)


def _reach_what_was_before(page: Page) -> None:
    before = page.locator(".log-line .words", has_text=re.compile("^before$"))
    elsewhere = page.get_by_role("button", name="The page is full. Show what was before")
    for _ in range(240):
        page.keyboard.press("Home")
        if before.count():
            break
        if elsewhere.count():
            elsewhere.click()
        page.wait_for_timeout(250)
    expect(before).to_have_count(1)


def test_markup_and_escape_sequences_are_text_wherever_they_come_from(page: Page, harbour: Console) -> None:
    labels = {"com.docker.compose.project": EVIL, "note": EVIL, "com.docker.compose.service": EVIL}
    container_id = run_container(
        harbour, "evil", f"printf '%s\\n' '{EVIL}'; exit 3", Labels=labels, Env=[f"WORDS={EVIL}"], Entrypoint=["sh"],
        Cmd=["-c", f"printf '%s\\n' '{EVIL}'; mkdir '/tmp/<img src=x>'; exit 3"],
    )  # fmt: skip
    for path in (LIST, f"{LIST}?q=evil", *(f"{LIST}{container_id}/{tab}" for tab in (*_ALL_TABS, "?x"))):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.locator("img[src=x]").count() == 0, path
    page.goto("/h/local/containers/run/")
    page.get_by_label("Image").first.fill("busybox")
    page.locator("[name=command]").fill(f"'{EVIL}'")
    page.get_by_role("button", name="Create and start").last.click()
    expect(page.locator(".error, .notice.bad").first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0


def test_an_upload_that_is_cut_in_the_middle_leaves_no_half_of_a_file(
    page: Page, harbour: Console, tmp_path: Path
) -> None:
    container_id = run_container(harbour, "dock")
    big = tmp_path / "big.bin"
    with big.open("wb") as file:
        file.truncate(300_000_000)
    page.goto(f"{LIST}{container_id}/files/?path=/tmp")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.get_by_role("button", name="Upload").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("menuitem", name="Files…").click()
    chooser.value.set_files(big)
    uploading = page.locator("[data-uploading]")
    expect(uploading).to_contain_text(re.compile(r"\d"))
    uploading.get_by_role("button", name="Cancel").click()
    expect(uploading).to_be_hidden()
    page.reload()
    expect(page.locator("#list-count")).to_have_text(re.compile("^(0|no) "))
