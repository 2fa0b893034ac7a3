"""One list over hosts of several kinds, one of which goes away and comes back, and one with markup for a name."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console, Person
from tests.daemons import Daemon
from tests.e2e.conftest import run_container
from tests.podman import running_podman
from tests.relays import Relay, running_relay

pytestmark = [pytest.mark.real, pytest.mark.e2e, pytest.mark.peer]

EVERYWHERE = "/containers/"
EVIL = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True, slots=True)
class Yard:
    """A dockerd behind a relay, "Far", and a Podman whose name is EVIL, beside the console's own host."""

    far: Daemon
    relay: Relay
    evil: Daemon
    evil_slug: str


@pytest.fixture
def yard(harbour: Console, dockerd: Daemon, busybox_tar: Path) -> Iterator[Yard]:
    olga = Person(harbour)
    olga.sign_in()
    with (
        tempfile.TemporaryDirectory(prefix="qs-") as name,
        running_podman(Path(name)) as podman,
        running_relay(Path(name) / "far.sock", dockerd.socket) as relay,
    ):
        podman.load(busybox_tar)
        slugs = []
        for shown, url in (("Far", relay.url), (EVIL, podman.url)):
            status, _body, headers = olga.submit("/hosts/add/", {"name": shown, "url": url})
            assert status == 302
            slugs.append(str(re.search(r"/h/([^/]+)/", headers["Location"])[1]))  # type: ignore[index]
        yield Yard(dockerd, relay, podman, slugs[1])
        for slug in slugs:
            assert olga.submit("/hosts/add/", {"confirmed": "1"}, to=f"/h/{slug}/remove/")[0] in {200, 302}
        dockerd.remove_all_containers()


def _run(daemon: Daemon, name: str) -> str:
    body = {"Image": "busybox", "Cmd": ["sleep", "600"], "StopTimeout": 0}
    container_id = str(daemon.json("POST", f"/containers/create?name={name}", body)["Id"])
    assert daemon.api("POST", f"/containers/{container_id}/start")[0] == 204
    return container_id[:12]


def _state(daemon: Daemon, name: str) -> str:
    return str(daemon.json("GET", f"/containers/{name}/json")["State"]["Status"])


def test_one_list_over_three_hosts(page: Page, harbour: Console, yard: Yard) -> None:
    here, far, evil = run_container(harbour, "here-1"), _run(yard.far, "far-1"), _run(yard.evil, "evil-1")
    page.goto(EVERYWHERE)
    rows = {one: page.locator(f"#c-{one}") for one in (here, far, evil)}
    expect(rows[here]).to_contain_text(harbour.host_name)
    expect(rows[far]).to_contain_text("Far")
    expect(rows[evil]).to_contain_text(EVIL)
    assert page.locator("img[src=x]").count() == 0

    # Asked for one host, and for another one while the page stands.
    asked = page.get_by_label("Filter", exact=True).first
    for words, shown in (("host:far", {far}), (f"host:{yard.evil_slug}", {evil}), ("host:local,far", {here, far})):
        asked.fill(words)
        for one, row in rows.items():
            expect(row, f"{words}: {one}").to_have_count(1 if one in shown else 0)
    page.reload()
    expect(rows[far]).to_be_visible()
    expect(rows[evil]).to_have_count(0)
    newcomer = _run(yard.evil, "evil-2")
    asked.fill("")
    expect(page.locator(f"#c-{newcomer}")).to_be_visible()

    # Done to one of each host, with an outcome for each.
    for name in ("here-1", "far-1", "evil-1"):
        page.get_by_label(f"Select {name}", exact=True).check()
    page.locator("#bulk").get_by_role("button", name="Stop").click()
    expect(page.locator("#progress header")).to_contain_text("3 of 3 done")
    for row in rows.values():
        expect(row.locator(".state")).to_contain_text("exit")
    assert {_state(harbour.engine, "here-1"), _state(yard.far, "far-1"), _state(yard.evil, "evil-1")} == {"exited"}
    assert _state(yard.evil, "evil-2") == "running"


def test_a_host_that_is_away_leaves_the_others_alone(page: Page, harbour: Console, yard: Yard) -> None:
    here, far = run_container(harbour, "here-1"), _run(yard.far, "far-1")
    page.goto(EVERYWHERE)
    expect(page.locator(f"#c-{far}")).to_be_visible()
    yard.relay.cut()
    expect(page.locator("#stale")).to_contain_text(re.compile(r"Far.*Shown is what it had at \d{4}-\d\d-\d\d"))
    expect(page.locator(f"#c-{far}")).to_be_visible()
    # What is on the others goes on; what is on it says why it does not.
    for name in ("here-1", "far-1"):
        page.get_by_label(f"Select {name}", exact=True).check()
    page.locator("#bulk").get_by_role("button", name="Stop").click()
    expect(page.locator("#progress header")).to_contain_text("1 of 2 done · 1 failed")
    expect(page.locator("#progress li", has_text="far-1")).to_contain_text("Far")
    expect(page.locator(f"#c-{here} .state")).to_contain_text("exit")
    yard.far.api("DELETE", f"/containers/{far}?force=1")
    later = _run(yard.far, "far-2")
    yard.relay.mend()
    expect(page.locator("#stale .notice")).to_have_count(0)
    expect(page.locator(f"#c-{far}")).to_have_count(0)
    expect(page.locator(f"#c-{later}")).to_be_visible()


def test_markup_in_the_name_of_a_host_is_text_on_every_page(page: Page, yard: Yard) -> None:
    container_id = _run(yard.evil, "evil-1")
    there = f"/h/{yard.evil_slug}"
    paths = ["/", EVERYWHERE, "/hosts/", "/jobs/", "/audit/", f"{there}/", f"{there}/containers/", f"{there}/logs/"]
    paths += [f"{there}/containers/{container_id}/{tab}" for tab in ("", "configuration/", "logs/", "console/")]
    for path in paths:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.locator("img[src=x]").count() == 0, path
    page.goto(EVERYWHERE)
    expect(page.locator(f"#c-{container_id}")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("evil-1")
    expect(page.locator("#palette li").first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
