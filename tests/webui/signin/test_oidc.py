"""Signing in by an OpenID Connect provider: a real one from end to end, and one that lies in every way there is."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from tests.authenticator import code_of
from tests.peers import make_certificates, running_provider, sign_in_there
from tests.webui.factors.conftest import SECRET
from tests.webui.signin.conftest import CALLBACK, START, Liar
from webui.access import Role
from webui.access.models import Team
from webui.accounts.models import Session, User
from webui.audit.models import Entry
from webui.factors import methods
from webui.factors.requirement import is_owed
from webui.signin.models import Identity, Provider, TeamRule

pytestmark = pytest.mark.django_db

Keycloak = Callable[..., Provider]
BACK = f"http://testserver{CALLBACK}"


def last() -> tuple[bool, str]:
    entry = Entry.objects.filter(operation__in=("account.sign-in", "account.connect")).first()
    assert entry is not None
    return entry.is_allowed, entry.rule


def begin(client: Client, url: str = START) -> str:
    response = client.get(url)
    assert response.status_code == 302, response.content[-3000:]
    return str(response.headers["Location"])


@dataclass
class Asked:
    """What a browser was sent to the liar with."""

    client: Client
    state: str

    def back(self, **more: str) -> Any:
        query = {"state": self.state, "code": "c", **more}
        return self.client.get(CALLBACK, {name: value for name, value in query.items() if value})


def ask(liar: Liar, client: Client | None = None, url: str = START) -> Asked:
    browser = client or Client()
    query = parse_qs(urlsplit(begin(browser, url)).query)
    liar.nonce, liar.challenge = query["nonce"][0], query["code_challenge"][0]
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [BACK]
    return Asked(browser, query["state"][0])


# --- a real one


@pytest.mark.real
def test_somebody_new_comes_in_by_a_real_provider_with_the_teams_of_their_groups(
    keycloak: Keycloak, real_issuer: str
) -> None:
    provider, operations = keycloak(real_issuer, first_role=Role.OPERATOR), Team.objects.create(name="Operations")
    others, by_hand = Team.objects.create(name="Others"), Team.objects.create(name="By hand")
    TeamRule.objects.create(source=provider, value="OPS", team=operations)
    TeamRule.objects.create(source=provider, value="gone", team=others)
    assertContains(Client().get("/sign-in/?next=/jobs/"), "Sign in with Keycloak")

    client = Client()
    planted = client.session
    planted["planted"] = "yes"
    planted.save()
    before = client.session.session_key
    response = client.get(sign_in_there(begin(client, f"{START}?next=/jobs/"), "anna;ops,dev", BACK))
    assert response.headers["Location"] == "/jobs/"
    assert client.get("/jobs/").status_code == 200
    assert client.session.session_key != before
    anna = User.objects.get(username="anna")
    assert (anna.role, anna.display_name, anna.email) == ("operator", "anna of the provider", "anna@example.com")
    assert not anna.has_usable_password()
    assert list(anna.teams.all()) == [operations]
    assert last() == (True, "provider Keycloak")

    # At the next sign-in their groups are others; the team that no rule names stays.
    by_hand.members.add(anna)
    others.members.add(anna)
    Identity.objects.update(subject="anna;dev")
    client = Client()
    client.get(sign_in_there(begin(client), "anna;dev", BACK))
    assert list(anna.teams.all()) == [by_hand]
    assert User.objects.count() == 1


@pytest.mark.real
def test_a_real_provider_of_an_own_authority(keycloak: Keycloak, tmp_path: Any) -> None:
    certificates = make_certificates(tmp_path)
    with running_provider(BACK, certificates) as issuer:
        provider = keycloak(issuer)
        response = Client().get(START)
        assert response.status_code == 502
        assertContains(response, "is not one that is trusted here", status_code=502)
        assert last() == (False, "provider certificate")
        Provider.objects.filter(pk=provider.pk).update(ca=certificates.ca.read_text())
        assert begin(Client()).startswith(f"{issuer}/auth?")


@pytest.mark.real
def test_a_wrong_client_secret_is_said_in_the_words_of_the_provider(keycloak: Keycloak, real_issuer: str) -> None:
    keycloak(real_issuer, client_secret="not it")
    client = Client()
    response = client.get(sign_in_there(begin(client), "anna", BACK))
    assertContains(response, "gave no token: client authentication failed", status_code=400)
    assert not User.objects.exists()


@pytest.mark.real
def test_an_account_there_is_connected_with_one_here_and_signs_in_then(
    keycloak: Keycloak, real_issuer: str, olga: User, by_password: Callable[..., Client]
) -> None:
    keycloak(real_issuer)
    stranger = Client()
    response = stranger.get(sign_in_there(begin(stranger), "olga", BACK))
    assertContains(response, "Somebody here is called olga already", status_code=403)
    assert last() == (False, "name taken")

    client = by_password(olga)
    there = begin(client, reverse("signin:start-connecting", args=["keycloak"]))
    assert client.get(sign_in_there(there, "olga", BACK)).headers["Location"] == reverse("signin:connected")
    stranger = Client()
    assert stranger.get(sign_in_there(begin(stranger), "olga", BACK)).headers["Location"] == "/"
    assert User.objects.count() == 1
    assertContains(client.get(reverse("signin:connected")), "Keycloak")

    # Letting go of it shows first what that means.
    identity = Identity.objects.get()
    act = {"action": "disconnect", "id": str(identity.pk)}
    assertContains(client.post(reverse("signin:disconnect"), act), "no longer signs you in here")
    client.post(reverse("signin:disconnect"), {**act, "confirmed": "1"})
    assert not Identity.objects.exists()


# --- one that lies


def test_a_liar_that_says_the_truth_is_believed(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    asked = ask(liar)
    assert asked.back().headers["Location"] == "/"
    assert Identity.objects.get().subject == "s-1"
    # The answer is used up.
    assert asked.client.post("/sign-out/").status_code == 302
    assert asked.back().status_code == 400
    assert last() == (False, "state")


@pytest.mark.parametrize(
    ("claims", "rule"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "somebody-else"}, "token"),
        ({"aud": ["quayside", "other"]}, "token audience"),
        ({"azp": "other"}, "token audience"),
        ({"iss": "https://evil.example"}, "token"),
        ({"exp": int(time.time()) - 120}, "token expired"),
        ({"iat": int(time.time()) + 600}, "token clock"),
        ({"sub": None}, "token"),
        ({"exp": None}, "token"),
    ],
)
def test_a_token_that_is_not_for_this_sign_in_opens_nothing(
    claims: dict[str, Any], rule: str, keycloak: Keycloak, liar: Liar
) -> None:
    keycloak(liar.issuer)
    liar.claims = claims
    asked = ask(liar)
    assert asked.back().status_code == 400
    assert last() == (False, rule)
    assert not User.objects.exists()
    assert asked.client.get("/jobs/").status_code == 302


def test_clocks_may_differ_by_less_than_a_minute(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    liar.claims = {"iat": int(time.time()) + 40, "exp": int(time.time()) - 40}
    assert ask(liar).back().status_code == 302


def test_a_signature_by_another_key_or_by_a_shared_secret_or_none_is_refused(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    public = liar.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    for key, algorithm in ((rsa.generate_private_key(65537, 2048), "RS256"), (public * 2, "HS256"), ("", "none")):
        liar.signing_key, liar.algorithm = key, algorithm
        if algorithm == "none":
            liar.raw["/token"] = b'{"id_token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzLTEifQ.", "access_token": "a"}'
        assert ask(liar).back().status_code == 400
        assert last() == (False, "token")
    assert not User.objects.exists()


def test_an_answer_that_this_browser_did_not_ask_for_opens_nothing(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    asked = ask(liar)
    other = Client()
    for state in (asked.state, "guess", ""):
        assert Asked(other, state).back().status_code == 400
        assert last() == (False, "state")
    assert not User.objects.exists()
    assert ask(liar, asked.client).back(iss="https://evil.example").status_code == 400
    assert last() == (False, "issuer")


def test_what_the_provider_refuses_is_told_and_escaped(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    response = ask(liar).back(error="access_denied", error_description="<script>alert(1)</script>")
    assert response.status_code == 400
    assertContains(response, "&lt;script&gt;", status_code=400)
    assertNotContains(response, "<script>alert", status_code=400)
    assert last() == (False, "provider refused")


def test_userinfo_of_somebody_else_is_not_mixed_in(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    liar.userinfo = {"sub": "s-2", "email": "olga@example.com"}
    assert ask(liar).back().status_code == 400
    assert last() == (False, "userinfo")


@pytest.mark.parametrize(
    ("change", "rule", "status"),
    [
        ({"metadata": {"issuer": "https://evil.example"}}, "provider issuer", 502),
        ({"metadata": {"token_endpoint": "http://192.0.2.1/token"}}, "provider address", 502),
        ({"metadata": {"jwks_uri": "file:///etc/passwd"}}, "provider address", 502),
        ({"raw": {"/.well-known/openid-configuration": b"<html>"}}, "provider answer", 502),
        ({"raw": {"/.well-known/openid-configuration": b"[]"}}, "provider answer", 502),
        ({"raw": {"/.well-known/openid-configuration": b'"' + b"x" * (1 << 20) + b'"'}}, "provider answer", 502),
    ],
)
def test_a_provider_that_talks_nonsense_is_named(
    change: dict[str, Any], rule: str, status: int, keycloak: Keycloak, liar: Liar
) -> None:
    keycloak(liar.issuer)
    for name, value in change.items():
        setattr(liar, name, value)
    response = Client().get(START)
    assert response.status_code == status
    assert 'role="alert"' in response.content.decode()
    assert last() == (False, rule)


def test_a_provider_that_is_down_is_named_and_passwords_still_work(keycloak: Keycloak, olga: User) -> None:
    keycloak("http://127.0.0.1:9")
    response = Client().get(START)
    assertContains(response, "127.0.0.1:9 cannot be reached", status_code=502)
    assertContains(response, 'name="password"', status_code=502)
    assert last() == (False, "provider down")


def test_equal_names_and_addresses_link_nothing(keycloak: Keycloak, liar: Liar, olga: User) -> None:
    keycloak(liar.issuer)
    User.objects.filter(pk=olga.pk).update(email="olga@example.com")
    liar.claims = {"preferred_username": "OLGA", "email": "olga@example.com", "email_verified": True}
    assert ask(liar).back().status_code == 403
    assert last() == (False, "name taken")
    assert not Identity.objects.exists()


def test_a_stranger_is_not_added_where_the_provider_may_not(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer, creates_people=False)
    assert ask(liar).back().status_code == 403
    assert last() == (False, "not connected")
    assert not User.objects.exists()


def test_a_deactivated_person_is_told_so_and_stays_out(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    assert ask(liar).back().status_code == 302
    User.objects.update(is_active=False)
    response = ask(liar).back()
    assertContains(response, "deactivated", status_code=403)
    assert last() == (False, "deactivated")


def test_a_subject_of_one_person_is_not_connected_with_another(
    keycloak: Keycloak, liar: Liar, rita: User, by_password: Callable[..., Client]
) -> None:
    keycloak(liar.issuer)
    assert ask(liar).back().status_code == 302
    asked = ask(liar, by_password(rita), reverse("signin:start-connecting", args=["keycloak"]))
    assert asked.back().status_code == 403
    assert last() == (False, "connected already")
    assert not rita.identities.exists()


@pytest.mark.parametrize(("trusts", "location"), [(False, "/sign-in/second/"), (True, "/")])
def test_a_second_factor_here_is_asked_for_unless_the_provider_does_it(
    trusts: bool, location: str, keycloak: Keycloak, liar: Liar
) -> None:
    keycloak(liar.issuer, asks_second_factor=trusts)
    assert ask(liar).back().status_code == 302
    anna = User.objects.get()
    team = Team.objects.create(name="shop", requires_second_factor=True)
    team.members.add(anna)
    assert is_owed(User.objects.get()) is not trusts
    assert methods.add_app(anna, SECRET, code_of(SECRET))
    assert ask(liar).back().headers["Location"] == location


def test_a_name_that_is_none_here_is_made_one(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    liar.claims = {"preferred_username": "Anna Lind<script>"}
    assert ask(liar).back().status_code == 302
    assert User.objects.get().username == "Anna-Lind-script"


def test_signing_in_leads_only_to_pages_of_ours(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    asked = ask(liar, url=f"{START}?next=https://evil.example/")
    assert asked.back().headers["Location"] == "/"


def test_what_is_under_way_keeps_a_strangers_session_only_briefly(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    asked = ask(liar)
    lasts = Session.objects.get().expire_date.timestamp() - time.time()
    assert lasts < 700
    asked.back()
    assert Session.objects.get().expire_date.timestamp() - time.time() > 86_400


def test_a_provider_that_is_off_is_not_there(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer, is_enabled=False)
    assert Client().get(START).status_code == 404
    assertNotContains(Client().get("/sign-in/"), "Keycloak")


def confirm_old(client: Client) -> str:
    """As if the last proof were long ago; returns where it is asked for again."""
    session = client.session
    session["confirmed-at"] = 1
    session.save()
    assert client.get(reverse("factors:add-app")).headers["Location"].startswith(reverse("factors:confirm"))
    return f"{reverse('signin:start-confirming', args=['keycloak'])}?next={reverse('factors:add-app')}"


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"auth_time": int(time.time())}, 302),
        ({"auth_time": 1}, 400),
        ({}, 400),
        ({"sub": "s-2", "auth_time": 9**10}, 403),
    ],
)
def test_who_has_no_password_here_confirms_by_signing_in_there_again(
    claims: dict[str, Any], status: int, keycloak: Keycloak, liar: Liar
) -> None:
    keycloak(liar.issuer)
    client = ask(liar).client
    asked = ask(liar, client)
    asked.back()
    url = confirm_old(client)
    assertContains(client.get(reverse("factors:confirm")), "By signing in there again")
    asked = ask(liar, client, url)
    liar.claims = claims
    assert asked.back().status_code == status
    assert (client.get(reverse("factors:add-app")).status_code == 200) is (status == 302)


@pytest.mark.real
def test_a_real_provider_asks_again_where_it_is_to_confirm(keycloak: Keycloak, real_issuer: str) -> None:
    keycloak(real_issuer)
    client = Client()
    client.get(sign_in_there(begin(client), "anna", BACK))
    there = begin(client, confirm_old(client))
    assert client.get(sign_in_there(there, "anna", BACK)).headers["Location"] == reverse("factors:add-app")
    assert client.get(reverse("factors:add-app")).status_code == 200


def test_whoever_floods_the_way_back_slows_down_nobody_else(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    flood = Client(REMOTE_ADDR="192.0.2.66")
    for _ in range(25):
        flood.get(CALLBACK, {"state": "guess"})
    assert last() == (False, "throttled")
    assert ask(liar).back().status_code == 302


def test_pressing_the_button_again_and_again_asks_the_provider_once(keycloak: Keycloak, liar: Liar) -> None:
    keycloak(liar.issuer)
    for _ in range(3):
        assert Client().get(START).status_code == 302
    assert liar.asked == ["/.well-known/openid-configuration"]


def test_a_provider_that_fails_is_asked_again_after_some_seconds(
    keycloak: Keycloak, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    keycloak(liar.issuer)
    liar.raw = {"/.well-known/openid-configuration": b"<html>"}
    assert [Client().get(START).status_code for _ in range(3)] == [502, 502, 502]
    assert len(liar.asked) == 1
    liar.raw = {}
    now = time.monotonic()
    monkeypatch.setattr("webui.signin.oidc.recent.time.monotonic", lambda: now + 6)
    assert Client().get(START).status_code == 302
