"""Signing in with a second factor: what the password alone opens (nothing), right and wrong codes, and slowing down."""

from collections.abc import Callable
from datetime import timedelta
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.authenticator import code_of
from tests.webui.conftest import PASSWORD
from tests.webui.factors.conftest import SECRET
from webui.accounts.models import OneTimeLink, User
from webui.audit.models import Entry
from webui.factors import methods

pytestmark = pytest.mark.django_db

SECOND = reverse("accounts:second-step")
WithApp = Callable[[User], list[str]]
ByPassword = Callable[..., Client]


def rules() -> list[tuple[bool, str]]:
    return list(Entry.objects.filter(operation="account.sign-in").order_by("pk").values_list("is_allowed", "rule"))


def test_the_password_alone_opens_nothing(rita: User, with_app: WithApp, by_password: ByPassword) -> None:
    with_app(rita)
    client = by_password(rita)
    assert client.get("/jobs/").status_code == 302
    assert client.get(SECOND).status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_right_code_signs_in_with_a_new_session_and_goes_where_it_was_asked_for(
    rita: User, with_app: WithApp, by_password: ByPassword
) -> None:
    with_app(rita)
    client = by_password(rita, next="/jobs/")
    before = client.session.session_key
    response = client.post(SECOND, {"code": code_of(SECRET)})
    assert response.headers["Location"] == "/jobs/"
    assert client.get("/jobs/").status_code == 200
    assert client.session.session_key != before
    assert rules() == [(True, "password + authenticator app")]


@pytest.mark.parametrize("code", ["000000", "", "abc", "١٢٣٤٥٦", "9" * 40, "'; --"])
def test_a_wrong_code_stands_beside_its_field_and_is_written_down(
    code: str, rita: User, with_app: WithApp, by_password: ByPassword
) -> None:
    with_app(rita)
    client = by_password(rita)
    response = client.post(SECOND, {"code": code})
    assert response.status_code == 422
    assert response.context["form"].errors
    assert rules()[-1][0] is False
    assert client.get("/jobs/").status_code == 302


def test_a_code_works_once(rita: User, with_app: WithApp, by_password: ByPassword) -> None:
    with_app(rita)
    code = code_of(SECRET)
    assert by_password(rita).post(SECOND, {"code": code}).status_code == 302
    assert by_password(rita).post(SECOND, {"code": code}).status_code == 422
    assert rules()[-1] == (False, "wrong code")


@pytest.mark.parametrize(("periods", "status"), [(-3, 422), (-2, 422), (1, 302), (2, 422)])
def test_a_clock_may_be_wrong_by_one_period(
    periods: int, status: int, rita: User, with_app: WithApp, by_password: ByPassword
) -> None:
    with_app(rita)
    # Frozen, so that the period cannot end between making the code and checking it.
    with mock.patch("time.time", return_value=1_800_000_000.0):
        code = code_of(SECRET, periods_later=periods)
        assert by_password(rita).post(SECOND, {"code": code}).status_code == status


def test_a_recovery_code_stands_in_once(rita: User, with_app: WithApp, by_password: ByPassword) -> None:
    codes = with_app(rita)
    assert by_password(rita).post(SECOND, {"code": codes[3]}).status_code == 302
    assert by_password(rita).post(SECOND, {"code": codes[3]}).status_code == 422
    assert by_password(rita).post(SECOND, {"code": codes[4].replace(" ", "-")}).status_code == 302
    assert len(methods.recovery_codes(rita)) == 8
    assert rules()[0] == (True, "password + recovery code")


def test_guessing_codes_is_slowed_down(rita: User, with_app: WithApp, by_password: ByPassword) -> None:
    with_app(rita)
    client = by_password(rita)
    for guess in range(5):
        client.post(SECOND, {"code": f"{guess:06}"})
    response = client.post(SECOND, {"code": code_of(SECRET)})
    assert response.status_code == 422
    assert "Too many failed tries" in response.content.decode()
    assert rules()[-1] == (False, "throttled")


def test_ten_minutes_after_the_password_it_is_asked_for_again(
    rita: User, with_app: WithApp, by_password: ByPassword
) -> None:
    with_app(rita)
    client = by_password(rita)
    with mock.patch("webui.accounts.entering.time.time", return_value=timezone.now().timestamp() + 601):
        assert client.get(SECOND).headers["Location"] == reverse("accounts:sign-in")


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
def test_who_is_deactivated_or_gets_a_new_password_meanwhile_starts_again(
    change: dict[str, object], rita: User, with_app: WithApp, by_password: ByPassword
) -> None:
    with_app(rita)
    client = by_password(rita)
    User.objects.filter(pk=rita.pk).update(**change)
    assert client.post(SECOND, {"code": code_of(SECRET)}).headers["Location"] == reverse("accounts:sign-in")
    assert client.get("/jobs/").status_code == 302


def test_a_link_for_a_new_password_does_not_go_around_the_second_factor(rita: User, with_app: WithApp) -> None:
    import hashlib

    with_app(rita)
    OneTimeLink.objects.create(
        user=rita, token_hash=hashlib.sha256(b"t").hexdigest(), expires_at=timezone.now() + timedelta(1)
    )
    client = Client()
    new = {"password": "tall-ships-1852", "repeated": "tall-ships-1852"}
    assert client.post("/join/t/", new).headers["Location"] == SECOND
    assert client.get("/jobs/").status_code == 302
    assert client.post(SECOND, {"code": code_of(SECRET)}).status_code == 302
    assert client.get("/jobs/").status_code == 200


@pytest.mark.parametrize("answer", ["", "{", "[]", "{}", '{"response": {}}', '{"response": {"userHandle": "MQ"}}'])
def test_nonsense_in_place_of_a_passkey_is_refused(answer: str, rita: User) -> None:
    client = Client()
    assert client.post(reverse("accounts:passkey-options"), HTTP_HOST="localhost").status_code == 200
    response = client.post(reverse("accounts:passkey"), {"credential": answer}, HTTP_HOST="localhost")
    assert response.status_code == 422
    assert rules()[-1] == (False, "wrong passkey")
    # The challenge is used up, also by nonsense.
    assert "passkey-for" not in client.session


def test_the_console_at_an_address_offers_no_passkeys(rita: User) -> None:
    assert "Sign in with a passkey" not in Client().get("/sign-in/", HTTP_HOST="192.0.2.7:8000").content.decode()
    assert "Sign in with a passkey" not in Client().get("/sign-in/", HTTP_HOST="testserver").content.decode()
    assert "Sign in with a passkey" in Client().get("/sign-in/", HTTP_HOST="testserver", secure=True).content.decode()


def test_no_page_names_the_password_in_its_address(client: Client, rita: User) -> None:
    assert client.get("/sign-in/", {"username": "rita", "password": PASSWORD}).status_code == 200
    assert "_auth_user_id" not in client.session
