"""The log page in a browser: colours, fields, search, parts, links; what is kept; and a flood that stalls nothing."""

import json
import re

import pytest
from playwright.sync_api import Browser, Page, StorageState, WebSocketRoute, expect

from tests.consoles import Console
from tests.e2e.conftest import PATIENCE_MS, keep_logs, kept_page, run_container
from tests.images import layer_tar

pytestmark = [pytest.mark.real, pytest.mark.e2e]

_SPEAKS = r"""printf '\033[31mred\033[0m plain\n'
echo '{"level":"error","msg":"refused","order":{"id":7}}'
echo '<img src=x onerror=alert(1)><script>alert(2)</script>'
printf '\033]0;title\007cleared\033[2J\n'
for i in 1 2 3 4 5 6 7 8 9; do echo "apple $i"; done
sleep 600"""


def test_a_line_is_shown_as_what_it_is_and_never_as_markup(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "speaker", _SPEAKS)
    page.goto(f"/h/local/containers/{container_id}/logs/")
    lines = page.locator(".log-line")
    expect(lines).to_have_count(13)
    expect(lines.nth(0).locator(".ansi-ink-1")).to_have_text("red")
    expect(lines.nth(1)).to_have_class(re.compile("error"))
    expect(lines.nth(1).locator(".words")).to_have_text("refused  order.id=7")
    expect(lines.nth(2).locator(".words")).to_have_text("<img src=x onerror=alert(1)><script>alert(2)</script>")
    expect(lines.nth(3).locator(".words")).to_have_text("cleared")
    assert page.locator(".log-view img").count() == 0
    page.keyboard.press("f")
    expect(lines.nth(1).locator(".words")).to_have_text('{"level":"error","msg":"refused","order":{"id":7}}')


def test_searching_filtering_and_a_link_to_a_line_by_keys(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "speaker", _SPEAKS)
    page.goto(f"/h/local/containers/{container_id}/logs/")
    expect(page.locator(".log-line")).to_have_count(13)
    page.keyboard.press("/")
    page.keyboard.type("apple [1-3]")
    expect(page.locator("[data-log-matches]")).to_have_text("0 found")
    page.get_by_label("Regular expression").click()
    expect(page.locator(".log-line")).to_have_count(3)
    page.get_by_label("Only matches").click()
    expect(page.locator(".log-line")).to_have_count(13)
    page.keyboard.press("n")
    expect(page.locator("[data-log-matches]")).to_have_text("3 of 3")
    page.keyboard.press("N")
    expect(page.locator(".log-line.is-current")).to_contain_text("apple 2")
    assert "regex=1" in page.url
    page.locator(".log-line.is-current .t").click()
    page.evaluate("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
    page.get_by_label("Copy a link to the chosen line").click()
    page.goto(page.evaluate("window.copied"))
    expect(page.locator(".log-line.is-chosen")).to_have_count(1)
    expect(page.get_by_text("the end of the log, as it was just now")).to_be_visible()
    page.get_by_role("button", name="back to live").click()
    expect(page.locator("[data-log-figures]")).to_contain_text(re.compile("lines?/s"))


# One line on which `(a+)+$` backtracks for ever; it comes with the second start.
_BACKTRACKS = f"""echo apple 1; echo apple 2; echo aaa
if [ -e /tmp/again ]; then echo {"a" * 40}!; fi; touch /tmp/again; sleep 600"""
_TOO_SLOW = "This pattern takes too long on these lines"


def test_a_pattern_that_backtracks_for_ever_is_put_aside_and_holds_up_nothing(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "backtracker", _BACKTRACKS)
    lines, matches, query = (
        page.locator(".log-line"),
        page.locator("[data-log-matches]"),
        page.locator("[data-log-query]"),
    )
    # While no line is there that makes it slow, it finds.
    page.goto(f"/h/local/containers/{container_id}/logs/?q=(a%2B)%2B%24&regex=1")
    expect(lines).to_have_count(1)
    expect(lines.locator("mark")).to_have_text("aaa")
    harbour.engine.api("POST", f"/containers/{container_id}/restart?t=0")
    expect(matches).to_contain_text(_TOO_SLOW)
    expect(lines).to_have_count(7)
    expect(query).to_have_attribute("aria-invalid", "true")
    # With a line that does, in the page or by a link.
    for is_opened_anew in (False, True):
        if is_opened_anew:
            page.goto(f"/h/local/containers/{container_id}/logs/?q=(a%2B)%2B%24&regex=1")
        else:
            query.fill("(a+)*$")
        expect(matches).to_contain_text(_TOO_SLOW)
        query.fill("app(le) 1")
        expect(lines).to_have_count(2)
        expect(lines.locator("mark")).to_have_text(["apple 1", "apple 1"])
        expect(matches).to_have_text("2 found")
    # What runs patterns is not there any more: the console is another one than that of the page.
    page.route("**/pattern_worker-*", lambda route: route.fulfill(status=404))
    query.fill("app(le) 2")
    expect(matches).to_contain_text("load the page again")
    page.get_by_label("Regular expression").click()
    query.fill("apple")
    expect(lines).to_have_count(4)


def test_matches_in_kept_logs_stay_unmarked_where_a_browser_takes_too_long(page: Page, harbour: Console) -> None:
    """What the server sends is made up: patterns that are quick there and slow here are hard to come by."""

    def answer(socket: WebSocketRoute) -> None:
        source = {"id": "0" * 64, "name": "backtracker"}
        socket.send(json.dumps({"t": "sources", "sources": [source], "begins": 0, "dropped": False}))
        socket.send(json.dumps({"t": "found", "found": [[0, f"o2026-11-24T03:00:00.000000000Z {'a' * 40}!"]]}))
        socket.send(json.dumps({"t": "end", "more": False, "read_bytes": 1, "damaged": 0, "reached": ""}))

    keep_logs(page)
    page.route_web_socket("**/logs/kept/?*", answer)
    page.goto("/h/local/logs/kept/?q=(a%2B)%2B%24&regex=1")
    expect(page.locator("[data-log-figures]")).to_contain_text("matches are not marked")
    expect(page.locator(".log-line")).to_have_count(1)


def test_a_flood_is_shown_whole_or_counted_and_can_be_paused(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "flood", "yes flood | head -n 60000; echo last; sleep 600", start=False)
    page.goto(f"/h/local/containers/{container_id}/logs/")
    expect(page.locator(".log-note")).to_have_count(1)
    harbour.engine.api("POST", f"/containers/{container_id}/start")
    expect(page.get_by_text("last", exact=True)).to_be_visible()
    # The page says once a second what it has taken, and what it was told to be missing.
    page.wait_for_function(
        "() => { const { taken, skipped } = document.querySelector('[data-logs]').dataset;"
        " return Number(taken) + Number(skipped) === 60_001; }"
    )
    assert page.locator(".log-line").count() < 100
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()


@pytest.mark.on_peers("dockerd")
def test_logs_of_two_containers_come_together_in_the_order_of_time(page: Page, harbour: Console) -> None:
    script = "sleep {}; i=0; while [ $i -lt 5 ]; do echo {} $i; i=$((i+1)); sleep 0.2; done; sleep 600"
    run_container(harbour, "odd", script.format(0, "odd"))
    run_container(harbour, "mute", HostConfig={"LogConfig": {"Type": "none"}})
    page.goto("/h/local/logs/")
    # What is made while the page is open can be chosen too.
    run_container(harbour, "even", script.format(0.1, "even"))
    page.get_by_role("button", name="Choose containers").click()
    page.get_by_label("odd").check()
    page.get_by_label("even").check()
    page.get_by_label("mute").check()
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".log-line")).to_have_count(10)
    expect(
        page.get_by_text("mute: Nothing that this container writes is kept: its log driver is “none”")
    ).to_be_visible()
    expect(page.locator("[data-log-figures]")).to_contain_text("1 cannot be read")
    times = page.locator(".log-line .t").all_inner_texts()
    assert times == sorted(times)
    assert {*page.locator(".log-source").all_inner_texts()} == {"odd", "even"}


def test_what_is_shown_of_two_containers_in_a_part_of_time_is_saved_as_json(page: Page, harbour: Console) -> None:
    rubbish = r"""printf '{"level":"info","msg":"pear"}\n\377\000\033[31mred\n'"""
    run_container(harbour, "crate", f"{rubbish}; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo apple; sleep 600")
    run_container(harbour, "sack", "echo oops >&2; sleep 600")
    page.goto("/h/local/logs/?c=crate&c=sack")
    lines = page.locator(".log-line")
    expect(lines).to_have_count(3)
    # In a later second than all the others.
    page.wait_for_timeout(1100)
    assert harbour.engine.api("PUT", "/containers/crate/archive?path=/tmp", layer_tar({"go": b""}))[0] == 200
    expect(lines).to_have_count(4)
    first, last = (json.loads(row)["time"] for row in (_saved_as_json(page)[0], _saved_as_json(page)[-1]))
    assert first < last
    # All but the last, which was written later.
    page.goto(f"/h/local/logs/?c=crate&c=sack&until={last[:19]}Z")
    expect(page.get_by_text("the end of this part").first).to_be_visible()
    expect(lines).to_have_count(3)
    rows = [json.loads(row) for row in _saved_as_json(page)]
    assert sorted((row["container"], row["stream"]) for row in rows) == [
        ("crate", "stdout"), ("crate", "stdout"), ("sack", "stderr"),
    ]  # fmt: skip
    texts = [row["line"] for row in rows if row["container"] == "crate"]
    assert json.loads(texts[0]) == {"level": "info", "msg": "pear"}
    assert texts[1] == "\ufffd\x00\x1b[31mred"
    page.get_by_label("Find in the log").fill("oops")
    expect(lines).to_have_count(1)
    assert [json.loads(row)["line"] for row in _saved_as_json(page)] == ["oops"]


def _saved_as_json(page: Page) -> list[str]:
    page.get_by_title("Download").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="The lines that are shown as JSON").click()
    assert saved.value.suggested_filename.endswith(".jsonl")
    return saved.value.path().read_text().splitlines()


def test_what_a_container_wrote_is_found_after_another_took_its_name(page: Page, harbour: Console) -> None:
    keep_logs(page)
    run_container(harbour, "diary", "echo first entry; sleep 600")
    kept_page(page, "/h/local/logs/kept/?q=first+entry", "first entry")
    page.goto("/h/local/logs/kept/?q=first+(entry|visit)&regex=1")
    expect(page.locator(".log-line mark")).to_have_text("first entry")
    harbour.engine.api("DELETE", "/containers/diary?force=1")
    container_id = run_container(harbour, "diary", "echo second entry; sleep 600")
    page.goto(f"/h/local/containers/{container_id}/logs/")
    page.get_by_text("1 earlier container of this name is kept").wait_for()
    page.get_by_role("link", name="search all of them").click()
    expect(page.locator(".log-line").first).to_contain_text("first entry")


def test_the_last_minutes_and_the_past_are_drawn_without_anyone_having_watched(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "worker", "while :; do :; done", HostConfig={"NanoCpus": 500_000_000})
    page.goto(f"/h/local/containers/{container_id}/stats/?span=3600")
    expect(page.get_by_role("button", name="1 h")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-words=cpu]")).to_have_text("% of at most 50 %")
    expect(page.locator(".u-over")).to_have_count(5)


def test_levels_times_and_long_lines_are_chosen_and_a_part_of_the_past_is_shown(page: Page, harbour: Console) -> None:
    script = "echo level=error msg=broken; echo level=info msg=fine; printf '%0400d\\n' 7; sleep 600"
    container_id = run_container(harbour, "chooser", script)
    page.goto(f"/h/local/containers/{container_id}/logs/")
    lines = page.locator(".log-line")
    expect(lines).to_have_count(3)
    page.get_by_label("Levels").select_option("3")
    expect(lines).to_have_count(1)
    page.get_by_label("Levels").select_option("0")
    expect(lines).to_have_count(3)
    short = lines.nth(2).bounding_box()
    page.keyboard.press("Escape")
    page.get_by_label("Wrap").click()
    expect(page.get_by_label("Wrap")).to_have_attribute("aria-pressed", "true")
    assert short is not None
    # Rows are drawn anew in the next frame.
    page.wait_for_function(
        "height => document.querySelectorAll('.log-line')[2].offsetHeight > height", arg=short["height"]
    )
    page.get_by_label("Times").select_option("off")
    expect(page.locator(".log-line .t").first).to_be_hidden()
    page.get_by_label("Which part of the log").select_option("last-900")
    expect(lines).to_have_count(3)
    assert "last" in page.url


def test_reading_above_the_end_stays_put_and_jumps_back(page: Page, harbour: Console) -> None:
    script = "i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done; while :; do sleep 1; echo later; done"
    container_id = run_container(harbour, "scroller", script)
    page.goto(f"/h/local/containers/{container_id}/logs/")
    expect(page.get_by_text("line 399", exact=True)).to_be_visible()
    page.locator("[data-log-view]").hover()
    page.mouse.wheel(0, -100_000)
    expect(page.get_by_text("line 0", exact=True)).to_be_visible()
    jump = page.locator("[data-log-jump]")
    expect(jump).to_contain_text(re.compile(r"\d"))
    expect(page.get_by_text("line 0", exact=True)).to_be_visible()
    jump.click()
    expect(page.get_by_text("later").first).to_be_visible()


def test_what_cannot_be_shown_is_told_in_words(page: Page, harbour: Console) -> None:
    silent = run_container(harbour, "silent", "echo x; sleep 600", HostConfig={"LogConfig": {"Type": "none"}})
    for _ in range(2):  # whoever comes second is told the same, once
        page.goto(f"/h/local/containers/{silent}/logs/")
        expect(page.get_by_text("its log driver is “none”")).to_have_count(1)
    container_id = run_container(harbour, "talker", "echo one; echo two; sleep 600")
    page.goto(f"/h/local/containers/{container_id}/logs/?at=2020-01-01T00:00:00.000000001Z")
    expect(page.locator(".log-note").first).to_contain_text("no longer in this log")
    expect(page.locator(".log-line")).to_have_count(2)
    expect(page.locator(".log-line.is-chosen")).to_have_count(0)
    page.get_by_label("Which part of the log").select_option("between")
    page.get_by_label("From", exact=True).fill("2026-11-28T20:00:00")
    page.get_by_label("to", exact=True).fill("2026-11-28T19:00:00")
    page.get_by_role("button", name="Show", exact=True).click()
    assert "earlier" in page.get_by_label("to", exact=True).evaluate("(box) => box.validationMessage")
    assert "until" not in page.url
    page.get_by_label("to", exact=True).fill("2026-11-28T21:00:00")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("the end of this part")).to_be_visible()


def test_after_a_lost_connection_each_line_is_there_once_and_what_never_came_is_told(
    page: Page, harbour: Console
) -> None:
    """What the server sends is made up: its readers end when nobody watches for a while, which no test waits for."""
    asked: list[str] = []
    lines = [f"o2026-11-24T03:00:0{number}.000000000Z line {number}" for number in range(10)]
    # The reader of each connection, its first number and lines.
    sent = [("a", 0, lines[:4]), ("b", 0, lines[1:6]), ("b", 8, lines[6:7]), ("c", 0, lines[8:])]

    def answer(socket: WebSocketRoute) -> None:
        run, first, some = sent[min(len(asked), len(sent) - 1)]
        asked.append(socket.url)
        socket.send(json.dumps({"t": "lines", "run": run, "n": first, "lines": some, "replay": True}))
        if len(asked) < len(sent):
            socket.close(code=4000)

    page.route_web_socket("**/logs/?*", answer)
    container_id = run_container(harbour, "torn")
    page.goto(f"/h/local/containers/{container_id}/logs/")
    shown = page.locator(".log-line .words")
    expect(shown).to_have_text([f"line {number}" for number in (0, 1, 2, 3, 4, 5, 6, 8, 9)])
    expect(page.locator(".log-note").first).to_contain_text("3 lines skipped here")
    expect(page.locator(".log-note").last).to_contain_text("Lines are missing here")
    expect(page.locator("[data-log-figures]")).to_contain_text("some are missing")
    assert "run=a&after=2026-11-24T03%3A00%3A00.000000000Z" in asked[1]


def test_a_long_line_is_shown_to_its_end_and_marked_lines_are_copied_without_their_times(
    page: Page, harbour: Console
) -> None:
    long = "i=0; while [ $i -lt 500 ]; do printf 0123456789; i=$((i+1)); done; echo END"
    container_id = run_container(harbour, "wide", f"{long}; echo one; echo two; echo three; sleep 600")
    page.goto(f"/h/local/containers/{container_id}/logs/")
    words = page.locator(".log-line .words")
    expect(words).to_have_count(4)
    expect(words.first).not_to_contain_text("END")
    page.get_by_role("button", name="show 1 kB more").click()
    expect(words.first).to_contain_text("9END")
    expect(page.locator("[data-log-view]")).to_be_focused()
    page.locator("[data-log-view]").evaluate("view => { view.scrollLeft = 0; }")
    # Found and measured in one: rows are drawn anew after a move.
    boxes = page.evaluate(
        "[1, 3].map(at => document.querySelectorAll('.log-line .words')[at].getBoundingClientRect().toJSON())"
    )
    page.evaluate(
        "document.addEventListener('copy', (e) => { window.copied = e.clipboardData.getData('text/plain'); })"
    )
    page.mouse.move(boxes[0]["x"] + 1, boxes[0]["y"] + 8)
    page.mouse.down()
    page.mouse.move(boxes[1]["x"] + 20, boxes[1]["y"] + 8, steps=4)
    page.mouse.up()
    page.keyboard.press("Control+c")
    assert page.evaluate("window.copied").startswith("one\ntwo\nth")


def test_an_hour_that_is_there_twice_keeps_which_of_them_was_meant(
    harbour: Console, chromium: Browser, signed_in: StorageState
) -> None:
    container_id = run_container(harbour, "night")
    context = chromium.new_context(base_url=harbour.url, storage_state=signed_in, timezone_id="Europe/Berlin")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    # Clocks went back from 3 to 2 at 01:00 UTC.
    page.goto(f"/h/local/containers/{container_id}/logs/?since=2026-10-25T00:30:00Z&until=2026-10-25T01:30:00Z")
    expect(page.locator("[data-log-from]")).to_have_value(re.compile("^2026-10-25T02:30"))
    expect(page.locator("[data-log-to]")).to_have_value(re.compile("^2026-10-25T02:30"))
    page.locator("[data-log-to]").press("Enter")
    page.wait_for_url(re.compile(r"since=2026-10-25T00%3A30%3A00.0+Z&until=2026-10-25T01%3A30%3A00.0+Z"))
    page.locator("[data-log-from]").fill("2026-10-25T02:15:00")
    page.locator("[data-log-to]").fill("2026-10-25T02:45:00")
    page.locator("[data-log-to]").press("Enter")
    page.wait_for_url(re.compile(r"since=2026-10-25T00%3A15%3A00.0+Z&until=2026-10-25T01%3A45%3A00.0+Z"))
    context.close()
