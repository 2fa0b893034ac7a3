"""Whatever is open through the proxy ends with the right to it, and what it ran is hung up."""

import os
import pty
import select
import ssl
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress

import pytest

from tests.daemons import Daemon
from tests.webui.proxy.conftest import CLIS, Cli, Proxy
from webui.access import Role
from webui.access.models import Grant
from webui.accounts import people
from webui.accounts.models import User
from webui.gate import actor_of
from webui.ownership import Kind
from webui.ownership.changes import claim, give_access
from webui.ownership.ledger import FRESH_S
from webui.proxy.callers import KEPT_S
from webui.proxy.connection import _LOOK_S
from webui.tokens import revoke
from webui.tokens.models import Token

pytestmark = pytest.mark.real

PROMISED_S = 5
# Far less than an hour, after which everything ends; how far is a matter of how busy the machine is.
WAIT_S = 90
OPENED: dict[str, tuple[str, ...]] = {
    "a terminal": ("exec", "-it", "web", "sh", "-c", "echo ready; exec sleep 1234"),
    "a program": ("exec", "-i", "web", "sh", "-c", "echo ready; exec sleep 1234"),
    "the main process": ("attach", "--sig-proxy=false", "web"),
    "logs": ("logs", "-f", "web"),
}


def _of_whom(proxy: Proxy, container: str, user: User) -> None:
    give_access(proxy.host.pk, Kind.CONTAINER, container, owner_id=user.pk, visibility="administrators", shares=[])


Ending = Callable[[Proxy, User, User, Token, str], object]
ENDINGS: dict[str, Ending] = {
    "the token": lambda _proxy, admin, _user, token, _web: revoke([token], by=actor_of(admin)),
    "the account": lambda _proxy, admin, user, _token, _web: people.deactivate(actor_of(admin), user),
    "the role": lambda _proxy, admin, user, _token, _web: people.change_role(actor_of(admin), user, Role.NONE),
    "the ownership": lambda proxy, _admin, user, _token, web: _of_whom(proxy, web, user),
    "a grant that is less": lambda proxy, _admin, user, _token, _web: Grant.objects.create(
        user=user, host=proxy.host, role=Role.NONE, made_by="olga"
    ),
}


@pytest.fixture
def sam(admin: User) -> User:
    return User.objects.create_user("sam", None, role=Role.STANDARD)


@pytest.fixture
def web(engine: Daemon, proxy: Proxy, sam: User) -> str:
    script = "while true; do echo ready; sleep 0.2; done"
    body = {"Image": "busybox", "Cmd": ["sh", "-c", script], "StopTimeout": 0}
    made = str(engine.json("POST", "/containers/create?name=web", body)["Id"])
    assert engine.api("POST", f"/containers/{made}/start")[0] == 204
    claim(proxy.host.pk, Kind.CONTAINER, [made], sam.pk)
    return made


def test_nothing_is_believed_for_longer_than_the_five_seconds_that_are_promised() -> None:
    """Between two looks, with what is kept of a token and what is kept of owners."""
    assert _LOOK_S + KEPT_S + FRESH_S < PROMISED_S


# Each way to the end of a terminal; the others end in the same way.
@pytest.mark.parametrize(
    ("opened", "ending"),
    [
        *(("a terminal", ending) for ending in ENDINGS),
        *((opened, "the token") for opened in OPENED if opened != "a terminal"),
    ],
)
def test_it_ends_with_the_right_to_it(
    opened: str, ending: str, *, proxy: Proxy, engine: Daemon, admin: User, sam: User, web: str
) -> None:
    token = proxy.token(sam)
    docker = Cli(CLIS[-1], proxy, proxy.files(token))
    here, there = pty.openpty()
    with closing(os.fdopen(here, "rb", 0)):
        running = docker.start(*OPENED[opened], stdin=there, stdout=there, stderr=there, start_new_session=True)
        os.close(there)
        try:
            _until_ready(here)
            ENDINGS[ending](proxy, admin, sam, token, web)
            _drained(running, here)
        finally:
            running.kill()
            running.wait()
    # The connection ends first; then what ran by it is told.
    deadline = time.monotonic() + WAIT_S
    while "1234" in _programs(engine, web):
        assert time.monotonic() < deadline, "it runs on"
        time.sleep(0.05)
    assert engine.json("GET", f"/containers/{web}/json")["State"]["Running"]


# The docker CLI goes on drawing its table when a stream of figures has ended: these are read as they come.
@pytest.mark.parametrize(
    ("path", "ending"),
    [
        *(("/containers/web/stats?stream=1", ending) for ending in ENDINGS),
        ("/events", "the token"),
        ("/events", "the role"),
    ],
)
def test_streams_end_with_the_right_to_them(
    path: str, ending: str, *, proxy: Proxy, admin: User, sam: User, web: str
) -> None:
    token = proxy.token(sam)
    with closing(proxy.connect(token)) as connection:
        connection.settimeout(WAIT_S)
        connection.sendall(f"GET /v1.41{path} HTTP/1.1\r\nHost: docker\r\n\r\n".encode())
        assert b" 200 " in connection.recv(65536)
        ENDINGS[ending](proxy, admin, sam, token, web)
        deadline = time.monotonic() + WAIT_S
        with suppress(ConnectionError, ssl.SSLError):
            while connection.recv(65536):
                assert time.monotonic() < deadline, "it goes on"


def test_what_others_run_there_runs_on(proxy: Proxy, engine: Daemon, admin: User, sam: User, web: str) -> None:
    files = {name: proxy.token(user) for name, user in (("sam", sam), ("olga", admin))}
    running = {
        name: Cli(CLIS[-1], proxy, proxy.files(token)).start("exec", "web", "sleep", "9999", stdout=subprocess.DEVNULL)
        for name, token in files.items()
    }
    try:
        deadline = time.monotonic() + 90
        while _programs(engine, web).count("9999") < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        revoke([files["sam"]], by=actor_of(admin))
        running["sam"].wait(90)
        while _programs(engine, web).count("9999") > 1:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert running["olga"].poll() is None
    finally:
        for process in running.values():
            process.kill()
            process.wait()


def _programs(engine: Daemon, container: str) -> str:
    return " ".join(row[-1] for row in engine.json("GET", f"/containers/{container}/top")["Processes"])


def _until_ready(terminal: int) -> None:
    seen, deadline = b"", time.monotonic() + 90
    while b"ready" not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 4096)


def _drained(running: "subprocess.Popen[bytes]", terminal: int) -> None:
    """Until the CLI has ended; its output is taken, or it would wait for that."""
    deadline = time.monotonic() + 90
    while running.poll() is None:
        assert time.monotonic() < deadline, "it goes on"
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                os.read(terminal, 65536)
            except OSError:
                return
