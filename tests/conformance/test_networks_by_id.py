"""Containers that ask for their networks by id, on our engine and on dockerd: the same to see, the same to join."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemons import Daemon

pytestmark = pytest.mark.real


@pytest.fixture(params=["engine", pytest.param("dockerd", marks=pytest.mark.peer)])
def daemon(request: pytest.FixtureRequest) -> Daemon:
    found: Daemon = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def net(daemon: Daemon) -> Iterator[str]:
    """The id of a network that is called `quay`."""
    made: str = daemon.json("POST", "/networks/create", {"Name": "quay"})["Id"]
    yield made
    for one in daemon.json("GET", "/containers/json?all=1"):
        daemon.api("DELETE", f"/containers/{one['Id']}?force=1")
    daemon.api("DELETE", "/networks/quay")


def _create(daemon: Daemon, *, mode: str, port: str = "", **endpoints: dict[str, Any]) -> str:
    """`port` is published on a free one of the machine."""
    ports = {"ExposedPorts": {port: {}}} if port else {}
    host = {"NetworkMode": mode, "PortBindings": {port: [{"HostPort": ""}]} if port else {}}
    body = {"Image": "busybox", "Cmd": ["sleep", "600"], "HostConfig": host, **ports}
    made = daemon.json("POST", "/containers/create", {**body, "NetworkingConfig": {"EndpointsConfig": endpoints}})
    return str(made["Id"])


def _networks(daemon: Daemon, container: str) -> dict[str, Any]:
    shown: dict[str, Any] = daemon.json("GET", f"/containers/{container}/json")["NetworkSettings"]["Networks"]
    return shown


def _ports(daemon: Daemon, container: str) -> dict[str, Any]:
    shown: dict[str, Any] = daemon.json("GET", f"/containers/{container}/json")["NetworkSettings"]["Ports"]
    return shown


@pytest.mark.parametrize(("by_mode", "by_endpoint"), [("id", "id"), ("id", "name"), ("name", "id")])
def test_a_network_is_shown_once_by_its_name(daemon: Daemon, net: str, by_mode: str, by_endpoint: str) -> None:
    said = {"id": net, "name": "quay"}
    container = _create(daemon, mode=said[by_mode], **{said[by_endpoint]: {"Aliases": ["pier"]}})
    assert list(_networks(daemon, container)) == ["quay"]
    assert daemon.api("POST", f"/containers/{container}/start")[0] == 204
    shown = _networks(daemon, container)
    assert list(shown) == ["quay"]
    assert shown["quay"]["NetworkID"] == net
    assert "pier" in shown["quay"]["Aliases"]


def test_a_network_asked_for_by_id_is_no_later_one_of_that_name(daemon: Daemon, net: str) -> None:
    container = _create(daemon, mode="quay", quay={"NetworkID": net})
    daemon.api("DELETE", f"/networks/{net}")
    daemon.json("POST", "/networks/create", {"Name": "quay"})
    status, reply = daemon.api("POST", f"/containers/{container}/start")
    assert status == 404
    assert json.loads(reply)["message"] == f"network {net} not found"


def test_who_left_the_network_of_its_mode_does_not_join_it_by_starting(daemon: Daemon, net: str) -> None:
    container = _create(daemon, mode=net)
    for act, network in (("connect", "bridge"), ("disconnect", "quay")):
        assert daemon.api("POST", f"/networks/{network}/{act}", {"Container": container})[0] == 200
    daemon.api("POST", f"/containers/{container}/start")
    assert list(_networks(daemon, container)) == ["bridge"]


@pytest.mark.parametrize("was_running", [True, False])
def test_who_left_all_networks_starts_in_none_and_may_join_one(daemon: Daemon, net: str, was_running: bool) -> None:
    container = _create(daemon, mode=net, port="80/tcp")
    if was_running:
        daemon.api("POST", f"/containers/{container}/start")
    assert daemon.api("POST", "/networks/quay/disconnect", {"Container": container})[0] == 200
    assert daemon.api("POST", f"/containers/{container}/restart?t=0")[0] == 204
    assert _networks(daemon, container) == {}
    assert _ports(daemon, container) == {}
    assert daemon.api("POST", "/networks/quay/connect", {"Container": container})[0] == 200
    assert _networks(daemon, container)["quay"]["IPAddress"]
    assert int(_ports(daemon, container)["80/tcp"][0]["HostPort"]) > 0


def test_who_joins_a_network_joins_the_one_that_is_named(engine: Daemon) -> None:
    made = {name: engine.json("POST", "/networks/create", {"Name": name})["Id"] for name in ("quay", "other")}
    container = _create(engine, mode="bridge")
    try:
        asked = {"Container": container, "EndpointConfig": {"NetworkID": made["other"]}}
        assert engine.api("POST", "/networks/quay/connect", asked)[0] == 200
        engine.api("POST", f"/containers/{container}/start")
        assert {name: one["NetworkID"] for name, one in _networks(engine, container).items() if name != "bridge"} == {
            "quay": made["quay"]
        }
    finally:
        engine.api("DELETE", f"/containers/{container}?force=1")
        for name in made:
            engine.api("DELETE", f"/networks/{name}")
