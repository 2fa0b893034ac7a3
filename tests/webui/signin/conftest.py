"""Providers: a real one, and one that can be made to lie. A real directory."""

import base64
import hashlib
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.urls import reverse

from tests.directories import BASE, SERVICE, SERVICE_PASSWORD, RunningDirectory, running_directory
from tests.peers import CLIENT_ID, CLIENT_SECRET, make_certificates, running_provider
from webui.signin.models import Directory, Provider
from webui.signin.oidc import forget

CALLBACK = "/sign-in/with/keycloak/back/"
START = "/sign-in/with/keycloak/"


@pytest.fixture(autouse=True)
def forgotten_providers() -> None:
    """What one said is remembered for some seconds, which outlives a test."""
    forget()


@pytest.fixture(scope="session")
def real_issuer() -> Iterator[str]:
    with running_provider(f"http://testserver{CALLBACK}") as issuer:
        yield issuer


@pytest.fixture
def keycloak(db: None) -> Callable[..., Provider]:
    """Adds the provider `keycloak`."""

    def add(issuer: str, **more: Any) -> Provider:
        values = {
            "slug": "keycloak", "name": "Keycloak", "issuer": issuer, "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET, "scopes": "openid profile email groups",
        }  # fmt: skip
        assert reverse("signin:callback", args=["keycloak"]) == CALLBACK
        return Provider.objects.create(**{**values, **more})

    return add


@dataclass
class Liar:
    """A provider whose every word can be changed. `claims` go into the token; what is None is left out."""

    issuer: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    signing_key: Any = None
    algorithm: str = "RS256"
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    raw: dict[str, bytes] = field(default_factory=dict)
    token_status: int = 200
    nonce: str = ""
    challenge: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str, form: dict[str, list[str]]) -> tuple[int, bytes]:
        self.asked.append(path)
        if path in self.raw:
            return 200, self.raw[path]
        if path == "/token":
            verifier = hashlib.sha256(form["code_verifier"][0].encode()).digest()
            assert base64.urlsafe_b64encode(verifier).rstrip(b"=").decode() == self.challenge
            return self.token_status, json.dumps({"access_token": "a", "id_token": self._token()}).encode()
        if path == "/me":
            return 200, json.dumps(self.userinfo or {"sub": self.claims.get("sub", "s-1")}).encode()
        found = {"/jwks": {"keys": [self._jwk()]}, "/.well-known/openid-configuration": self._metadata()}.get(path)
        return (200, json.dumps(found).encode()) if found else (404, b"{}")

    def _metadata(self) -> dict[str, Any]:
        said = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/me", "id_token_signing_alg_values_supported": ["RS256"],
        }  # fmt: skip
        return said | self.metadata

    def _jwk(self) -> dict[str, Any]:
        said = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {**said, "kid": "k1", "use": "sig"}

    def _token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "s-1", "iat": now, "exp": now + 300, "nonce": self.nonce,
            "preferred_username": "anna",
        } | self.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.signing_key or self.key, self.algorithm, headers={"kid": "k1"})


@pytest.fixture
def liar() -> Iterator[Liar]:
    said = Liar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            status, body = said.answer(self.path, parse_qs(self.rfile.read(length).decode()))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    said.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield said
    server.shutdown()
    server.server_close()
    thread.join(5)


@dataclass(frozen=True, slots=True)
class Office:
    running: RunningDirectory
    ca: str


@pytest.fixture(scope="session")
def office() -> Iterator[Office]:
    """The real directory, and the certificate of its authority."""
    # Its sockets and database want a short path, for as long as all tests run.
    folder = Path(tempfile.mkdtemp(prefix="qs-ldap-"))
    try:
        certificates = make_certificates(folder)
        with running_directory(folder, certificates) as running:
            yield Office(running, certificates.ca.read_text())
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def directory(office: Office, db: None) -> Callable[..., Directory]:
    def add(**more: Any) -> Directory:
        values = {
            "slug": "office", "name": "Office", "server": office.running.plain, "ca": office.ca,
            "bind_name": SERVICE, "bind_password": SERVICE_PASSWORD, "people_base": f"ou=people,{BASE}",
            "groups_base": f"ou=groups,{BASE}",
        }  # fmt: skip
        return Directory.objects.create(**{**values, **more})

    return add
