"""The volumes pages on a real dockerd."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from tests.daemons import Daemon
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.live import picture

pytestmark = pytest.mark.real

LIST = "/h/docks/volumes/"
SignIn = Callable[[User], Client]


@pytest.fixture
def as_olga(olga: User, signed_in: SignIn, dockerd: Daemon, dockerd_host: Host) -> Iterator[Client]:
    picture(dockerd_host)
    yield signed_in(olga)
    dockerd.api("DELETE", "/volumes/from-form")


def act(client: Client, **sent: str) -> str:
    response = client.post(f"{LIST}act/", {"action": "remove", **sent}, headers={"HX-Request": "true"})
    return response.content.decode()


def test_a_volume_is_created_shown_and_removed(as_olga: Client, dockerd: Daemon) -> None:
    response = as_olga.post(f"{LIST}create/", {"name": "from-form", "kind": "local", "labels": "a=1"}, follow=True)
    assertContains(response, "from-form")
    assertContains(response, "no container")
    shown = act(as_olga, id="from-form")
    assert "goes for good" in shown
    assert dockerd.api("GET", "/volumes/from-form")[0] == 200
    assert "Removed from-form" in act(as_olga, id="from-form", confirmed="1")
    assert dockerd.api("GET", "/volumes/from-form")[0] == 404


def test_a_name_that_is_taken_is_said_beside_the_field(as_olga: Client) -> None:
    as_olga.post(f"{LIST}create/", {"name": "from-form", "kind": "local"})
    response = as_olga.post(f"{LIST}create/", {"name": "from-form", "kind": "local"})
    assertContains(response, "a volume of this name already", status_code=422)


def test_a_reader_may_look_and_not_create(rita: User, signed_in: SignIn, dockerd_host: Host) -> None:
    assert signed_in(rita).get(LIST).status_code == 200
    assert signed_in(rita).get(f"{LIST}create/").status_code == 403


def test_what_is_gone_already_is_no_failure(as_olga: Client) -> None:
    assert "is already gone" in act(as_olga, id="never-was", confirmed="1")
