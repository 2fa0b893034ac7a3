"""Every page that links lead to, with the longest names that things may have: it answers, has no fault, and fits."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.consoles import Console
from tests.e2e.conftest import PATIENCE_MS, run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

_WIDTH = 390
# Pages of one kind, as those of two containers, are looked at twice.
_OF_A_KIND = 2
# So many there are at least: with fewer the way to some is lost.
_AT_LEAST = 120
# Files, and what ends the session.
_NO_PAGE = re.compile(r"download|csv|export|sign-out")
_LINKS = "[...document.querySelectorAll('a[href]')].map((one) => new URL(one.href)).filter((one) => one.origin === origin).map((one) => one.pathname + one.search)"  # noqa: E501
# What is too wide, and not within something that scrolls by itself.
_HANGS_OUT = """width => [...document.querySelectorAll("main *")]
  .filter((one) => one.getBoundingClientRect().right > width + 1)
  .map((one) => one.outerHTML.slice(0, 120)).at(-1)"""


@pytest.fixture
def _long_names(harbour: Console) -> Iterator[None]:
    engine = harbour.engine
    binds = [f"volume-{'v' * 80}:/data/{'d' * 90}"]
    run_container(
        harbour, f"a-very-long-name-that-somebody-gave-{'x' * 60}", Env=[f"LONG={'z' * 400}"],
        Labels={"com.docker.compose.project": f"stack-{'y' * 70}", "k" * 100: "v" * 300}, HostConfig={"Binds": binds},
    )  # fmt: skip
    network = {"Name": f"network-{'n' * 80}", "Labels": {"l" * 90: "m" * 200}}
    assert engine.api("POST", "/networks/create", network)[0] == 201
    repository, tag = f"registry.example.test:5000/{'i' * 90}/{'j' * 60}", "t" * 100
    assert engine.api("POST", f"/images/busybox/tag?repo={repository}&tag={tag}")[0] == 201
    yield
    assert engine.api("DELETE", f"/images/{repository}:{tag}")[0] == 200


@pytest.mark.usefixtures("_long_names")
def test_every_page_answers_has_no_fault_and_fits(harbour: Console, chromium: Browser, signed_in: StorageState) -> None:
    context = chromium.new_context(
        base_url=harbour.url, storage_state=signed_in, viewport={"width": _WIDTH, "height": 844}, is_mobile=True
    )
    context.set_default_timeout(PATIENCE_MS)
    page, faults = context.new_page(), list[str]()
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    page.on("console", lambda said: "Content Security" in said.text and faults.append(f"{page.url}: {said.text}"))
    seen, kinds, waiting = set[str](), Counter[str](), ["/"]
    while waiting:
        url = waiting.pop()
        if url in seen or _NO_PAGE.search(url) or kinds[_kind(url)] == _OF_A_KIND:
            continue
        seen.add(url)
        kinds[_kind(url)] += 1
        faults += _faults_of(page, url)
        waiting += page.evaluate(_LINKS)
    context.close()
    assert not faults, "\n".join(faults)
    assert len(seen) > _AT_LEAST


def _kind(url: str) -> str:
    """Without what tells one thing from another, and without what is asked for."""
    return re.sub(r"=[^&]*", "=", re.sub(r"[0-9a-f]{12,}|\d+", "0", url))


def _faults_of(page: Page, url: str) -> list[str]:
    answer = page.goto(url)
    status = answer.status if answer else 0
    faults = [f"{url}: {status}"] * (status != 200)
    # A phone's window is as wide as what is in it: innerWidth would be that.
    wide = page.evaluate("document.documentElement.scrollWidth") - _WIDTH
    if wide > 0:
        faults.append(f"{url}: {wide} px hang out at the side: {page.evaluate(_HANGS_OUT, _WIDTH)}")
    return faults
