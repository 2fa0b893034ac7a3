"""The networks pages on a real dockerd."""

import json
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from tests.daemons import Daemon
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.live import picture

pytestmark = pytest.mark.real

LIST = "/h/docks/networks/"
SignIn = Callable[[User], Client]


@pytest.fixture
def as_olga(olga: User, signed_in: SignIn, dockerd: Daemon, dockerd_host: Host) -> Iterator[Client]:
    picture(dockerd_host)
    yield signed_in(olga)
    dockerd.api("DELETE", "/networks/from-form")


def act(client: Client, **sent: str) -> str:
    response = client.post(f"{LIST}act/", {"action": "remove", **sent}, headers={"HX-Request": "true"})
    return response.content.decode()


def test_a_network_is_created_shown_and_removed(as_olga: Client, dockerd: Daemon) -> None:
    sent = {"name": "from-form", "subnet": "10.213.7.0/24", "is_internal": "on"}
    response = as_olga.post(f"{LIST}create/", sent, follow=True)
    assertContains(response, "from-form")
    assertContains(response, "10.213.7.0/24")
    assertContains(response, "bridge · internal")
    network_id = json.loads(dockerd.api("GET", "/networks/from-form")[1])["Id"][:12]
    assert "Remove 1 network" in act(as_olga, id=network_id)
    assert "Removed from-form" in act(as_olga, id=network_id, confirmed="1")
    assert dockerd.api("GET", "/networks/from-form")[0] == 404


def test_what_is_built_in_is_kept(as_olga: Client, dockerd: Daemon) -> None:
    network_id = json.loads(dockerd.api("GET", "/networks/host")[1])["Id"][:12]
    shown = act(as_olga, id=network_id)
    assert "host is built in" in shown
    assert "Nothing can go" in shown


def test_a_subnet_that_overlaps_is_said_beside_the_field(as_olga: Client, dockerd: Daemon) -> None:
    held = json.loads(dockerd.api("GET", "/networks/bridge")[1])["IPAM"]["Config"][0]["Subnet"]
    response = as_olga.post(f"{LIST}create/", {"name": "from-form", "subnet": held.split("/")[0] + "/24"})
    assertContains(response, f"overlaps with {held} of the network bridge", status_code=422)


def test_a_reader_may_look_and_not_create(rita: User, signed_in: SignIn, dockerd_host: Host) -> None:
    assert signed_in(rita).get(LIST).status_code == 200
    assert signed_in(rita).get(f"{LIST}create/").status_code == 403
