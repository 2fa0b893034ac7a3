"""The first administrator, signing in and out, the profile."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests.webui.conftest import PASSWORD
from webui.access import Role
from webui.accounts import sessions, set_up
from webui.accounts.first_run import set_up_path
from webui.accounts.models import FailedSignIns, User
from webui.audit.models import Entry
from webui.environment import SettingError

pytestmark = pytest.mark.django_db

NEW = {"username": "ada", "password": "tall-ships-1852", "repeated": "tall-ships-1852"}


def sign_in(client: Client, password: str = PASSWORD, **more: str) -> int:
    data = {"username": "olga", "password": password, **more}
    return client.post(reverse("accounts:sign-in"), data).status_code


def test_the_first_administrator_is_made_by_the_printed_link_which_then_is_used_up(client: Client) -> None:
    path = set_up_path()
    assert path is not None
    assert client.get(path).status_code == 200
    response = client.post(path, NEW)
    assert response.headers["Location"] == reverse("dashboard")
    assert User.objects.get().role == Role.ADMINISTRATOR
    assert client.session["_auth_user_id"]
    assert Client().post(path, {**NEW, "username": "eve"}).headers["Location"] == reverse("accounts:sign-in")
    assert User.objects.count() == 1
    assert set_up_path() is None


def test_a_wrong_token_opens_nothing_and_a_new_link_ends_the_old_one(client: Client) -> None:
    old = set_up_path()
    new = set_up_path()
    assert client.get(str(old)).status_code == 404
    assert client.post(reverse("accounts:set-up", args=["guess"]), NEW).status_code == 404
    assert client.get(str(new)).status_code == 200
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "short", "repeated": "short"}, "password"),
        ({"password": "password123", "repeated": "password123"}, "password"),
        ({"repeated": "something-else-9"}, "repeated"),
        ({"username": "a b"}, "username"),
    ],
)
def test_what_is_wrong_with_a_first_administrator_stands_beside_its_field(
    client: Client, change: dict[str, str], field: str
) -> None:
    response = client.post(str(set_up_path()), {**NEW, **change})
    assert response.status_code == 422
    assert response.context["form"].errors[field]
    assert not User.objects.exists()


def test_two_who_use_the_link_at_once_make_one_administrator() -> None:
    token = set_up.new_set_up_token()
    assert token is not None
    assert set_up.claim(token, "ada", NEW["password"]) is not None
    assert set_up.claim(token, "eve", NEW["password"]) is None


def test_the_environment_makes_the_first_administrator_once(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("QUAYSIDE_ADMIN_USER", "ada")
    monkeypatch.delenv("QUAYSIDE_ADMIN_PASSWORD", raising=False)
    with pytest.raises(SettingError, match="QUAYSIDE_ADMIN_PASSWORD"):
        set_up.administrator_from_environment()
    monkeypatch.setenv("QUAYSIDE_ADMIN_PASSWORD", "short")
    with pytest.raises(SettingError, match="too short"):
        set_up.administrator_from_environment()
    monkeypatch.setenv("QUAYSIDE_ADMIN_PASSWORD", NEW["password"])
    assert set_up.administrator_from_environment() is not None
    assert set_up.administrator_from_environment() is None


def test_signing_in_leads_to_the_page_that_was_asked_for_and_is_written_down(client: Client, olga: User) -> None:
    assert client.get("/jobs/").headers["Location"] == "/sign-in/?next=/jobs/"
    assert sign_in(client, "guess", next="/jobs/") == 422
    response = client.post(reverse("accounts:sign-in"), {"username": "Olga", "password": PASSWORD, "next": "/jobs/"})
    assert response.headers["Location"] == "/jobs/"
    assert [entry.is_allowed for entry in Entry.objects.order_by("pk")] == [False, True]


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_never_leads_away_from_the_console(client: Client, olga: User, target: str) -> None:
    response = client.post(reverse("accounts:sign-in"), {"username": "olga", "password": PASSWORD, "next": target})
    assert response.headers["Location"] == reverse("dashboard")


def test_signing_in_makes_a_new_session(client: Client, olga: User) -> None:
    session = client.session
    session["planted"] = "yes"
    session.save()
    before = session.session_key
    assert sign_in(client) == 302
    assert client.session.session_key != before


def test_the_same_words_for_a_wrong_name_a_wrong_password_and_somebody_deactivated(client: Client, olga: User) -> None:
    wrong = client.post(reverse("accounts:sign-in"), {"username": "olga", "password": "nope"})
    nobody = client.post(reverse("accounts:sign-in"), {"username": "nobody", "password": "nope"})
    User.objects.update(is_active=False)
    gone = client.post(reverse("accounts:sign-in"), {"username": "olga", "password": PASSWORD})
    words = {str(answer.context["form"].non_field_errors()) for answer in (wrong, nobody, gone)}
    assert len(words) == 1
    assert {answer.status_code for answer in (wrong, nobody, gone)} == {422}


def test_guessing_is_slowed_down_even_for_the_right_password_and_others_are_not(client: Client, olga: User) -> None:
    for _ in range(5):
        assert sign_in(client, "guess") == 422
    assert sign_in(client) == 422
    response = client.post(reverse("accounts:sign-in"), {"username": "olga", "password": PASSWORD})
    assert "Too many failed tries" in response.content.decode()
    elsewhere = Client(REMOTE_ADDR="10.9.8.7")
    assert sign_in(elsewhere) == 302


def test_success_forgets_the_failures(client: Client, olga: User) -> None:
    for _ in range(4):
        sign_in(client, "guess")
    assert sign_in(client) == 302
    assert not FailedSignIns.objects.filter(key__startswith="both").exists()


def test_signing_out_takes_a_post(olga: User, signed_in: Callable[[User], Client]) -> None:
    client = signed_in(olga)
    assert client.get(reverse("accounts:sign-out")).status_code == 405
    assert client.post(reverse("accounts:sign-out")).status_code == 302
    assert client.get("/jobs/").status_code == 302


def test_signing_out_is_told_to_what_is_open_elsewhere_once_the_session_is_gone(
    olga: User, signed_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(olga)
    key = str(client.session.session_key)
    told: list[tuple[int, bool]] = []
    monkeypatch.setattr(sessions, "tell_rights_changed", lambda user_id: told.append((user_id, sessions.is_open(key))))
    client.post(reverse("accounts:sign-out"))
    assert told == [(olga.pk, False)]


def test_a_post_without_its_token_does_nothing(olga: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client) == 403


def test_the_profile_changes_theme_and_password(olga: User, signed_in: Callable[[User], Client]) -> None:
    client, other = signed_in(olga), signed_in(olga)
    url = reverse("accounts:profile")
    assert client.get(url).status_code == 200
    data = {"form": "about", "display_name": "Olga", "email": "", "theme": "dark"}
    assert client.post(url, data).status_code == 302
    olga.refresh_from_db()
    assert (olga.theme, str(olga)) == ("dark", "Olga")
    new = {"new_password1": "lighthouse-77x", "new_password2": "lighthouse-77x"}
    assert client.post(url, {"form": "password", "old_password": "nope", **new}).status_code == 422
    assert client.post(url, {"form": "password", "old_password": PASSWORD, **new}).status_code == 302
    assert client.get(url).status_code == 200
    assert other.get(url).status_code == 302
