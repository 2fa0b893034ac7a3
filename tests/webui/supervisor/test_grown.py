"""The console on PostgreSQL and Redis, each process as a command of its own: the same code, other URLs."""

import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.consoles import ADMIN, PASSWORD, Console, Person, running_console
from tests.ports import free_port

pytestmark = [pytest.mark.real, pytest.mark.beside]

_START_S = 180
_POSTGRES_BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), Path("/nowhere"))


@pytest.fixture(scope="module")
def grown() -> Iterator[dict[str, str]]:
    """The settings of a console that stands on a real PostgreSQL and a real Redis."""
    with tempfile.TemporaryDirectory(prefix="qs-grown-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        yield {
            "QUAYSIDE_DATABASE_URL": stack.enter_context(_postgresql(folder / "postgres")),
            "QUAYSIDE_REDIS_URL": stack.enter_context(_redis(folder / "redis")),
            "QUAYSIDE_SECRET_KEY": "one key for all machines of this console",
            "QUAYSIDE_ADMIN_USER": ADMIN,
            "QUAYSIDE_ADMIN_PASSWORD": PASSWORD,
        }


def test_up_runs_on_postgresql_and_redis_without_a_store_of_its_own(grown: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    with running_console(tmp_path, "--no-engine", QUAYSIDE_PROXY_BIND=f"127.0.0.1:{port}", **grown) as console:
        person = Person(console)
        person.sign_in()
        assert person.open("/")[0] == 200
        assert _ask_proxy(port).startswith(b"HTTP/1.1 401 ")
        assert not (console.data / "quayside.sqlite3").exists()
        assert not (console.data / "store").exists()


def test_another_web_process_shares_the_sessions_of_the_first(grown: dict[str, str], tmp_path: Path) -> None:
    with running_console(tmp_path, "--no-engine", **grown) as console:
        person = Person(console)
        person.sign_in()
        port = free_port()
        with _process(["web", "--bind", f"127.0.0.1:{port}", "--data", str(tmp_path / "second")], grown, tmp_path):
            _wait_for(lambda: _answers(port))
            elsewhere = Console(f"http://127.0.0.1:{port}", console.data, console.process, console.log)
            assert Person(elsewhere, person.cookies).open("/")[0] == 200


def test_a_worker_runs_as_a_command_of_its_own(grown: dict[str, str], tmp_path: Path) -> None:
    with _process(["worker", "--data", str(tmp_path)], grown, tmp_path) as process:
        assert _wait_for(lambda: _socket_count(process.pid)) > 0
        assert process.poll() is None


def test_beat_runs_as_a_command_of_its_own(grown: dict[str, str], tmp_path: Path) -> None:
    with _process(["beat", "--data", str(tmp_path)], grown, tmp_path) as process:
        _wait_for(lambda: len(list(tmp_path.glob("beat-schedule*"))))
        assert process.poll() is None


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    """A server of its own on a unix socket, as the user postgres; it refuses to run as root."""
    user = pwd.getpwnam("postgres")
    folder.mkdir()
    os.chown(folder, user.pw_uid, user.pw_gid)
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    data = folder / "data"
    initdb = [_POSTGRES_BIN / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]
    subprocess.run([*as_postgres, *initdb], check=True, capture_output=True, cwd="/")
    server = [_POSTGRES_BIN / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*as_postgres, *server], stdout=log, stderr=log, cwd="/")
    create = [shutil.which("psql") or "psql", "-h", folder, "-U", "postgres", "-c", "CREATE DATABASE quayside"]
    try:
        _wait_for(lambda: subprocess.run(create, check=False, capture_output=True).returncode == 0)
        yield f"postgresql://postgres@/quayside?host={folder}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_START_S)


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    folder.mkdir()
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(lambda: _answers(port))
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(_START_S)


@contextmanager
def _process(arguments: list[str], environment: dict[str, str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [str(Path(sys.executable).with_name("quayside")), *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUAYSIDE_", "DJANGO_"))}
    with (folder / "process.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**kept, **environment})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ask_proxy(port: int) -> bytes:
    """What the proxy, which is up before the console says so, answers to a stranger."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=90) as plain, context.wrap_socket(plain) as connection:
        connection.sendall(b"GET /_ping HTTP/1.1\r\nHost: quay\r\n\r\n")
        return connection.recv(4096)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _socket_count(pid: int) -> int:
    """How many sockets a process has open: a worker has one to its broker, or it does nothing."""
    try:
        links = [path.readlink().name for path in Path(f"/proc/{pid}/fd").iterdir()]
    except FileNotFoundError:  # one was closed while we looked
        return 0
    return sum(link.startswith("socket:") for link in links)


def _wait_for(claim: Callable[[], int]) -> int:
    deadline = time.monotonic() + _START_S
    while True:
        found = claim()
        if found or time.monotonic() > deadline:
            assert found
            return found
        time.sleep(0.1)
