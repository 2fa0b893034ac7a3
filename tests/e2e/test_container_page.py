"""What the page of a container says and does: health, ends, processes, networks, names, and being made anew."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.daemons import Registry, running_registry
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

LIST = "/h/local/containers/"


@pytest.fixture
def registry(harbour: Console, tmp_path: Path) -> Iterator[Registry]:
    with running_registry(tmp_path, *harbour.engine.prefix) as running:
        yield running


@pytest.mark.on_peers("dockerd")
def test_health_is_told_run_by_run(page: Page, harbour: Console) -> None:
    check = {"Test": ["CMD-SHELL", "echo tide is out; exit 1"], "Interval": 1_000_000_000, "Retries": 2}
    container_id = run_container(harbour, "gauge", Healthcheck=check)
    page.goto(f"{LIST}{container_id}/")
    health = page.locator("#health")
    expect(health).to_contain_text("every 1 s")
    if harbour.engine.name == "podman":
        # Its checks are timers of systemd; where that is not, none is ever run.
        expect(health).to_contain_text("not yet checked")
        return
    expect(health).to_contain_text("tide is out")
    expect(health).to_contain_text("times in a row")
    expect(page.locator("#head-state")).to_contain_text("unhealthy")
    expect(page.locator("#trouble")).to_contain_text("It says: tide is out")


def test_why_it_ended_stands_on_its_page(page: Page, harbour: Console) -> None:
    lost = run_container(harbour, "lost", "no-such-command")
    page.goto(f"{LIST}{lost}/")
    expect(page.locator("#trouble")).to_contain_text("command was not found")
    ended = run_container(harbour, "ended", "echo the last word; exit 9")
    page.goto(f"{LIST}{ended}/")
    expect(page.locator("#trouble")).to_contain_text("Exit code 9")
    expect(page.locator(".log-line")).to_contain_text("the last word")


def test_processes_and_figures_are_live(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "works", "sleep 601 & while :; do :; done", HostConfig={"Memory": 64 << 20})
    page.goto(f"{LIST}{container_id}/stats/")
    expect(page.locator("#processes")).to_contain_text("sleep 601")
    expect(page.locator("[data-value=cpu]")).to_have_text(re.compile(r"^[1-9][\d.]*"))
    expect(page.locator("[data-words=memory]")).to_contain_text("of 67.1 MB")
    harbour.engine.api("POST", f"/containers/{container_id}/kill")
    expect(page.locator("#head-state")).to_contain_text("exit 137")


@pytest.mark.on_peers("dockerd")
def test_a_network_is_joined_and_left_while_it_runs(page: Page, harbour: Console) -> None:
    harbour.engine.json("POST", "/networks/create", {"Name": "canal"})
    container_id = run_container(harbour, "boat", HostConfig={"NetworkMode": "default"})
    page.goto(f"{LIST}{container_id}/configuration/")
    page.get_by_label("Network", exact=True).select_option("canal")
    page.get_by_label("Also known as").fill("ferry")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text("holds from now on")).to_be_visible()
    expect(page.get_by_text("ferry").first).to_be_visible()
    assert "canal" in harbour.engine.json("GET", f"/containers/{container_id}/json")["NetworkSettings"]["Networks"]
    page.get_by_role("button", name="Leave canal").click()
    expect(page.get_by_text("holds from now on")).to_be_visible()
    expect(page.get_by_role("button", name="Leave canal")).to_have_count(0)


def test_it_is_renamed_and_a_taken_name_is_refused_in_place(page: Page, harbour: Console) -> None:
    run_container(harbour, "taken", start=False)
    container_id = run_container(harbour, "before")
    page.goto(f"{LIST}{container_id}/configuration/")
    name = page.get_by_role("textbox", name="Name", exact=True)
    name.fill("taken")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_text(re.compile("[Tt]aken"))).not_to_have_count(0)
    # Whoever works by keys is where the fault is, with what was typed.
    expect(name).to_be_focused()
    expect(name).to_have_value("taken")
    name.fill("after")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("after")
    assert harbour.engine.json("GET", f"/containers/{container_id}/json")["Name"] == "/after"


def test_it_is_recreated_from_what_its_registry_has_now(page: Page, harbour: Console, registry: Registry) -> None:
    repository = f"{registry.address}/harbour/tool"
    assert harbour.engine.api("POST", f"/images/busybox:latest/tag?repo={repository}&tag=1")[0] == 201
    assert harbour.engine.api("POST", f"/images/{repository}:1/push", X_Registry_Auth="e30=")[0] == 200
    container_id = run_container(harbour, "tool", Image=f"{repository}:1")
    page.goto(f"{LIST}{container_id}/configuration/")
    page.get_by_role("button", name="Recreate…").click()
    expect(page.get_by_label("Pull harbour/tool:1 first")).to_be_checked()
    page.get_by_role("button", name="Recreate 1 container").click()
    page.wait_for_url("**/jobs/*-*/")
    expect(page.locator("#head-state")).to_contain_text("done")
    assert not harbour.engine.json("GET", "/containers/tool/json")["Id"].startswith(container_id)


@pytest.mark.on_peers("dockerd")
def test_one_that_fails_its_check_gives_way_to_what_was_before(page: Page, harbour: Console) -> None:
    if harbour.engine.name == "podman":
        pytest.skip("Podman runs no health check without systemd, so that nothing fails")
    container_id = run_container(harbour, "pump")
    page.goto(f"/h/local/containers/run/?edit={container_id}")
    page.locator("#s-health > summary").click()
    page.locator("#s-health .further > summary").click()
    page.locator("#id_health_test").fill("false")
    page.locator("#id_health_interval").fill("1s")
    page.locator("#id_health_retries").fill("1")
    page.get_by_role("button", name="Recreate with these changes").click()
    page.wait_for_url("**/jobs/*-*/")
    expect(page.locator("#head-state")).to_contain_text("failed")
    found = harbour.engine.json("GET", "/containers/pump/json")
    assert found["Id"].startswith(container_id)
    assert found["State"]["Running"]
