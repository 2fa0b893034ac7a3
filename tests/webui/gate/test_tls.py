"""A host on TCP with TLS: asked only when its certificate is of the CA that was given, and with our own certificate."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.daemons import Daemon
from webui.gate import Actor, HostUnreachable, docker_client, hijack, request, stream
from webui.hosts.models import Host

pytestmark = [pytest.mark.real, pytest.mark.peer, pytest.mark.django_db(transaction=True)]


@dataclass(frozen=True, slots=True)
class Certificate:
    pem: str
    key_pem: str
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_certificate(name: str, issuer: Certificate | None = None) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    )
    signed = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Certificate(signed.public_bytes(serialization.Encoding.PEM).decode(), key_pem.decode(), signed, key)


class TlsFront:
    """Speaks TLS with client certificates on loopback, in front of a daemon's socket, from a thread of its own."""

    def __init__(self, context: ssl.SSLContext, socket_path: Path) -> None:
        self._context, self._path = context, socket_path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        start = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self._server = asyncio.run_coroutine_threadsafe(self._on_loop(start), self._loop).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _on_loop(self, start: object) -> asyncio.Server:
        return await start  # type: ignore[misc, no-any-return]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(str(self._path))

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65536):
                    target.write(data)
                    await target.drain()
            except OSError:
                pass
            finally:
                target.close()

        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture(scope="module")
def authority() -> Certificate:
    return make_certificate("harbour CA")


@pytest.fixture(scope="module")
def front(authority: Certificate, dockerd: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsFront]:
    folder = tmp_path_factory.mktemp("tls")
    server = make_certificate("127.0.0.1", authority)
    (folder / "server.pem").write_text(server.pem + server.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    context.load_verify_locations(cadata=authority.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    made = TlsFront(context, dockerd.socket)
    yield made
    made.close()


@pytest.fixture
def host(front: TlsFront, authority: Certificate) -> Host:
    ours = make_certificate("quayside", authority)
    return Host.objects.create(
        slug="far", name="Far", url=f"tcp://127.0.0.1:{front.port}",
        tls_ca=authority.pem, tls_certificate=ours.pem, tls_key=ours.key_pem,
    )  # fmt: skip


def test_docker_py_speaks_tls_by_the_hosts_own_ca(
    host: Host, administrator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # docker-py lets these win over the CA that it is given; our client must not.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    client = docker_client(administrator, host)
    assert client.version()["ApiVersion"]
    client.close()


async def test_async_requests_streams_and_terminals_speak_tls(
    host: Host, administrator: Actor, dockerd: Daemon
) -> None:
    assert (await request(administrator, host, "GET", "/_ping")).body == b"OK"
    body = {"Image": "busybox", "Cmd": ["sleep", "600"], "HostConfig": {"NetworkMode": "none"}}
    made = await request(administrator, host, "POST", "/containers/create", json=body)
    path = f"/containers/{made.json()['Id']}"
    try:
        async with asyncio.timeout(90), stream(administrator, host, "GET", "/events") as events:
            await request(administrator, host, "POST", f"{path}/start")
            assert b"container" in await anext(events)
        command = {"AttachStdout": True, "Cmd": ["echo", "hello"], "Tty": True}
        run = (await request(administrator, host, "POST", f"{path}/exec", json=command)).json()["Id"]
        start = {"Detach": False, "Tty": True}
        async with asyncio.timeout(90), hijack(administrator, host, "POST", f"/exec/{run}/start", json=start) as duplex:
            assert await duplex.read(100) == b"hello\r\n"
    finally:
        dockerd.api("DELETE", f"{path}?force=1")


@pytest.mark.parametrize("wrong", ["ca", "certificate"])
async def test_a_wrong_ca_or_no_certificate_of_ours_is_told_as_such(
    host: Host, administrator: Actor, wrong: str
) -> None:
    if wrong == "ca":
        host.tls_ca = make_certificate("another CA").pem
    else:
        host.tls_certificate = host.tls_key = ""
    words = "certificate is not to be trusted" if wrong == "ca" else "TLS failed|broke off"
    with pytest.raises(HostUnreachable, match=words):
        await asyncio.to_thread(docker_client, administrator, host)
    with pytest.raises(HostUnreachable, match=words):
        await request(administrator, host, "GET", "/_ping")
    with pytest.raises(HostUnreachable, match=words):
        async with hijack(administrator, host, "POST", "/exec/e1/start", json={}):
            pass
