"""Administrators and the sources of people: adding, testing, changing, removing; secrets that are never shown."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from tests.webui.conftest import PASSWORD
from tests.webui.signin.conftest import Liar
from webui.access import Role
from webui.access.models import Team
from webui.accounts import people
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import actor_of
from webui.signin.models import Directory, Identity, Provider

pytestmark = pytest.mark.django_db

LIST = reverse("signin:list")
ADD_PROVIDER, ADD_DIRECTORY = (reverse("signin:add", args=[kind]) for kind in ("provider", "directory"))
SECRET = "never-to-be-seen-again"
PROVIDER = {
    "name": "Keycloak", "issuer": "https://id.example.com", "client_id": "quayside", "client_secret": SECRET,
    "scopes": "openid profile email", "is_enabled": "on", "creates_people": "on", "first_role": Role.READER,
    "team_claim": "groups", "do": "save",
}  # fmt: skip
DIRECTORY = {
    "name": "Office", "server": "ldaps://ldap.example.com/", "encryption": "ldaps", "people_base": "dc=example,dc=com",
    "bind_name": "cn=quayside", "bind_password": SECRET, "people_filter": "(uid={user})", "id_attribute": "entryUUID",
    "is_enabled": "on", "creates_people": "on", "first_role": Role.READER, "do": "save",
}  # fmt: skip
SignedIn = Callable[[User], Client]


@pytest.fixture
def administrator(olga: User, by_password: Callable[..., Client]) -> Client:
    return by_password(olga)


@pytest.mark.parametrize("url", [LIST, ADD_PROVIDER, ADD_DIRECTORY, reverse("signin:act")])
def test_only_administrators_see_sources(url: str, rita: User, signed_in: SignedIn) -> None:
    for send in (Client().get, Client().post):
        assert send(url).status_code in {302, 405}
    client = signed_in(rita)
    assert 403 in {client.get(url).status_code, client.post(url).status_code}
    assert not Entry.objects.filter(operation__startswith="sign-in.").exists()


def test_a_change_needs_a_fresh_proof(olga: User, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    assert client.get(LIST).status_code == 200
    assert client.post(ADD_PROVIDER, PROVIDER).headers["Location"].startswith(reverse("factors:confirm"))
    assert not Provider.objects.exists()


def test_a_provider_is_added_changed_and_its_secret_never_shown(administrator: Client) -> None:
    assertContains(administrator.get(LIST), "Only passwords of this console")
    team = Team.objects.create(name="Operations")
    rules = "ops = operations\ncn=dev,dc=example = Operations"
    page = administrator.post(ADD_PROVIDER, {**PROVIDER, "team_rules": rules})
    url = reverse("signin:change", args=["provider", "keycloak"])
    assert page.headers["Location"] == url
    provider = Provider.objects.get()
    assert [(rule.value, rule.team) for rule in provider.team_rules.all()] == [
        ("cn=dev,dc=example", team),
        ("ops", team),
    ]
    shown = administrator.get(url)
    assertContains(shown, "http://testserver/sign-in/with/keycloak/back/")
    assertNotContains(shown, SECRET)
    assertContains(administrator.get(LIST), "https://id.example.com")

    # Empty keeps the secret; the log has names of fields only.
    administrator.post(url, {**PROVIDER, "client_secret": "", "name": "Keys"})
    provider.refresh_from_db()
    assert (provider.name, provider.client_secret, provider.slug) == ("Keys", SECRET, "keycloak")
    administrator.post(url, {**PROVIDER, "client_secret": "another"})
    provider.refresh_from_db()
    assert provider.client_secret == "another"
    kept = str(list(Entry.objects.values()))
    assert SECRET not in kept
    assert "another" not in kept
    assert Entry.objects.filter(operation="sign-in.change", message__contains="client_secret").exists()


def test_secrets_are_sealed_in_the_database(administrator: Client) -> None:
    administrator.post(ADD_PROVIDER, PROVIDER)
    administrator.post(ADD_DIRECTORY, DIRECTORY)
    assert (Provider.objects.count(), Directory.objects.get().server) == (1, "ldap.example.com")
    with connection.cursor() as cursor:
        for table in ("signin_provider", "signin_directory"):
            cursor.execute(f"SELECT * FROM {table}")
            assert SECRET not in str(cursor.fetchall())


@pytest.mark.parametrize(
    ("url", "form", "field"),
    [
        (ADD_PROVIDER, {**PROVIDER, "issuer": "http://id.example.com"}, "issuer"),
        (ADD_PROVIDER, {**PROVIDER, "issuer": "javascript:alert(1)"}, "issuer"),
        (ADD_PROVIDER, {**PROVIDER, "ca": "no certificate"}, "ca"),
        (ADD_PROVIDER, {**PROVIDER, "team_rules": "ops = nobody"}, "team_rules"),
        (ADD_PROVIDER, {**PROVIDER, "team_rules": "ops"}, "team_rules"),
        (ADD_PROVIDER, {**PROVIDER, "first_role": Role.ADMINISTRATOR}, "first_role"),
        (ADD_DIRECTORY, {**DIRECTORY, "server": "a b"}, "server"),
        (ADD_DIRECTORY, {**DIRECTORY, "bind_password": ""}, "bind_password"),
        (ADD_DIRECTORY, {**DIRECTORY, "people_filter": "(uid=anna)"}, "people_filter"),
        (ADD_DIRECTORY, {**DIRECTORY, "own_name": "uid=anna"}, "own_name"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    url: str, form: dict[str, Any], field: str, administrator: Client
) -> None:
    response = administrator.post(url, form)
    assert response.status_code == 422
    assert response.context["form"].errors[field]
    assertNotContains(response, SECRET, status_code=422)
    # It is lost with the page, so that it must not be left out of the next try.
    if "client_secret" in form:
        assertContains(response, "Type it once more", status_code=422)


def test_a_test_says_what_it_found_and_saves_nothing(administrator: Client, liar: Liar) -> None:
    liar.metadata = {"scopes_supported": ["openid"], "code_challenge_methods_supported": ["S256"]}
    response = administrator.post(ADD_PROVIDER, {**PROVIDER, "issuer": liar.issuer, "do": "test"})
    found = [(one.what, one.tone) for one in response.context["findings"]]
    assert found == [("Discovery", "good"), ("Keys", "good"), ("PKCE", "good"), ("Signatures", "good"),
                     ("Scopes", "warning"), ("Groups", "good")]  # fmt: skip
    assertContains(response, "It does not offer profile, email.")
    response = administrator.post(ADD_PROVIDER, {**PROVIDER, "issuer": "http://127.0.0.1:9", "do": "test"})
    assertContains(response, "127.0.0.1:9 cannot be reached")
    assert not Provider.objects.exists()
    messages = list(Entry.objects.filter(operation="sign-in.test").values_list("message", flat=True))
    assert messages == ["failed: Discovery", "passed"]


def test_removal_says_who_is_left_without_a_way_in_and_signs_them_out(
    administrator: Client, rita: User, signed_in: SignedIn
) -> None:
    administrator.post(ADD_PROVIDER, PROVIDER)
    anna = User.objects.create_user("anna", None, role=Role.READER)
    for user in (anna, rita):
        Identity.objects.create(source_id=Provider.objects.get().pk, subject=user.username, user=user)
    client = signed_in(anna)
    act = {"action": "remove", "id": "keycloak"}
    response = administrator.post(reverse("signin:act"), act)
    assertContains(response, "2 people come in by it")
    assertContains(response, "have no password here")
    assert client.get("/jobs/").status_code == 200
    administrator.post(reverse("signin:act"), {**act, "confirmed": "1"})
    assert not Provider.objects.exists()
    assert client.get("/jobs/").status_code == 302
    assert User.objects.filter(username="anna").exists()


def test_switching_a_source_off_signs_its_people_out(administrator: Client, rita: User, signed_in: SignedIn) -> None:
    administrator.post(ADD_PROVIDER, PROVIDER)
    Identity.objects.create(source_id=Provider.objects.get().pk, subject="rita", user=rita)
    client = signed_in(rita)
    off = {**PROVIDER, "is_enabled": "", "client_secret": ""}
    administrator.post(reverse("signin:change", args=["provider", "keycloak"]), off)
    assert client.get("/jobs/").status_code == 302


def test_people_who_come_in_by_a_source_are_active_and_can_administrate(olga: User, administrator: Client) -> None:
    administrator.post(ADD_PROVIDER, PROVIDER)
    anna = User.objects.create_user("anna", None, role=Role.ADMINISTRATOR)
    assert people.is_last_administrator(olga)
    Identity.objects.create(source_id=Provider.objects.get().pk, subject="anna", user=anna)
    assert not people.is_last_administrator(olga)
    assertContains(administrator.get(reverse("accounts:people")), "active · by Keycloak")
    people.deactivate(actor_of(olga), anna)


def test_the_only_way_in_is_not_let_go_of(
    olga: User, administrator: Client, by_password: Callable[..., Client]
) -> None:
    administrator.post(ADD_PROVIDER, PROVIDER)
    identity = Identity.objects.create(source_id=Provider.objects.get().pk, subject="olga", user=olga)
    stays = by_password(olga)
    User.objects.filter(pk=olga.pk).update(password="!")
    session = stays.session
    session["_auth_user_hash"] = User.objects.get(pk=olga.pk).get_session_auth_hash()
    session.save()
    act = {"action": "disconnect", "id": str(identity.pk), "confirmed": "1"}
    assertContains(stays.post(reverse("signin:disconnect"), act), "it is your only way in")
    assert Identity.objects.exists()


RULES = reverse("signin:passwords")


def test_administrators_choose_what_new_passwords_must_be(
    administrator: Client, rita: User, by_password: Callable[..., Client]
) -> None:
    chosen = {"min_length": "14", "refuses_numeric": "on"}
    assert administrator.post(RULES, chosen).headers["Location"] == LIST
    entry = Entry.objects.get(operation="sign-in.passwords")
    assert "min_length 14" in entry.message
    client = by_password(rita)
    profile = reverse("accounts:profile")
    assertContains(client.get(profile), "at least 14 characters")

    def change(new: str) -> int:
        form = {"form": "password", "old_password": PASSWORD, "new_password1": new, "new_password2": new}
        return client.post(profile, form).status_code

    # Likeness is not refused any more.
    assert [change(new) for new in ("thirteen-long", "90210902109021", "rita-rita-rita")] == [422, 422, 302]


@pytest.mark.parametrize("length", ["7", "129", "", "x"])
def test_a_minimum_that_protects_nobody_is_refused_beside_its_field(length: str, administrator: Client) -> None:
    response = administrator.post(RULES, {"min_length": length})
    assert response.status_code == 422
    assert response.context["rules"].errors["min_length"]
    assertContains(administrator.get(LIST), 'value="10"')


def test_only_administrators_choose_the_rules(rita: User, by_password: Callable[..., Client]) -> None:
    assert by_password(rita).post(RULES, {"min_length": "8"}).status_code == 403
    assert Client().post(RULES, {"min_length": "8"}).status_code == 302


def test_secrets_sealed_with_another_key_lock_nobody_out_and_can_be_given_again(
    administrator: Client, liar: Liar, olga: User
) -> None:
    administrator.post(ADD_PROVIDER, {**PROVIDER, "issuer": liar.issuer})
    administrator.post(ADD_DIRECTORY, {**DIRECTORY, "server": "127.0.0.1:1"})
    with mock.patch("webui.sealed._box", return_value=Fernet(Fernet.generate_key())):
        sign_in = reverse("accounts:sign-in")
        assertContains(Client().get(sign_in), "Sign in with Keycloak")
        assert Client().get("/sign-in/with/keycloak/").status_code == 302
        assert Client().post(sign_in, {"username": "olga", "password": PASSWORD}).status_code == 302
        assert Client().post(sign_in, {"username": "eve", "password": "x"}).status_code == 422
        for kind, slug in (("provider", "keycloak"), ("directory", "office")):
            page = administrator.get(reverse("signin:change", args=[kind, slug]))
            assertNotContains(page, "One is kept, sealed")
        assertContains(administrator.get(LIST), "Keycloak")
        assertContains(administrator.get(reverse("signin:connected")), "Connect Keycloak")
        again = {**PROVIDER, "issuer": liar.issuer, "client_secret": "given-again"}
        administrator.post(reverse("signin:change", args=["provider", "keycloak"]), again)
        assert Provider.objects.get().client_secret == "given-again"
