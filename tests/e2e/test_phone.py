"""On a phone: nothing hangs out at the side, what is pressed is large enough, and no bar lies over the focus."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.consoles import Console
from tests.e2e.conftest import PATIENCE_MS, run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

_WIDTH = 390
# CSS pixels; WCAG 2.2, 2.5.8 asks for as much.
_SMALLEST = 24
# What is pressed, but for links within a text, and boxes whose words can be pressed as well.
_SMALL = """smallest => [...document.querySelectorAll(":is(main, .tabbar) :is(a, button, input, select, summary)")]
  .filter((one) => !one.closest(".cm-editor, .xterm, .visually-hidden") && !one.matches(".visually-hidden"))
  .filter((one) => getComputedStyle(one).display !== "inline" && one.checkVisibility({ visibilityProperty: true }))
  .map((one) => [one, one.matches("[type=checkbox], [type=radio]") && one.closest("label") || one])
  .map(([one, pressed]) => [one, pressed.getBoundingClientRect()])
  .filter(([, box]) => box.height > 1 && Math.round(Math.min(box.height, box.width)) < smallest)
  .map(([one]) => one.outerHTML.slice(0, 160))"""
# The middle of what has the focus is either its own or something's within it: nothing lies over it.
_COVERED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + Math.min(box.width / 2, 10), box.y + box.height / 2);
  const isSeen = at && (one.contains(at) || at.contains(one) || one.closest("label")?.contains(at));
  return [one.outerHTML.slice(0, 120), Boolean(isSeen), one.matches(":focus-visible")];
}"""

# What can be pressed or come to in the page: nothing of it, where something lies over all of it.
_IN_REACH = """() => [...document.querySelectorAll(":is(.skip, .topbar, main) :is(a, button, input, select)")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("[inert]"))
  .map((one) => one.outerHTML.slice(0, 160))"""


# What is still under the bar at the bottom when a page is scrolled to its end.
_UNDER = """async () => {
  // What comes into the page meanwhile makes it longer.
  for (let height = 0; height !== document.documentElement.scrollHeight;) {
    height = document.documentElement.scrollHeight;
    scrollTo(0, height);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
  const top = document.querySelector(".tabbar").getBoundingClientRect().top;
  return [...document.querySelectorAll("main :is(a, button, input, select, textarea, summary)")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter((one) => one.getBoundingClientRect().width > 1 && one.getBoundingClientRect().bottom > top + 1)
    .map((one) => one.outerHTML.slice(0, 160));
}"""


@pytest.fixture
def phone(harbour: Console, chromium: Browser, signed_in: StorageState) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=harbour.url, storage_state=signed_in, viewport={"width": _WIDTH, "height": 844}, has_touch=True,
        is_mobile=True, color_scheme="dark", reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_every_page_fits_and_can_be_pressed(phone: Page, harbour: Console) -> None:
    long = run_container(
        harbour, "a-very-long-name-that-somebody-gave-" + "x" * 60, HostConfig={"NetworkMode": "none"},
        Labels={"com.docker.compose.project": "stack-" + "y" * 70, "k" * 100: "v" * 300}, Env=["LONG=" + "z" * 400],
    )  # fmt: skip
    here = f"/h/local/containers/{long}/"
    tabs = ("", "logs/", "console/", "files/", "files/file/?path=/etc/passwd", "stats/", "configuration/", "inspect/",
            "inspect/?as=text", "layers/", "commit/")  # fmt: skip
    faults = []
    for url in (
        "/", "/h/local/", "/h/local/containers/", "/containers/", "/h/local/containers/run/",
        f"/h/local/containers/run/?edit={long}", *(f"{here}{tab}" for tab in tabs), "/h/local/images/",
        "/h/local/volumes/create/", "/h/local/networks/", "/registries/add/", "/people/", "/teams/add/", "/ways-in/",
        "/audit/", "/profile/tokens/add/", "/h/local/logs/keeping/",
    ):  # fmt: skip
        phone.goto(url)
        # A phone's window is as wide as what is in it: innerWidth would be that.
        wide = phone.evaluate("document.documentElement.scrollWidth") - _WIDTH
        faults += [f"{url}: {wide} px hang out at the side"] * (wide > 0)
        faults += [f"{url}: too small: {one}" for one in phone.evaluate(_SMALL, _SMALLEST)]
        faults += [f"{url}: under the bar: {one}" for one in phone.evaluate(_UNDER)]
    assert not faults, "\n".join(faults)
    phone.goto("/h/local/containers/")
    phone.get_by_role("button", name="All of stack-").click()
    expect(phone.get_by_role("menuitem").first).to_be_in_viewport()


def test_the_focus_is_never_under_a_bar(phone: Page, harbour: Console) -> None:
    run_container(harbour, "web", HostConfig={"NetworkMode": "none"})
    covered = []
    for url in ("/h/local/containers/run/", "/registries/add/", "/ways-in/directory/add/"):
        phone.goto(url)
        phone.locator("#main").focus()
        for _stop in range(60):
            phone.keyboard.press("Tab")
            # Two frames later the page has scrolled.
            phone.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            found = phone.evaluate(_COVERED)
            if found is None:
                break
            covered += [f"{url}: {found[0]}"] * (not found[1] or not found[2])
    assert not covered, "\n".join(covered)


def test_what_the_menu_covers_is_out_of_reach_until_it_is_closed(phone: Page) -> None:
    phone.goto("/h/local/logs/keeping/")
    menu, more, covered = phone.locator("#sidebar"), phone.locator("[data-sidebar]"), phone.locator("main")
    save = phone.get_by_role("button", name="Save")

    def opened() -> None:
        more.tap()
        expect(menu).to_be_visible()
        expect(more).to_have_attribute("aria-expanded", "true")
        expect(menu.locator(":focus")).to_have_count(1)
        assert phone.evaluate(_IN_REACH) == []

    def closed() -> None:
        expect(menu).to_be_hidden()
        expect(more).to_have_attribute("aria-expanded", "false")
        save.focus()
        expect(save).to_be_focused()

    opened()
    for _stop in range(30):
        phone.keyboard.press("Tab")
        expect(covered.locator(":focus")).to_have_count(0)
    phone.keyboard.press("Escape")
    expect(more).to_be_focused()
    closed()
    opened()
    more.tap()
    closed()
    opened()
    # Beside it: the menu goes, and nothing of the page is pressed.
    phone.touchscreen.tap(380, 400)
    closed()
    opened()
    phone.set_viewport_size({"width": 1440, "height": 900})
    save.focus()
    expect(save).to_be_focused()
    phone.set_viewport_size({"width": 390, "height": 844})
    closed()
    opened()
    menu.get_by_role("link", name="Containers", exact=False).first.tap()
    phone.wait_for_url("**/containers/")
    expect(menu).to_be_hidden()
    phone.go_back()
    closed()
