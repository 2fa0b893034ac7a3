"""Signing in by an LDAP directory: a real slapd, both ways of binding, both ways of TLS, and what breaks or bites."""

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.directories import BASE, PASSWORD, SERVICE_PASSWORD
from tests.webui.signin.conftest import Office
from webui.access.models import Team
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.signin.ldap import DirectoryFailed, examine, sign_in
from webui.signin.models import Directory, Identity, TeamRule

pytestmark = [pytest.mark.django_db, pytest.mark.real]


Add = Callable[..., Directory]


def give(username: str, password: str, client: Client | None = None) -> Any:
    data = {"username": username, "password": password}
    return (client or Client()).post(reverse("accounts:sign-in"), data)


def last() -> tuple[bool, str]:
    entry = Entry.objects.filter(operation="account.sign-in").first()
    assert entry is not None
    return entry.is_allowed, entry.rule


def words_of(response: Any) -> str:
    return " ".join(str(one) for one in response.context["form"].non_field_errors())


@pytest.mark.parametrize("encryption", ["starttls", "ldaps"])
def test_somebody_comes_in_with_the_teams_of_their_groups(encryption: str, office: Office, directory: Add) -> None:
    server = office.running.tls if encryption == "ldaps" else office.running.plain
    source = directory(encryption=encryption, server=server)
    teams = {name: Team.objects.create(name=name) for name in ("Operations", "Developers", "Crew")}
    for value, name in (("ops", "Operations"), (f"cn=dev,ou=groups,{BASE}", "Developers"), ("crew", "Crew")):
        TeamRule.objects.create(source=source, value=value, team=teams[name])
    client = Client()
    assert give("anna", PASSWORD, client).status_code == 302
    assert client.get("/jobs/").status_code == 200
    anna = User.objects.get()
    assert (anna.username, anna.display_name, anna.email) == ("anna", "anna of the directory", "anna@example.com")
    assert {team.name for team in anna.teams.all()} == {"Operations", "Developers"}
    assert re.fullmatch(r"[0-9a-f-]{36}", Identity.objects.get().subject)
    assert last() == (True, "directory Office")
    assert give("anna", PASSWORD).status_code == 302
    assert User.objects.count() == 1


def test_people_may_bind_by_their_own_name(directory: Add) -> None:
    source = directory(own_name=f"uid={{user}},ou=people,{BASE}", bind_name="", bind_password="")
    arrival = sign_in(source, "anna", PASSWORD)
    assert arrival is not None
    assert arrival.groups is not None
    assert {"ops", "dev"} <= arrival.groups
    assert sign_in(source, "anna", "wrong") is None
    # A comma in a name must not reach out of its part of the DN.
    assert sign_in(source, "rose,lee", PASSWORD) is not None
    assert sign_in(source, "twin,ou=others", PASSWORD) is None


@pytest.mark.parametrize("password", ["wrong", " ", PASSWORD + " "])
def test_a_wrong_password_is_refused_in_the_words_of_any(password: str, directory: Add) -> None:
    directory()
    response = give("anna", password)
    assert response.status_code == 422
    assert words_of(response) == "That user name and password do not belong together."
    assert last() == (False, "wrong")
    assert not User.objects.exists()


def test_an_empty_password_is_no_anonymous_bind(directory: Add) -> None:
    source = directory()
    own = directory(slug="own", name="Own", own_name=f"uid={{user}},ou=people,{BASE}")
    assert sign_in(source, "anna", "") is None
    assert sign_in(own, "anna", "") is None
    assert give("anna", "").status_code == 422
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "username",
    [
        "*",
        "ann*",
        "anna)(uid=*",
        "*)(|(uid=*",
        "anna\x00",
        "an\nna",
        "\\2a",
        "(",
        "nobody",
        "a" * 200,
        "anna,ou=people",
    ],
)
def test_characters_that_mean_something_to_a_directory_find_nobody(username: str, directory: Add) -> None:
    source = directory()
    assert sign_in(source, username, PASSWORD) is None
    assert give(username, PASSWORD).status_code == 422
    assert not User.objects.exists()


def test_a_name_full_of_such_characters_is_found_as_itself(directory: Add) -> None:
    arrival = sign_in(directory(), "star*(x)", PASSWORD)
    assert arrival is not None
    assert arrival.display_name == "star*(x) of the directory"


def test_two_people_of_one_name_are_nobody(directory: Add) -> None:
    source = directory(people_base=BASE)
    with pytest.raises(DirectoryFailed, match="finds several people"):
        sign_in(source, "twin", PASSWORD)
    response = give("twin", PASSWORD)
    assert "cannot be asked just now" in words_of(response)
    assert last() == (False, "directory search")


def test_guessing_is_slowed_down_before_the_directory_is_asked(directory: Add) -> None:
    source = directory()
    for _ in range(5):
        give("anna", "guess")
    Directory.objects.filter(pk=source.pk).update(server="127.0.0.1:1")
    response = give("anna", PASSWORD)
    assert "Too many failed tries" in words_of(response)
    assert last() == (False, "throttled")


def test_a_person_of_ours_with_the_same_name_is_not_taken_over(directory: Add, olga: User) -> None:
    directory()
    User.objects.filter(pk=olga.pk).update(username="anna")
    response = give("anna", PASSWORD)
    # Both have the same password in these tests: ours is asked first.
    assert response.status_code == 302
    assert last() == (True, "password")
    olga.refresh_from_db()
    olga.set_password("another-one-77")
    olga.save()
    assert "Somebody here is called anna already" in words_of(give("anna", PASSWORD))
    assert last() == (False, "name taken")
    assert not Identity.objects.exists()


def test_who_is_deactivated_here_stays_out(directory: Add) -> None:
    directory()
    give("anna", PASSWORD)
    User.objects.update(is_active=False)
    assert "deactivated" in words_of(give("anna", PASSWORD))
    assert last() == (False, "deactivated")


def test_an_account_there_is_connected_by_showing_its_password(
    directory: Add, rita: User, by_password: Callable[..., Client]
) -> None:
    directory(creates_people=False)
    assert "this console does not" in words_of(give("anna", PASSWORD))
    client = by_password(rita)
    url = reverse("signin:connect", args=["office"])
    assert client.post(url, {"username": "anna", "password": "wrong"}).status_code == 422
    assert client.post(url, {"username": "anna", "password": PASSWORD}).status_code == 302
    elsewhere = Client()
    assert give("anna", PASSWORD, elsewhere).status_code == 302
    assert elsewhere.session["_auth_user_id"] == str(rita.pk)


def test_who_has_no_password_here_confirms_by_the_one_there(directory: Add) -> None:
    directory()
    client = Client()
    give("anna", PASSWORD, client)
    session = client.session
    session["confirmed-at"] = 1
    session.save()
    confirm = reverse("factors:confirm")
    assert client.post(confirm, {"password": "wrong"}).status_code == 422
    assert client.post(confirm, {"password": PASSWORD, "next": "/jobs/"}).headers["Location"] == "/jobs/"


# --- the test of each step


def steps(source: Directory, username: str = "", password: str = "") -> list[tuple[str, bool]]:
    return [(one.what, one.is_good) for one in examine(source, username, password)]


def test_a_test_goes_through_every_step(directory: Add) -> None:
    good = [(name, True) for name in ("Connect", "TLS", "Bind", "Search", "Groups", "Password")]
    assert steps(directory(), "anna", PASSWORD) == good
    assert steps(directory(slug="b", name="B"), "anna", "wrong")[-1] == ("Password", False)


@pytest.mark.parametrize(
    ("change", "step", "words"),
    [
        ({"server": "127.0.0.1:1"}, "Connect", "cannot be reached"),
        ({"server": "no-such-server.invalid"}, "Connect", "cannot be reached"),
        ({"ca": ""}, "TLS", "certificate verify failed"),
        ({"bind_password": "wrong"}, "Bind", "invalidCredentials"),
        ({"people_base": "ou=nowhere,dc=example,dc=com"}, "Search", "noSuchObject"),
        ({"people_filter": "(uid={user}"}, "Search", "failed"),
        ({"people_filter": "(sn=x)"}, "Search", "several people"),
        ({"id_attribute": "objectGUID"}, "Search", "no attribute objectGUID"),
        ({"groups_base": "ou=nowhere,dc=example,dc=com"}, "Groups", "noSuchObject"),
    ],
)
def test_a_test_names_the_step_that_fails(change: dict[str, str], step: str, words: str, directory: Add) -> None:
    findings = list(examine(directory(**change), "anna", PASSWORD))
    assert (findings[-1].what, findings[-1].is_good) == (step, False)
    assert words in findings[-1].words
    assert SERVICE_PASSWORD not in findings[-1].words


@pytest.mark.parametrize("encryption", ["starttls", "ldaps"])
def test_a_certificate_of_another_name_is_refused(encryption: str, office: Office, directory: Add) -> None:
    server = office.running.tls if encryption == "ldaps" else office.running.plain
    # slapd listens there too, and its certificate does not say so.
    source = directory(encryption=encryption, server=server.replace("127.0.0.1", "127.0.0.2"))
    findings = list(examine(source, "anna", PASSWORD))
    assert (findings[-1].what, findings[-1].is_good) == ("TLS", False)
    assert "127.0.0.2" in findings[-1].words
    assert give("anna", PASSWORD).status_code == 422
    assert last() == (False, "directory tls")


def test_a_server_that_accepts_and_says_nothing_is_given_up(directory: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.signin.ldap.connection._ANSWER_S", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        source = directory(server=f"127.0.0.1:{silent.getsockname()[1]}")
        assert steps(source)[-1] == ("TLS", False)


def test_in_the_clear_is_possible_and_said(directory: Add) -> None:
    found = list(examine(directory(encryption="none"), "", ""))
    assert ("None: every password can be read on the way.", "warning") in [(one.words, one.tone) for one in found]
