"""Every page, in both themes and on a phone, looked at by axe-core: no violation of WCAG 2.2 AA."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.consoles import Console
from tests.e2e.conftest import PATIENCE_MS, keep_logs, kept_page, run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

_AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# Best practices that a screen reader's user would miss, beside what WCAG asks for.
_ALSO = {rule: {"enabled": True} for rule in ("heading-order", "landmark-unique", "empty-table-header", "region")}
# All that the other theme can do to a page whose rest was looked at.
_CONTRAST = {"type": "rule", "values": ["color-contrast"]}
_IS_DARK = "document.documentElement.dataset.bsTheme === 'dark'"
_LOOKS: tuple[dict[str, Any], ...] = (
    {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    {"color_scheme": "dark", "viewport": {"width": 1440, "height": 900}},
    {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}, "has_touch": True},
)


def _pages(container: str, stopped: str, *own: str) -> list[str]:
    """Every page; `own` are those of a job, of a registry, of a team and of an image."""
    job, registry, team, image = own
    host, here = "/h/local", f"/h/local/containers/{container}"
    files = ("files/", "files/?path=/etc", "files/?path=/no/where", "files/file/?path=/etc/passwd")
    pages = ("stats/", "configuration/", "inspect/", "inspect/?as=text", "layers/", "commit/")
    tabs = ("", "logs/", "console/", *files, *pages)
    return [
        "/", "/hosts/", "/hosts/add/", "/jobs/", job, "/profile/", "/profile/tokens/", "/profile/tokens/add/",
        f"{host}/terminal/",
        "/people/", "/people/add/", "/profile/security/", "/profile/security/app/", "/profile/connected/", "/ways-in/",
        "/teams/", "/teams/add/", team, f"{team}people/", f"{team}people/invite/", "/teams/led/", "/roles/",
        "/registries/", "/registries/add/", registry, f"{registry}access/",
        "/ways-in/provider/add/", "/ways-in/directory/add/", "/audit/", f"{host}/", f"{host}/containers/",
        "/containers/", f"{host}/containers/?q=stack:shop&group=folded", f"{host}/containers/?q=nothing-like-it",
        f"{host}/containers/run/", f"{host}/containers/run/?edit={container}",
        *(f"{here}/{tab}" for tab in tabs), f"{host}/containers/{stopped}/", f"{host}/images/", f"{host}/images/pull/",
        image, f"{image}push/", f"{host}/access/container/{container}/",
        f"{host}/rules/",
        f"{host}/volumes/", f"{host}/volumes/create/", f"{host}/networks/", f"{host}/networks/create/",
        f"{host}/logs/", f"{host}/logs/?c=web", f"{host}/logs/kept/", f"{host}/logs/kept/?q=hello",
        f"{host}/logs/keeping/",
        "/no-such-page/",
    ]  # fmt: skip


@pytest.mark.timeout(900)
def test_no_page_has_a_fault_that_axe_can_find(harbour: Console, chromium: Browser, signed_in: StorageState) -> None:
    container = run_container(
        harbour, "web", "echo level=info msg=hello; echo ERROR no; sleep 600",
        HostConfig={"Memory": 64 << 20, "NetworkMode": "default"},
        Labels={"com.docker.compose.project": "shop"}, Env=["TOKEN=secret"],
        Healthcheck={"Test": ["CMD-SHELL", "echo fine"], "Interval": 1_000_000_000},
    )  # fmt: skip
    stopped = run_container(harbour, "broken", "exit 3")
    harbour.engine.json("POST", "/volumes/create", {"Name": "data"})
    harbour.engine.json("POST", "/networks/create", {"Name": "edge"})
    faults: list[str] = []
    job, registry = _some_job(harbour, chromium, signed_in), _some_registry(harbour, chromium, signed_in)
    team, image = _some_team(harbour, chromium, signed_in), f"/h/local/images/{_image(harbour)}/"
    stranger = chromium.new_context(base_url=harbour.url, bypass_csp=True)
    stranger.set_default_timeout(PATIENCE_MS)
    door = stranger.new_page()
    door.add_init_script(path=str(_AXE))
    door.goto("/sign-in/")
    faults += [f"/sign-in/: {one}" for one in _found(door)]
    stranger.close()
    keeping = chromium.new_context(base_url=harbour.url, storage_state=signed_in)
    keeping.set_default_timeout(PATIENCE_MS)
    keeper = keeping.new_page()
    keep_logs(keeper)
    kept_page(keeper, "/h/local/logs/kept/?q=hello", "hello")
    keeping.close()
    for look in (_LOOKS[0], _LOOKS[2]):
        context = chromium.new_context(
            base_url=harbour.url, storage_state=signed_in, bypass_csp=True, reduced_motion="reduce", **look
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.add_init_script(path=str(_AXE))
        for url in _pages(container, stopped, job, registry, team, image):
            page.emulate_media(color_scheme=look["color_scheme"])
            page.goto(url)
            page.wait_for_load_state("load")
            if url.endswith("q=hello") or (container in url and url.endswith(("logs/", "console/", "stats/"))):
                page.wait_for_selector(".log-line, .xterm-rows, .uplot")
            faults += [f"{look['color_scheme']} {look['viewport']['width']} {url}: {one}" for one in _found(page)]
            if look["color_scheme"] == "light":
                # It grows dark while the page is open.
                page.emulate_media(color_scheme="dark")
                page.wait_for_function(_IS_DARK)
                faults += [f"grown dark {url}: {one}" for one in _found(page, only=_CONTRAST)]
        context.close()
    assert not faults, "\n".join(sorted(set(faults)))


def test_nothing_that_opens_over_a_page_has_a_fault(
    harbour: Console, chromium: Browser, signed_in: StorageState
) -> None:
    web = run_container(harbour, "web", HostConfig={"NetworkMode": "none"})
    run_container(harbour, "broken", "exit 3", HostConfig={"NetworkMode": "none"})
    here, faults = f"/h/local/containers/{web}/", []
    for look in _LOOKS[1:]:
        context = chromium.new_context(base_url=harbour.url, storage_state=signed_in, bypass_csp=True, **look)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.add_init_script(path=str(_AXE))

        def look_at(what: str, page: Page = page, where: str = f"{look['viewport']['width']}") -> None:
            faults.extend(f"{where} {what}: {one}" for one in _found(page))

        def dialog(name: str, *, exact: bool = True, page: Page = page, look_at: Any = look_at) -> None:
            page.get_by_role("button", name=name, exact=exact).first.click()
            page.get_by_role("dialog").wait_for()
            look_at(name)

        page.goto("/h/local/containers/")
        for name in ("Columns", "Views", "Filter"):
            dialog(name)
            page.keyboard.press("Escape")
            page.get_by_role("dialog").wait_for(state="hidden")
        page.keyboard.press("Control+k")
        page.keyboard.type("web")
        page.get_by_role("option", name="web").first.wait_for()
        look_at("the finder")
        page.keyboard.press("Escape")
        page.get_by_label("Select web").check()
        look_at("the bar for what is selected")
        page.locator("#bulk").get_by_role("button", name="Remove").click()
        page.get_by_role("dialog").wait_for()
        look_at("what a removal takes")
        page.keyboard.press("Escape")
        page.get_by_label("Select broken").check()
        page.locator("#bulk").get_by_role("button", name="Start", exact=True).click()
        page.locator('#progress[data-ended="whole"]').wait_for()
        page.locator('#rows [aria-busy="true"]').first.wait_for(state="detached")
        look_at("the panel of progress")
        page.goto(f"{here}files/?path=/etc")
        dialog("New folder")
        page.get_by_role("textbox", name="Name").fill("a/b")
        page.keyboard.press("Enter")
        page.get_by_role("dialog").get_by_role("alert").wait_for()
        look_at("a name that cannot be")
        page.goto(f"{here}configuration/")
        dialog("Recreate", exact=False)
        if look["viewport"]["width"] < 700:
            page.keyboard.press("Escape")
            page.locator("[data-sidebar]").click()
            look_at("the menu")
        context.close()
    assert not faults, "\n".join(sorted(set(faults)))


def test_who_may_only_use_a_registry_reads_a_page_without_a_fault(
    harbour: Console, chromium: Browser, signed_in: StorageState
) -> None:
    registry = _some_registry(harbour, chromium, signed_in, name="Lent images")
    admin = chromium.new_context(base_url=harbour.url, storage_state=signed_in)
    admin.set_default_timeout(PATIENCE_MS)
    page = admin.new_page()
    page.goto(f"{registry}access/")
    page.locator("input[name=visibility][value=public]").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    page.goto("/people/add/")
    page.fill("input[name=username]", "mia")
    page.get_by_role("button", name="Add").last.click()
    link = page.locator("[data-link]").first.inner_text()
    admin.close()
    context = chromium.new_context(base_url=harbour.url, bypass_csp=True, **_LOOKS[2])
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.add_init_script(path=str(_AXE))
    page.goto(link)
    faults = _found(page)
    for field in page.locator("input[type=password]").all():
        field.fill("a harbour at night")
    with page.expect_navigation():
        page.get_by_role("button", name="Set the password").click()
    page.goto(registry)
    page.get_by_role("heading", name="Lent images").wait_for()
    assert page.get_by_role("textbox", name="Address").count() == 0
    assert not faults + _found(page)
    context.close()


def _image(console: Console) -> str:
    """The short id of busybox:latest."""
    return str(console.engine.json("GET", "/images/busybox:latest/json")["Id"]).removeprefix("sha256:")[:12]


def _some_job(console: Console, chromium: Browser, state: StorageState) -> str:
    """The address of a job that failed: it was asked for an image of a registry that is not there."""
    context = chromium.new_context(base_url=console.url, storage_state=state)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/h/local/images/pull/")
    page.fill("input[name=reference]", "127.0.0.1:1/nobody:1")
    page.get_by_role("button", name="Pull").click()
    page.wait_for_url("**/jobs/*-*/")
    page.get_by_role("button", name="Retry").wait_for()
    address = page.url.removeprefix(console.url)
    context.close()
    return address


def _some_team(console: Console, chromium: Browser, state: StorageState) -> str:
    """The address of a team that one person is in."""
    context = chromium.new_context(base_url=console.url, storage_state=state)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/teams/add/")
    page.fill("input[name=name]", "Night shift")
    page.locator("input[name=members]").first.check()
    page.get_by_role("button", name="Add the team").click()
    page.wait_for_url(re.compile(r"/teams/\d+/$"))
    address = page.url.removeprefix(console.url)
    context.close()
    return address


def _some_registry(console: Console, chromium: Browser, state: StorageState, *, name: str = "Shop images") -> str:
    context = chromium.new_context(base_url=console.url, storage_state=state)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/registries/add/")
    page.fill("input[name=name]", name)
    page.fill("input[name=address]", "ghcr.io")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name=name).click()
    page.wait_for_url("**/registries/*/")
    address = page.url.removeprefix(console.url)
    context.close()
    return address


def _found(page: Any, *, only: dict[str, Any] | None = None) -> list[str]:
    rules = {"runOnly": only} if only else {"runOnly": _RULES, "rules": _ALSO}
    options = json.dumps({**rules, "resultTypes": ["violations"]})
    violations = page.evaluate(f"axe.run(document, {options}).then(({{ violations }}) => violations)")
    return [
        f"{one['id']} ({one['impact']}): {' | '.join(node['html'][:160] for node in one['nodes'][:3])}"
        f" {one['nodes'][0].get('failureSummary', '')[:200]}".replace("\n", " ")
        for one in violations
    ]
