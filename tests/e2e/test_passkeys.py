"""Second factors in a real browser, with the virtual authenticator that Chromium has for tests (CDP, WebAuthn)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.authenticator import code_of
from tests.consoles import ADMIN, PASSWORD, Console
from tests.e2e.conftest import PATIENCE_MS

pytestmark = [pytest.mark.real, pytest.mark.e2e]


@pytest.fixture
def stranger(harbour: Console, chromium: Browser) -> Iterator[Page]:
    """A browser whose computer can make passkeys. They are for names: the console is opened as localhost."""
    url = harbour.url.replace("127.0.0.1", "localhost")
    context = chromium.new_context(base_url=url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: "Content Security Policy" in said.text and faults.append(said.text))
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield page
    context.close()
    assert faults == []


def give_password(page: Page) -> None:
    page.goto("/sign-in/")
    page.fill("input[name=username]", ADMIN)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="profile and sign-out").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_passkey_and_an_app_from_adding_to_removal(stranger: Page) -> None:
    page = stranger
    give_password(page)
    page.goto("/profile/")
    page.get_by_role("link", name="Set one up").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name", exact=True).fill("this computer")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert page.locator(".codes code").count() == 10
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download").click()
    assert page.locator(".codes code").first.inner_text() in kept.value.path().read_text()
    recovery_code = page.locator(".codes code").first.inner_text()
    page.get_by_role("button", name="I have kept them").click()

    # The same authenticator is not added twice.
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name", exact=True).fill("again")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("alert")).to_have_text("This passkey is here already.")

    # An app beside it.
    page.goto("/profile/security/")
    page.get_by_role("link", name="Add an authenticator app").click()
    secret = page.locator(".secret-link code").inner_text().replace(" ", "")
    page.get_by_label("The code it shows").fill(code_of(secret, periods_later=-1))
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("td.lead")).to_have_text(["this computer", "Authenticator app"])

    # The passkey as the second factor.
    sign_out(page)
    give_password(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/")
    expect(page.get_by_role("button", name="profile and sign-out")).to_be_visible()

    # The passkey alone.
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name="profile and sign-out")).to_be_visible()

    # The code, a wrong one first, then a recovery code.
    sign_out(page)
    give_password(page)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".error")).to_contain_text("That code is wrong")
    page.get_by_label("Code").fill(recovery_code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="profile and sign-out")).to_be_visible()

    # Removal shows what it means, and the audit log has all of it.
    page.goto("/profile/security/")
    expect(page.locator("form .end")).to_have_text("9 left")
    for name in ("this computer", "Authenticator app"):
        page.get_by_role("button", name=f"Remove {name}").click()
        page.get_by_role("button", name="Remove 1 factor").click()
        expect(page.get_by_role("button", name=f"Remove {name}")).to_have_count(0)
    page.goto("/audit/?show=sign-ins")
    for words in ("password + passkey", "password + recovery code", "wrong code"):
        expect(page.get_by_text(words).first).to_be_visible()
