"""Signing in by more than a password, in a real browser: passkeys, codes, a real provider, a real directory.

Passkeys come from the virtual authenticator that Chromium has for tests (CDP, WebAuthn).
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.authenticator import code_of
from tests.consoles import ADMIN, PASSWORD, Console
from tests.directories import BASE, SERVICE, SERVICE_PASSWORD, running_directory
from tests.directories import PASSWORD as THEIR_PASSWORD
from tests.e2e.conftest import PATIENCE_MS
from tests.peers import CLIENT_ID, CLIENT_SECRET, make_certificates, running_provider

pytestmark = [pytest.mark.real, pytest.mark.e2e]


@pytest.fixture
def computer(harbour: Console, chromium: Browser) -> Iterator[Page]:
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


def test_a_passkey_and_an_app_from_adding_to_removal(computer: Page) -> None:
    page = computer
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
    page.get_by_label("The code it shows").fill(code_of(secret))
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


@pytest.fixture
def stranger(harbour: Console, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(base_url=harbour.url)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("console", lambda said: "Content Security Policy" in said.text and faults.append(said.text))
    yield page
    context.close()
    assert faults == []


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.fill(f"[name={name}]", value)


def test_a_provider_is_set_up_tested_and_signs_somebody_in(harbour: Console, page: Page, stranger: Page) -> None:
    with running_provider(f"{harbour.url}/sign-in/with/keycloak/back/") as issuer:
        page.goto("/ways-in/")
        page.get_by_role("link", name="Add an OpenID Connect provider").click()
        fill(page, name="Keycloak", issuer=issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        page.get_by_role("button", name="Test").click()
        expect(page.locator("#findings")).to_contain_text("Teams follow the claim groups.")
        # The test takes nothing out of the form.
        expect(page.locator("[name=client_secret]")).to_have_value(CLIENT_SECRET)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("/sign-in/with/keycloak/back/")).to_be_visible()

        stranger.goto("/jobs/")
        stranger.get_by_role("link", name="Sign in with Keycloak").click()
        fill(stranger, login="anna", password="any")
        stranger.click("button[type=submit]")
        stranger.get_by_role("button", name="Continue").click()
        stranger.wait_for_url("**/jobs/")
        expect(stranger.get_by_role("button", name="profile and sign-out")).to_be_visible()

    # One that is down says so beside the ways in that still work.
    page.goto("/ways-in/provider/add/")
    fill(page, name="Broken", issuer="http://127.0.0.1:9", client_id=CLIENT_ID)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/broken/")
    stranger.context.clear_cookies()
    stranger.goto("/sign-in/")
    stranger.get_by_role("link", name="Sign in with Broken").click()
    expect(stranger.get_by_role("alert").first).to_contain_text("cannot be reached")
    expect(stranger.get_by_label("Password")).to_be_visible()


def test_a_directory_is_set_up_tested_and_signs_somebody_in(page: Page, stranger: Page) -> None:
    with tempfile.TemporaryDirectory(prefix="qs-ldap-") as name:
        certificates = make_certificates(Path(name))
        with running_directory(Path(name), certificates) as running:
            page.goto("/ways-in/directory/add/")
            fill(page, name="Office", server=running.plain, bind_name=SERVICE, bind_password=SERVICE_PASSWORD,
                 people_base=f"ou=people,{BASE}", groups_base=f"ou=groups,{BASE}", test_username="rose,lee",
                 test_password=THEIR_PASSWORD)  # fmt: skip
            page.get_by_role("button", name="Test").click()
            expect(page.locator("#findings .bad")).to_contain_text("certificate verify failed")
            fill(page, ca=certificates.ca.read_text())
            page.get_by_role("button", name="Test").click()
            expect(page.locator("#findings")).to_contain_text("It is theirs.")
            page.get_by_role("button", name="Save").click()
            expect(page.get_by_role("link", name="Office")).to_be_visible()

            stranger.goto("/sign-in/")
            fill(stranger, username="rose,lee", password=THEIR_PASSWORD)
            stranger.get_by_role("button", name="Sign in", exact=True).click()
            expect(stranger.get_by_role("button", name="profile and sign-out")).to_be_visible()
