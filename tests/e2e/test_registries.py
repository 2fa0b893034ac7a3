"""Registries as a person at a browser meets them: added, tried, and private images had by them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.daemons import Registry
from tests.registries import PASSWORD, USER, basic_registry, fill

pytestmark = [pytest.mark.real, pytest.mark.e2e]


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Registry]:
    with basic_registry(tmp_path) as running:
        fill(running, "shop/web", ["1.9", "1.10", "latest"])
        fill(running, "shop/worker", ["1"])
        yield running


def _offered(page: Page) -> list[str]:
    names: list[str] = page.evaluate("[...document.getElementById('images').options].map((one) => one.value)")
    return names


def test_a_private_image_is_pulled_once_its_registry_is_added(page: Page, harbour: Console, peer: Registry) -> None:
    if harbour.host is not None:
        pytest.skip("console and host both ask the registry, and such a host has a loopback of its own")
    name = f"{peer.address}/shop/web:1.10"
    page.goto("/h/local/images/pull/")
    page.fill("input[name=reference]", name)
    page.get_by_role("button", name="Pull").click()
    page.wait_for_url("**/jobs/*-*/")
    expect(page.locator("#job .notice.bad")).to_contain_text("none of the registries that you may use fits")
    page.get_by_role("link", name="Add a registry").click()
    expect(page.locator("input[name=address]")).to_have_value(peer.address)
    page.fill("input[name=name]", "Shop images")
    page.fill("input[name=username]", USER)
    page.fill("input[name=password]", "not-this-one")
    page.select_option("select[name=encryption]", "plain")
    page.get_by_role("button", name="Test").click()
    expect(page.locator("#findings .bad")).to_contain_text("does not take this user name and password")
    # What was typed is still there: nothing was sent back but what the test found.
    page.fill("input[name=password]", PASSWORD)
    # By its key: the page is on its way up to what the first test found, and a pointer would miss.
    with page.expect_response(lambda reply: reply.request.method == "POST"):
        page.get_by_role("button", name="Test").press("Enter")
    expect(page.locator("#findings")).to_contain_text("It lists 2.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#rows tr[data-id]", has_text=peer.address)).to_contain_text("Shop images")

    page.goto("/h/local/images/pull/")
    page.locator("input[name=reference]").press_sequentially(f"{peer.address}/w")
    expect(page.locator("#id_reference-offers")).to_have_text("2 repositories at Shop images")
    assert [one for one in _offered(page) if "/shop/" in one] == [
        f"{peer.address}/shop/web", f"{peer.address}/shop/worker",
    ]  # fmt: skip
    page.fill("input[name=reference]", f"{peer.address}/shop/web:")
    expect(page.locator("#id_reference-offers")).to_have_text("3 tags at Shop images")
    tags = [one.rpartition(":")[2] for one in _offered(page) if "/shop/web:" in one]
    assert tags == ["latest", "1.10", "1.9"]
    page.fill("input[name=reference]", name)
    page.get_by_role("button", name="Pull").click()
    page.wait_for_url("**/jobs/*-*/")
    expect(page.locator("#head-state")).to_contain_text("done")
    expect(page.locator("#job-log")).to_contain_text("signed in by the registry Shop images")

    page.goto("/h/local/containers/run/")
    page.locator("input[name=image]").press_sequentially(f"{peer.address}/shop/worker:")
    expect(page.locator("#id_image-offers")).to_have_text("1 tag at Shop images")
    assert f"{peer.address}/shop/worker:1" in _offered(page)

    page.goto("/registries/")
    page.locator("#rows tr[data-id]", has_text=peer.address).get_by_role("link", name="Shop images").click()
    assert page.input_value("input[name=password]") == ""
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Remove").click()
    expect(page.locator("dialog, [role=dialog]").first).to_contain_text("its password here is forgotten")
    page.get_by_role("button", name="Remove 1 registry").click()
    page.wait_for_url("**/registries/")
    expect(page.locator("main")).to_contain_text("No registries yet")
    harbour.engine.api("DELETE", f"/images/{name}?force=1")


def test_whose_a_container_becomes_is_chosen_where_it_is_made(page: Page) -> None:
    page.goto("/h/local/containers/run/")
    page.fill("input[name=image]", "busybox")
    page.fill("input[name=name]", "everybodys")
    page.get_by_label("Whose it is").select_option("public")
    page.get_by_role("button", name="Create and start").last.click()
    page.wait_for_url("**/containers/*/")
    expect(
        page.get_by_role("region", name="Access").or_(page.locator("section[aria-label=Access]")).first
    ).to_contain_text("Public")
