"""The registry client against a real registry behind TLS and tokens, and against servers that misbehave."""

import base64
import datetime
import ipaddress
import json
import secrets
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientSSLError, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from engine.config import EngineConfig
from engine.content import digest_of
from engine.errors import EngineError, Forbidden, NotFound, Unauthorized, Unavailable
from engine.registry import Credentials, RegistryClient, RegistryError, certificates, parse_reference
from tests.ports import free_port

pytestmark = pytest.mark.real

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[..., Awaitable[str]]
OLGA = Credentials("olga", "secret")


class Authority:
    """A key with a certificate that it has signed itself: a certificate authority, a server and a client at once."""

    def __init__(self, folder: Path) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
        now = datetime.datetime.now(datetime.UTC)
        self.certificate = (
            x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        self.cert_path, self.key_path = folder / "test.pem", folder / "test.key"
        self.cert_path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.key_path.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def token(self, audience: str, scopes: list[str]) -> str:
        """A JSON web token (RS256) that grants these scopes, as the distribution project's specification has it."""
        der = base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()
        access = [dict(zip(("type", "name", "actions"), scope.split(":"), strict=True)) for scope in scopes]
        claims = {
            "iss": "test-issuer",
            "aud": audience,
            "nbf": int(time.time()) - 60,
            "exp": int(time.time()) + 600,
            "jti": secrets.token_hex(8),
            "access": [{**item, "actions": item["actions"].split(",")} for item in access],
        }
        parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "RS256", "x5c": [der]}, claims)]
        signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        signature = self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    (tmp_path / "root").mkdir()
    return EngineConfig(root=tmp_path / "root", exec_root=tmp_path / "run")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Answer HTTP on loopback by a handler; returns HOST:PORT."""
    async with AsyncExitStack() as stack:

        async def start(handler: Handler, tls: ssl.SSLContext | None = None) -> str:
            runner = web.ServerRunner(web.Server(handler))
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
            await site.start()
            return site.name.rpartition("/")[2]

        yield start


@pytest.fixture
async def token_registry(authority: Authority, serve: Serve, tmp_path: Path) -> AsyncIterator[str]:
    """docker-registry behind TLS, and a token server that knows olga: by password, or by an identity token."""

    async def tokens(request: web.Request) -> web.Response:
        form = await request.post()
        basic = request.headers.get("Authorization", "")
        if basic != OLGA.basic and form.get("refresh_token") != "olga-identity":
            return web.json_response({"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]}, status=401)
        asked = form.get("scope") or " ".join(request.query.getall("scope", []))
        token = authority.token("test-registry", [scope for scope in str(asked).split() if ":olga/" in scope])
        return web.json_response({"access_token" if form else "token": token})

    realm = await serve(tokens)
    address = f"127.0.0.1:{free_port()}"
    document = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "data")}},
        "http": {"addr": address, "tls": {"certificate": str(authority.cert_path), "key": str(authority.key_path)}},
        "auth": {
            "token": {
                "realm": f"http://{realm}/token",
                "service": "test-registry",
                "issuer": "test-issuer",
                "rootcertbundle": str(authority.cert_path),
            }
        },
    }
    (tmp_path / "registry.yml").write_text(json.dumps(document))
    process = subprocess.Popen(["docker-registry", "serve", str(tmp_path / "registry.yml")], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), 1).close()
                break
            except OSError:
                assert process.poll() is None
        yield address
    finally:
        process.terminate()
        process.wait(90)


def trust(config: EngineConfig, address: str, authority: Authority) -> Path:
    folder = config.root / "certs.d" / address
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_bytes(authority.cert_path.read_bytes())
    return folder


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_who_has_a_token_pushes_and_mounts_from_another_repository(config, authority, token_registry) -> None:
    trust(config, token_registry, authority)
    data = secrets.token_bytes(100_000)
    reference = parse_reference(f"{token_registry}/olga/app")
    async with RegistryClient(config, reference, OLGA, actions="pull,push") as client:
        upload = await client.upload_blob(pieces(data))
        await upload.finish(digest_of(data))
    identity = Credentials(identity_token="olga-identity")
    async with RegistryClient(config, reference, identity) as client:
        assert b"".join([piece async for piece in client.blob(digest_of(data))]) == data
    other = parse_reference(f"{token_registry}/olga/other")
    async with RegistryClient(config, other, OLGA, actions="pull,push") as client:
        assert await client.mount_blob(digest_of(data), "olga/app")
        assert await client.has_blob(digest_of(data)) == len(data)


async def test_a_bad_password_and_a_foreign_repository_are_refused(config, authority, token_registry) -> None:
    trust(config, token_registry, authority)
    mine = parse_reference(f"{token_registry}/olga/app")
    with pytest.raises(Unauthorized, match="who are you"):
        async with RegistryClient(config, mine, Credentials("olga", "wrong")):
            pass
    foreign = parse_reference(f"{token_registry}/boss/app")
    async with RegistryClient(config, foreign, OLGA) as client:
        with pytest.raises((Unauthorized, Forbidden)):
            await client.manifest("latest")


async def test_a_client_certificate_is_shown_where_the_registry_asks(config, authority, serve) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.cert_path))
    tls.load_cert_chain(authority.cert_path, authority.key_path)
    tls.verify_mode = ssl.CERT_REQUIRED

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({})

    address = await serve(answer, tls)
    folder = trust(config, address, authority)
    (folder / "client.cert").write_bytes(authority.cert_path.read_bytes())
    with pytest.raises(EngineError, match=r"missing key client.key for client certificate client.cert"):
        async with RegistryClient(config, parse_reference(f"{address}/app"), Credentials()):
            pass
    (folder / "client.key").write_bytes(authority.key_path.read_bytes())
    async with RegistryClient(config, parse_reference(f"{address}/app"), Credentials()) as client:
        await client.check()


async def test_a_download_that_is_cut_goes_on_where_it_was(config, serve) -> None:
    data = secrets.token_bytes(600_000)
    starts: list[int] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if "/blobs/" not in request.path:
            return web.json_response({})
        start = request.http_range.start or 0
        starts.append(start)
        rest = data[start:]
        response = web.StreamResponse(status=206 if start else 200, headers={"Content-Length": str(len(rest))})
        await response.prepare(request)
        await response.write(rest[:250_000])
        if len(rest) > 250_000 and request.transport:
            request.transport.close()
        return response

    address = await serve(answer)
    async with RegistryClient(config, parse_reference(f"{address}/app"), Credentials()) as client:
        assert b"".join([piece async for piece in client.blob(digest_of(data))]) == data
    assert len(starts) >= 3
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    "case",
    [
        (429, "TOOMANYREQUESTS", Unavailable, "toomanyrequests: wait"),
        (500, "", Unavailable, "unexpected status from GET request to .*: 500"),
        (404, "MANIFEST_UNKNOWN", NotFound, "manifest unknown: wait"),
        (418, "", RegistryError, "unexpected status"),
    ],
)
async def test_what_a_registry_says_is_wrong_is_told(config, serve, *, case: tuple[Any, ...]) -> None:
    status, code, kind, words = case

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/v2/":
            return web.json_response({})
        body = json.dumps({"errors": [{"code": code, "message": "wait"}]}) if code else "<html>garbage"
        return web.Response(status=status, text=body)

    address = await serve(answer)
    async with RegistryClient(config, parse_reference(f"{address}/app"), Credentials()) as client:
        with pytest.raises(kind, match=words):
            await client.manifest("latest")


async def test_a_mirror_that_is_down_is_passed_over(config, serve, tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"path": request.path})

    mirrors = ("http://127.0.0.1:9", f"http://{await serve(answer)}")
    mirrored = EngineConfig(root=config.root, exec_root=config.exec_root, registry_mirrors=mirrors)
    async with RegistryClient(mirrored, parse_reference("busybox"), Credentials()) as client:
        assert json.loads((await client.manifest("latest")).body)["path"] == "/v2/library/busybox/manifests/latest"


async def test_only_the_authority_in_the_registrys_folder_is_believed(config, authority, serve) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(authority.cert_path, authority.key_path)

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({})

    url = f"https://{await serve(answer, tls)}/v2/"
    folder = trust(config, "registry.example:5000", authority)
    async with ClientSession() as session:  # the client itself does not ask loopback addresses for a valid certificate
        async with session.get(url, ssl=certificates.context_of(folder, verifies=True)) as response:
            assert response.status == 200
        (folder / "ca.crt").unlink()
        with pytest.raises(ClientSSLError):
            await session.get(url, ssl=certificates.context_of(folder, verifies=True))


@pytest.mark.parametrize(("said", "seconds"), [("120", 120), ("", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0)])
async def test_when_to_ask_again_is_kept(config, serve, *, said: str, seconds: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/v2/":
            return web.json_response({})
        return web.Response(status=429, headers={"Retry-After": said} if said else {})

    address = await serve(answer)
    async with RegistryClient(config, parse_reference(f"{address}/app"), Credentials()) as client:
        with pytest.raises(Unavailable) as raised:
            await client.manifest("1")
    assert raised.value.retry_after_s == seconds
