"""A proxy in front of our engine, tokens for it, and the real docker CLIs of this machine that use them."""

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop
from django.db import connections
from django.utils import timezone

from tests.daemons import Daemon
from webui.access import Role
from webui.accounts.models import User
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.proxy import serving
from webui.tokens import make
from webui.tokens.certificates import authority, client_identity
from webui.tokens.models import Token

CLIS = [path for path in dict.fromkeys([shutil.which("docker"), "/usr/bin/docker"]) if path and Path(path).exists()]
EVERYTHING = Token.Access.EVERYTHING


@dataclass(slots=True)
class Proxy:
    """A running proxy and the host behind it."""

    port: int
    host: Host
    folder: Path
    secrets: dict[int, str] = field(default_factory=dict)

    def token(self, user: User, *, access: str = EVERYTHING, name: str = "laptop", **more: object) -> Token:
        wanted = {"operations": (), "hosts": None, "expires_at": timezone.now() + timedelta(hours=1), **more}
        token, secret = make(user, name=name, access=access, by=actor_of(user), **wanted)  # type: ignore[arg-type]
        self.secrets[token.pk] = secret
        return token

    def files(self, token: Token) -> Path:
        """What somebody downloads: a folder as DOCKER_CERT_PATH wants it."""
        folder = self.folder / token.key
        folder.mkdir(exist_ok=True)
        identity = client_identity(token, self.host)
        (folder / "ca.pem").write_text(authority().certificate)
        (folder / "cert.pem").write_text(identity.certificate)
        (folder / "key.pem").write_text(identity.key)
        return folder

    def connect(self, token: Token | None) -> ssl.SSLSocket:
        """A raw connection that shows the token's certificate."""
        context = ssl.create_default_context(cadata=authority().certificate)
        if token is not None:
            folder = self.files(token)
            context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=90)
        return context.wrap_socket(raw, server_hostname="127.0.0.1")

    def send(self, token: Token | None, raw: bytes) -> bytes:
        """What comes back for these very bytes, until the proxy closes."""
        with self.connect(token) as connection:
            connection.sendall(raw)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            return answer


@dataclass(frozen=True, slots=True)
class Cli:
    """A docker CLI of one version, with one token."""

    path: str
    proxy: Proxy
    certificates: Path

    def environment(self) -> dict[str, str]:
        return {
            **os.environ, "DOCKER_CONFIG": str(self.proxy.folder / "config"), "DOCKER_BUILDKIT": "0", "TERM": "xterm",
            "DOCKER_HOST": f"tcp://127.0.0.1:{self.proxy.port}", "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(self.certificates),
        }  # fmt: skip

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        given = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        return subprocess.run(
            [self.path, *arguments], capture_output=True, check=False, timeout=90, env=self.environment(), **given
        )  # type: ignore[call-overload,no-any-return]

    def ok(self, *arguments: str, stdin: bytes | None = None) -> str:
        outcome = self(*arguments, stdin=stdin)
        assert outcome.returncode == 0, f"docker {' '.join(arguments)}: {outcome}"
        return str(outcome.stdout.decode().strip())

    def start(self, *arguments: str, **options: object) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([self.path, *arguments], env=self.environment(), **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def proxy(transactional_db: None, engine: Daemon, tmp_path: Path) -> Iterator[Proxy]:
    """The proxy on a port of its own, in a thread, with our engine as its host."""
    host = Host.objects.create(slug="local", name="Local", url=engine.url)
    listener = socket.create_server(("127.0.0.1", 0))
    port = int(listener.getsockname()[1])
    ready, done = threading.Event(), asyncio.Event()
    loop = uvloop.new_event_loop()

    async def run() -> None:
        async with serving(listener, ["127.0.0.1"]):
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(90)
    yield Proxy(port, host, tmp_path)
    loop.call_soon_threadsafe(done.set)
    thread.join(20)
    loop.close()
    connections.close_all()
    engine.remove_all_containers()


@pytest.fixture
def admin(transactional_db: None) -> User:
    return User.objects.create_user("olga", None, role=Role.ADMINISTRATOR)


@pytest.fixture
def operator(transactional_db: None) -> User:
    return User.objects.create_user("otto", None, role=Role.OPERATOR)


@pytest.fixture(params=CLIS, ids=lambda path: path.strip("/").replace("/", "-"))
def cli(request: pytest.FixtureRequest, proxy: Proxy) -> Callable[[Token], Cli]:
    """Each docker CLI of this machine, for a token."""
    return lambda token: Cli(request.param, proxy, proxy.files(token))
