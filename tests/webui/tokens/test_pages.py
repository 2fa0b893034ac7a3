"""The pages of tokens: making, showing once, revoking; and the files and commands for a host."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from django.db import connection
from django.test import Client

from webui.access import Role
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.hosts.models import Host
from webui.tokens import find
from webui.tokens.models import Authority, Token

SignedIn = Callable[[User], Client]
_GIVEN = {"name": "laptop", "access": "read", "hosts": ["*"], "lasts": "30"}


def _made(client: Client, **given: object) -> Token:
    response = client.post("/profile/tokens/add/", {**_GIVEN, **given})
    assert response.status_code == 201, response.content.decode()
    return Token.objects.latest("pk")


def test_the_secret_is_shown_once_and_never_again(olga: User, docks: Host, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    response = client.post("/profile/tokens/add/", _GIVEN)
    secret = response.context["secret"]
    assert secret in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    token = Token.objects.get()
    assert find(secret) == token.key
    page = client.get("/profile/tokens/").content.decode()
    assert token.shown_key in page
    assert secret not in page


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "required"),
        ({"hosts": []}, "Choose the hosts"),
        ({"access": "chosen"}, "Choose what it may do"),
        ({"lasts": "36500"}, "Select a valid choice"),
        ({"access": "chosen", "operations": ["no.such"]}, "Select a valid choice"),
        ({"hosts": ["hidden"]}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_with_a_token_stands_in_the_form(
    olga: User, docks: Host, signed_in: SignedIn, given: dict[str, Any], words: str
) -> None:
    response = signed_in(olga).post("/profile/tokens/add/", {**_GIVEN, **given})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Token.objects.exists()


def test_two_tokens_of_one_person_have_two_names(olga: User, docks: Host, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    _made(client)
    assert client.post("/profile/tokens/add/", {**_GIVEN, "name": "LAPTOP"}).status_code == 422


def test_revoking_first_shows_what_ends(olga: User, docks: Host, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    token = _made(client)
    asked = {"action": "revoke", "id": [token.pk]}
    assert b"Revoke 1 token" in client.post("/profile/tokens/act/", asked, headers={"HX-Request": "true"}).content
    assert Token.objects.exists()
    client.post("/profile/tokens/act/", {**asked, "confirmed": "1"}, headers={"HX-Request": "true"})
    assert not Token.objects.exists()


def test_nobody_but_administrators_sees_or_revokes_somebody_elses_tokens(
    olga: User, rita: User, docks: Host, signed_in: SignedIn
) -> None:
    token = _made(signed_in(rita))
    administrator = signed_in(olga)
    assert token.shown_key in administrator.get(f"/people/{rita.pk}/tokens/").content.decode()
    other = signed_in(User.objects.create_user("otto", None, role=Role.OPERATOR))
    assert other.get(f"/people/{rita.pk}/tokens/").status_code == 403
    revoking = {"action": "revoke", "id": [token.pk], "confirmed": "1"}
    assert other.post("/profile/tokens/act/", revoking).status_code == 404
    assert Token.objects.exists()
    administrator.post("/profile/tokens/act/", revoking, headers={"HX-Request": "true"})
    assert not Token.objects.exists()


def test_the_files_show_the_token_for_this_host_and_their_key_is_kept_nowhere(
    olga: User, docks: Host, signed_in: SignedIn
) -> None:
    client = signed_in(olga)
    token = _made(client)
    response = client.post("/h/docks/terminal/files/", {"token": token.pk})
    assert response.headers["Content-Disposition"] == 'attachment; filename="quayside-docks.zip"'
    with zipfile.ZipFile(io.BytesIO(response.content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
        assert {entry.external_attr >> 16 for entry in packed.infolist()} == {0o600}
    assert set(files) == {"ca.pem", "cert.pem", "key.pem"}
    certificate = x509.load_pem_x509_certificate(files["cert.pem"])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"quayside:token:{token.key}:host:{docks.pk}"]
    assert certificate.not_valid_after_utc <= token.expires_at
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(files["ca.pem"]))
    assert Entry.objects.filter(operation="token.files", target="laptop", host="docks").exists()


def test_the_authoritys_key_is_sealed_in_the_database(olga: User, docks: Host, signed_in: SignedIn) -> None:
    client = signed_in(olga)
    client.post("/h/docks/terminal/files/", {"token": _made(client).pk})
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM tokens_authority")
        (kept,) = cursor.fetchone()
    assert "PRIVATE KEY" not in kept
    assert "PRIVATE KEY" in Authority.objects.get().key


def test_files_are_made_only_for_a_token_of_ones_own_that_is_for_the_host(
    olga: User, rita: User, docks: Host, signed_in: SignedIn
) -> None:
    Host.objects.create(slug="other", name="Other", url="unix:///nowhere.sock")
    client = signed_in(olga)
    narrow, others = _made(client, hosts=["docks"]), _made(signed_in(rita))
    assert client.post("/h/other/terminal/files/", {"token": narrow.pk}).status_code == 404
    assert client.post("/h/docks/terminal/files/", {"token": others.pk}).status_code == 404
    assert client.get("/h/docks/terminal/files/").status_code == 405


def test_the_terminal_page_says_how_to_switch_the_proxy_on_or_gives_the_commands(
    olga: User, docks: Host, signed_in: SignedIn, settings: Any
) -> None:
    client = signed_in(olga)
    assert "QUAYSIDE_PROXY_BIND" in client.get("/h/docks/terminal/").content.decode()
    settings.QUAYSIDE_PROXY_BIND = "0.0.0.0:8443"
    page = client.get("/h/docks/terminal/").content.decode()
    assert "tcp://testserver:8443" in page
    assert "docker context create docks" in page
    assert "Make a token" in page


def test_the_terminal_page_of_a_host_that_is_not_for_their_eyes_is_not_there(docks: Host, signed_in: SignedIn) -> None:
    nobody = User.objects.create_user("nemo", None, role=Role.NONE)
    assert signed_in(nobody).get("/h/docks/terminal/").status_code == 404
    assert Client().get("/h/docks/terminal/").status_code == 302
