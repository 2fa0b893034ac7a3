"""The run form: filled by hand, by a compose service, and by what another container is."""

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

RUN = "/h/local/containers/run/"
_COMPOSE = """services:
  web:
    image: busybox
    command: sleep 600
    environment: {GREETING: "a: b"}
    labels: [kept=yes]
    stop_grace_period: 1s
  db:
    image: nobody/has-this
"""


@pytest.mark.on_peers("dockerd")
def test_what_is_typed_into_the_fields_is_what_runs(page: Page, harbour: Console) -> None:
    page.goto(RUN)
    page.get_by_label("Image").first.fill("busybox")
    page.get_by_label("Name", exact=True).fill("typed")
    page.locator("[name=command]").fill("sleep 600")
    page.locator("#s-environment > summary").click()
    page.locator("[name=variable_name]").first.fill("GREETING")
    page.locator("[name=variable_value]").first.fill("hello there")
    page.locator("#s-health > summary").click()
    page.get_by_label("Restart", exact=True).select_option("always")
    page.locator("#s-resources > summary").click()
    page.fill("#id_memory", "48m")
    command = page.locator("#command")
    expect(command).to_contain_text("--restart always")
    for way, words in (("Compose", "restart: always"), ("API body", '"Memory": 50331648')):
        page.get_by_role("radio", name=way).check()
        expect(command).to_contain_text(words)
    page.get_by_role("button", name="Create and start").last.click()
    expect(page.get_by_role("heading", name="typed")).to_be_visible()
    found = harbour.engine.json("GET", "/containers/typed/json")
    assert "GREETING=hello there" in found["Config"]["Env"]
    assert found["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert found["HostConfig"]["Memory"] == 48 << 20


def test_variables_are_pasted_with_all_their_lines(page: Page, harbour: Console) -> None:
    page.goto(RUN)
    page.fill("#id_image", "busybox")
    page.get_by_label("Name", exact=True).fill("pasted")
    page.locator("[name=command]").fill("sleep 600")
    page.locator("#s-environment > summary").click()
    _paste(page, "[name=variable_name] >> nth=0", "# of the shop\nexport A=1\r\nB='two words'\n\nC=x=y\n")
    expect(page.locator("[name=variable_name]").last).to_be_focused()
    page.locator("[name=variable_name]").last.fill("KEY")
    _paste(page, "[name=variable_value] >> nth=3", "-----BEGIN-----\nabc\n-----END-----\n")
    expect(page.locator("textarea[name=variable_value]")).to_be_focused()
    page.locator("[name=variable_name]").nth(4).fill("LAST")
    page.locator("[name=variable_value]").nth(4).fill("z")
    page.get_by_role("button", name="Create and start").last.click()
    expect(page.get_by_role("heading", name="pasted")).to_be_visible()
    env = harbour.engine.json("GET", "/containers/pasted/json")["Config"]["Env"]
    assert {"A=1", "B=two words", "C=x=y", "KEY=-----BEGIN-----\nabc\n-----END-----\n", "LAST=z"} <= set(env)


def _paste(page: Page, field: str, text: str) -> None:
    page.locator(field).evaluate(
        """(input, text) => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          input.focus();
          input.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def test_a_wrong_field_is_told_beside_it_and_nothing_is_lost(page: Page, harbour: Console) -> None:
    run_container(harbour, "first", start=False)
    page.goto(RUN)
    page.get_by_label("Image").first.fill("nobody/has-this")
    page.get_by_label("Name", exact=True).fill("first")
    page.locator("[name=command]").fill("sleep 600")
    page.get_by_role("button", name="Create and start").last.click()
    expect(page.get_by_text("This host has no image nobody/has-this:latest.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=command]")).to_have_value("sleep 600")


def test_a_service_of_a_compose_file_fills_the_form(page: Page, harbour: Console) -> None:
    page.goto(RUN)
    page.get_by_text("Paste docker run or compose").click()
    page.fill("#id_pasted", _COMPOSE)
    page.get_by_role("button", name="Fill the form").click()
    page.get_by_role("button", name="web", exact=True).click()
    expect(page.get_by_label("Image").first).to_have_value("busybox")
    page.get_by_label("Name", exact=True).fill("composed")
    page.get_by_role("button", name="Create and start").last.click()
    expect(page.get_by_role("heading", name="composed")).to_be_visible()
    found = harbour.engine.json("GET", "/containers/composed/json")["Config"]
    assert "GREETING=a: b" in found["Env"]
    assert found["Labels"]["kept"] == "yes"


def test_a_duplicate_takes_over_what_no_field_shows(page: Page, harbour: Console) -> None:
    body = {"Labels": {"odd": "yes"}, "HostConfig": {"ShmSize": 32 << 20, "MaskedPaths": ["/proc/kcore"]}}
    container_id = run_container(harbour, "origin", **body)
    page.goto(f"{RUN}?from={container_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Duplicate origin")
    page.get_by_label("Name", exact=True).fill("twin")
    page.get_by_role("button", name="Create and start").last.click()
    expect(page.get_by_role("heading", name="twin")).to_be_visible()
    ours, theirs = (harbour.engine.json("GET", f"/containers/{name}/json") for name in ("twin", "origin"))
    assert ours["Config"]["Labels"]["odd"] == "yes"
    for key in ("ShmSize", "MaskedPaths"):
        assert ours["HostConfig"].get(key) == theirs["HostConfig"].get(key)
