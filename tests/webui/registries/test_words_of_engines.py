"""What engines say of a registry that does not answer as hoped is read as what it means: ours, and a real dockerd."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons import Daemon
from tests.daemons import Registry as RunningRegistry
from tests.ports import free_port
from tests.registries import PASSWORD, USER, basic_registry
from webui.containers.update_failures import Why, why_of
from webui.images.pull_failures import wants_sign_in

pytestmark = pytest.mark.real


@pytest.fixture(params=["engine", pytest.param("dockerd", marks=pytest.mark.peer)])
def daemon(request: pytest.FixtureRequest) -> Daemon:
    found: Daemon = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def peer(daemon: Daemon, tmp_path: Path) -> Iterator[RunningRegistry]:
    """On the loopback that the daemon has, with shop/web:1 in it."""
    prefix = daemon.argv[:2] if daemon.name == "dockerd" else ()
    with basic_registry(tmp_path, *prefix) as running:
        name = f"{running.address}/shop/web"
        daemon.api("POST", f"/images/busybox:latest/tag?repo={name}&tag=1")
        pushed = daemon.api("POST", f"/images/{name}/push?tag=1", X_Registry_Auth=header(running.address))
        assert b"errorDetail" not in pushed[1], pushed
        daemon.api("DELETE", f"/images/{name}:1")
        yield running


def header(address: str, password: str = PASSWORD) -> str:
    auth = {"username": USER, "password": password, "serveraddress": address}
    return base64.urlsafe_b64encode(json.dumps(auth).encode()).decode()


def test_each_way_to_fail_is_told_from_the_others(daemon: Daemon, peer: RunningRegistry) -> None:
    def said(path: str, auth: str) -> tuple[int, str]:
        status, body = daemon.api("GET", f"/distribution/{path}/json", X_Registry_Auth=auth)
        return status, str(json.loads(body).get("message", ""))

    right, wrong, nobody = header(peer.address), header(peer.address, "wrong"), "e30="
    assert said(f"{peer.address}/shop/web:1", right)[0] == 200
    told = {
        "nobody": said(f"{peer.address}/shop/web:1", nobody), "wrong": said(f"{peer.address}/shop/web:1", wrong),
        "no tag": said(f"{peer.address}/shop/web:9", right), "no name": said(f"{peer.address}/shop/none:1", right),
        "nobody there": said(f"127.0.0.1:{free_port()}/shop/web:1", right),
    }  # fmt: skip
    assert {name: why_of(message) for name, (_status, message) in told.items()} == {
        "nobody": Why.SIGN_IN, "wrong": Why.SIGN_IN, "no tag": Why.NO_TAG, "no name": Why.NO_TAG,
        "nobody there": Why.UNREACHABLE,
    }, told  # fmt: skip


def test_a_pull_that_wants_a_password_is_known_by_its_words(daemon: Daemon, peer: RunningRegistry) -> None:
    for auth in ("e30=", header(peer.address, "wrong")):
        _status, body = daemon.api(
            "POST", f"/images/create?fromImage={peer.address}/shop/web&tag=1", X_Registry_Auth=auth
        )
        assert wants_sign_in(body.decode()), body
