"""On a phone: nothing hangs out at the side, what is pressed is large enough, and no bar lies over the focus."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

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


# What is still under the bar at the bottom when a page is scrolled to its end.
_UNDER = """async () => {
  scrollTo(0, document.documentElement.scrollHeight);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const top = document.querySelector(".tabbar").getBoundingClientRect().top;
  return [...document.querySelectorAll("main :is(a, button, input, select, textarea, summary)")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter((one) => one.getBoundingClientRect().width > 1 && one.getBoundingClientRect().bottom > top + 1)
    .map((one) => one.outerHTML.slice(0, 160));
}"""


@pytest.fixture
def phone(harbour: Console, chromium: Browser, signed_in: StorageState) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=harbour.url, storage_state=signed_in, viewport={"width": 390, "height": 844}, has_touch=True,
        is_mobile=True, color_scheme="dark", reduced_motion="reduce",
    )  # fmt: skip
    yield context.new_page()
    context.close()


@pytest.mark.timeout(240)
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
        wide = phone.evaluate("document.documentElement.scrollWidth - innerWidth")
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
