"""Registries that want a password, for tests: Debian's docker-registry by htpasswd or by tokens, and broken ones."""

import base64
import contextlib
import datetime
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.daemons import Registry, running_registry
from tests.peers import Certificates

USER, PASSWORD = "olga", "harbour-42"
# bcrypt of that password, of the lowest cost.
_HTPASSWD = "olga:$2a$04$fTJsYFhkH75OH08MWgdvJeDTZem2Nb83sGsjRAzi.sC0zcdbS8Z/.\n"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_AUDIENCE, _ISSUER = "test-registry", "test-issuer"


@contextlib.contextmanager
def basic_registry(
    folder: Path, *prefix: str, certificates: Certificates | None = None
) -> Iterator[Registry]:  # fmt: skip
    """Asks for USER and PASSWORD by Basic. `prefix` as of running_registry."""
    (folder / "htpasswd").write_text(_HTPASSWD)
    auth = f"auth: {{htpasswd: {{realm: harbour, path: {folder / 'htpasswd'}}}}}\n"
    with running_registry(folder, *prefix, more=auth, certificates=certificates) as registry:
        yield registry


@contextlib.contextmanager
def token_registry(folder: Path) -> Iterator[Registry]:
    """Sends whoever asks to a token server, which lets USER at everything and others at what is called public/."""
    authority = _Authority(folder)
    with serving(authority.answer) as realm:
        auth = (
            f"auth: {{token: {{realm: 'http://{realm}/token', service: {_AUDIENCE}, issuer: {_ISSUER}, "
            f"rootcertbundle: {authority.path}}}}}\n"
        )
        with running_registry(folder, more=auth) as registry:
            yield registry


class _Authority:
    """A key that signs tokens (the distribution project's token specification), and its certificate."""

    def __init__(self, folder: Path) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")]), datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        certificate = x509.CertificateBuilder(
            name, name, self.key.public_key(), x509.random_serial_number(), now - day, now + day
        ).sign(self.key, hashes.SHA256())
        self.path = folder / "tokens.pem"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self._der = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()

    def answer(self, asked: "Asked") -> "Answer":
        is_known = asked.headers.get("authorization") == basic(USER, PASSWORD)
        if "authorization" in asked.headers and not is_known:
            return Answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong user name or password"}]})
        scopes = [scope.split(":") for scope in asked.query.get("scope", "").split() if scope.count(":") == 2]
        access = [
            {"type": sort, "name": name, "actions": actions.split(",")}
            for sort, name, actions in scopes
            if is_known or name.startswith("public/")
        ]
        now = int(time.time())
        claims = {"iss": _ISSUER, "sub": USER, "aud": _AUDIENCE, "nbf": now - 60, "exp": now + 600,
                  "jti": secrets.token_hex(8), "access": access}  # fmt: skip
        return Answer(200, {"token": jwt.encode(claims, self.key, "RS256", headers={"x5c": [self._der]})})


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a server of ours got; names of headers in lower case."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is sent as JSON unless it is bytes."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def serving(answer: Any, certificates: Certificates | None = None) -> Iterator[str]:
    """A server on loopback that answers by a function of Asked; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            said: Answer = answer(Asked(parts.path, query, {k.lower(): v for k, v in self.headers.items()}))
            body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in {"Content-Length": str(len(body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificates is not None:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.certificate, certificates.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def fill(registry: Registry, repository: str, tags: Iterable[str], *, content: bytes = b"") -> str:
    """Put a small image under these tags, by the registry's own API, as USER; returns its digest."""
    base = f"http://{registry.address}/v2/{repository}"
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = _authorization(session, registry, repository)
        layer = content or b"a layer of nothing"
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []},
                             "config": {"Labels": {"content": layer.decode("latin-1")}}}).encode()  # fmt: skip
        manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "layers": [],
                    "config": {**_put_blob(session, base, config),
                               "mediaType": "application/vnd.docker.container.image.v1+json"}}  # fmt: skip
        body = json.dumps(manifest).encode()
        for tag in tags:
            put = session.put(f"{base}/manifests/{tag}", body, headers={"Content-Type": _MANIFEST}, timeout=90)
            put.raise_for_status()
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _authorization(session: requests.Session, registry: Registry, repository: str) -> str:
    challenge = session.get(f"http://{registry.address}/v2/", timeout=90).headers.get("WWW-Authenticate", "")
    if not challenge.startswith("Bearer"):
        return basic(USER, PASSWORD)
    realm = challenge.partition('realm="')[2].partition('"')[0]
    asked = {"service": _AUDIENCE, "scope": f"repository:{repository}:pull,push"}
    found = session.get(realm, params=asked, headers={"Authorization": basic(USER, PASSWORD)}, timeout=90)
    return f"Bearer {found.json()['token']}"


def _put_blob(session: requests.Session, base: str, data: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    begun = session.post(f"{base}/blobs/uploads/", timeout=90)
    begun.raise_for_status()
    location = begun.headers["Location"]
    put = session.put(f"{location}{'&' if '?' in location else '?'}digest={digest}", data, timeout=90)
    put.raise_for_status()
    return {"digest": digest, "size": len(data)}
