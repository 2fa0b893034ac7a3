"""One's own second factors: adding an app, recovery codes shown once, removal, and the fresh proof for all of it."""

import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from tests.authenticator import code_of
from tests.webui.conftest import PASSWORD
from tests.webui.factors.conftest import SECRET
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.factors import methods

pytestmark = pytest.mark.django_db

ADD, CODES, SECURITY = reverse("factors:add-app"), reverse("factors:codes"), reverse("factors:security")
ACT, CONFIRM = reverse("factors:act"), reverse("factors:confirm")
WithApp = Callable[[User], list[str]]
ByPassword = Callable[..., Client]


def secret_on(page: Any) -> str:
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page.content.decode())
    assert found is not None
    return found[1].replace(" ", "")


def later(client: Client) -> None:
    """As if the last proof were long ago."""
    session = client.session
    session["confirmed-at"] = 1
    session.save()


def test_an_app_is_added_by_the_code_that_it_shows(rita: User, by_password: ByPassword) -> None:
    client = by_password(rita)
    page = client.get(ADD)
    assertContains(page, '<svg class="qr"')
    secret = secret_on(page)
    refused = client.post(ADD, {"code": "000000"})
    assert refused.status_code == 422
    assert secret_on(refused) == secret
    assert not methods.has_factor(rita)
    assert client.post(ADD, {"code": code_of(secret)}).headers["Location"] == CODES
    assert methods.words_of(rita) == "authenticator app"
    assert {"account.factor-add", "account.recovery-codes"} <= set(Entry.objects.values_list("operation", flat=True))


def test_no_secret_lies_open_in_the_database(rita: User, by_password: ByPassword) -> None:
    from allauth.mfa.models import Authenticator

    client = by_password(rita)
    secret = secret_on(client.get(ADD))
    assert secret not in str(dict(client.session))
    client.post(ADD, {"code": code_of(secret)})
    codes = methods.recovery_codes(rita)
    kept = str(list(Authenticator.objects.values_list("data", flat=True))) + str(list(Entry.objects.values()))
    assert secret not in kept
    assert not any(code in kept or code.replace(" ", "") in kept for code in codes)


def test_recovery_codes_are_shown_only_to_the_session_that_made_them(rita: User, by_password: ByPassword) -> None:
    client = by_password(rita)
    client.post(ADD, {"code": code_of(secret_on(client.get(ADD)))})
    shown = methods.recovery_codes(rita)
    assertContains(client.get(CODES), shown[0])
    file = client.get(CODES, {"file": ""})
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert all(code in file.content.decode() for code in shown)
    assert client.post(reverse("factors:codes-kept")).headers["Location"] == SECURITY
    assert client.get(CODES).headers["Location"] == SECURITY
    assertNotContains(client.get(SECURITY), shown[0])


def test_new_recovery_codes_end_the_old_ones(rita: User, with_app: WithApp, by_password: ByPassword) -> None:
    old = with_app(rita)
    client = by_password(rita)
    client.post(reverse("accounts:second-step"), {"code": code_of(SECRET)})
    assert client.post(reverse("factors:new-codes")).headers["Location"] == CODES
    assert not set(old) & set(methods.recovery_codes(rita))
    assert methods.check_code(rita, old[0]) == ""


def test_removal_shows_what_it_means_and_takes_the_recovery_codes_along(
    rita: User, with_app: WithApp, by_password: ByPassword
) -> None:
    with_app(rita)
    client = by_password(rita)
    client.post(reverse("accounts:second-step"), {"code": code_of(SECRET)})
    [factor] = methods.factors_of(rita)
    assertContains(client.post(ACT, {"action": "remove", "id": factor.id}), "signing in then takes the password alone")
    assert methods.has_factor(rita)
    client.post(ACT, {"action": "remove", "id": factor.id, "confirmed": "1"})
    assert not methods.has_factor(rita)
    assert methods.recovery_codes(rita) == []
    assert Entry.objects.filter(operation="account.factor-remove", target="Authenticator app").exists()


def test_nobody_removes_a_factor_of_somebody_else(
    rita: User, olga: User, with_app: WithApp, by_password: ByPassword
) -> None:
    with_app(olga)
    [factor] = methods.factors_of(olga)
    client = by_password(rita)
    assert client.post(ACT, {"action": "remove", "id": factor.id, "confirmed": "1"}).status_code == 404
    assert methods.has_factor(olga)


@pytest.mark.parametrize("url", [ADD, ACT, reverse("factors:new-codes"), reverse("factors:add-passkey")])
def test_an_old_sign_in_must_be_confirmed_before_anything_changes(
    url: str, rita: User, by_password: ByPassword
) -> None:
    client = by_password(rita)
    later(client)
    assert client.post(url, {"code": "1", "action": "remove"}).headers["Location"].startswith(CONFIRM)
    assert client.post(CONFIRM, {"password": "not it", "next": url}).status_code == 422
    assert client.post(url).headers["Location"].startswith(CONFIRM)
    assert Entry.objects.filter(operation="account.confirm", is_allowed=False).exists()
    assert client.post(CONFIRM, {"password": PASSWORD, "next": "https://evil.example/"}).headers["Location"] == "/"
    assert client.get(ADD).status_code == 200


def test_confirming_by_code_and_guessing_it_is_slowed_down(
    rita: User, with_app: WithApp, by_password: ByPassword
) -> None:
    with_app(rita)
    client = by_password(rita)
    client.post(reverse("accounts:second-step"), {"code": code_of(SECRET)})
    later(client)
    cache.clear()
    assert client.post(CONFIRM, {"code": code_of(SECRET), "next": SECURITY}).headers["Location"] == SECURITY
    for guess in range(5):
        client.post(CONFIRM, {"code": f"{guess:06}"})
    assertContains(client.post(CONFIRM, {"code": "000000"}), "Too many failed tries", status_code=422)


def test_a_console_whose_key_has_changed_says_so_beside_the_code(
    rita: User, with_app: WithApp, by_password: ByPassword
) -> None:
    with_app(rita)
    client = by_password(rita)
    with mock.patch("webui.sealed._box", return_value=Fernet(Fernet.generate_key())):
        response = client.post(reverse("accounts:second-step"), {"code": code_of(SECRET)})
    assertContains(response, "the key of this console has changed", status_code=422)
