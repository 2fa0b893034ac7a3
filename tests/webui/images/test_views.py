"""The images pages on a real dockerd."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from tests.daemons import Daemon
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.images.columns import rows_of
from webui.live import picture, picture_after

pytestmark = pytest.mark.real

LIST = "/h/docks/images/"
SignIn = Callable[[User], Client]


@pytest.fixture
def as_olga(olga: User, signed_in: SignIn, dockerd_host: Host) -> Client:
    return signed_in(olga)


@pytest.fixture
def image_id(dockerd_host: Host) -> str:
    return next(row.short_id for row in rows_of("docks", picture(dockerd_host)) if "busybox:latest" in row.tags)


def test_the_list_shows_tags_sizes_and_use(as_olga: Client, image_id: str) -> None:
    response = as_olga.get(LIST)
    assertContains(response, "busybox:latest")
    assertContains(response, " MB")
    assertContains(response, "Pull an image")


def test_a_reader_can_look_and_not_pull(rita: User, signed_in: SignIn, image_id: str) -> None:
    response = signed_in(rita).get(LIST)
    assertNotContains(response, "Pull an image")
    assertNotContains(response, 'data-act="remove"')
    assert signed_in(rita).get(f"{LIST}pull/").status_code == 403


def test_the_page_of_an_image_says_how_it_was_built(as_olga: Client, image_id: str) -> None:
    response = as_olga.get(f"{LIST}{image_id}/")
    assertContains(response, "How it was built")
    assertContains(response, "linux/amd64")
    assert as_olga.get(f"{LIST}000000000000/").status_code == 404


def test_a_name_that_is_none_is_said_beside_the_field(as_olga: Client) -> None:
    response = as_olga.post(f"{LIST}pull/", {"reference": "Not An Image"})
    assertContains(response, "is not the name of an image", status_code=422)
    assertContains(response, 'value="Not An Image"', status_code=422)


def test_a_second_tag_is_removed_with_its_image_only_after_it_was_shown(
    as_olga: Client, dockerd: Daemon, dockerd_host: Host
) -> None:
    _status, reply = dockerd.api("POST", "/commit?container=" + _spare(dockerd) + "&repo=spare&tag=1", {})
    key = _id_in(reply)
    picture_after(dockerd_host, "images", key, timeout_s=10)
    short = key.removeprefix("sha256:")[:12]
    shown = as_olga.post(f"{LIST}act/", {"action": "remove", "id": short}, headers={"HX-Request": "true"})
    assertContains(shown, "spare:1")
    assertContains(shown, "Remove 1 image")
    assert dockerd.api("GET", "/images/spare:1/json")[0] == 200
    done = as_olga.post(
        f"{LIST}act/", {"action": "remove", "id": short, "confirmed": "1"}, headers={"HX-Request": "true"}
    )
    assertContains(done, "Removed spare:1")
    assert dockerd.api("GET", "/images/spare:1/json")[0] == 404


def _spare(dockerd: Daemon) -> str:
    """A container to commit, gone again at once: an image that a container uses would be kept."""
    dockerd.api("DELETE", "/containers/spare?force=1")
    dockerd.api("POST", "/containers/create?name=spare", {"Image": "busybox:latest", "Cmd": ["true"]})
    return "spare"


def _id_in(reply: bytes) -> str:
    import json

    return str(json.loads(reply)["Id"])
