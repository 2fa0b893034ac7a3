"""The images pages on a real dockerd."""

import json
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from tests.daemons import Daemon
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.images.columns import rows_of
from webui.jobs.models import Job
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
    assertNotContains(response, '"act":"remove"')
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


@pytest.fixture
def spare_image(dockerd: Daemon, dockerd_host: Host) -> Iterator[str]:
    """The short id of `spare:1`, which no container uses, once the console's picture holds it."""
    dockerd.api("POST", "/containers/create?name=spare", {"Image": "busybox:latest", "Cmd": ["true"]})
    _status, reply = dockerd.api("POST", "/commit?container=spare&repo=spare&tag=1", {})
    dockerd.api("DELETE", "/containers/spare")
    image_id = str(json.loads(reply)["Id"])
    picture(dockerd_host)
    picture_after(dockerd_host, "images", image_id, timeout_s=60)
    yield image_id.removeprefix("sha256:")[:12]
    dockerd.api("DELETE", "/images/spare:1")


def act(client: Client, image_id: str, **more: str) -> str:
    sent = {"action": "remove", "id": image_id, **more}
    return client.post(f"{LIST}act/", sent, headers={"HX-Request": "true"}).content.decode()


def test_an_image_is_removed_only_after_it_was_shown(as_olga: Client, dockerd: Daemon, spare_image: str) -> None:
    shown = act(as_olga, spare_image)
    assert "spare:1" in shown
    assert "Remove 1 image" in shown
    assert dockerd.api("GET", "/images/spare:1/json")[0] == 200
    assert "Removed spare:1" in act(as_olga, spare_image, confirmed="1")
    assert dockerd.api("GET", "/images/spare:1/json")[0] == 404


def test_an_image_in_use_is_kept_and_says_by_whom(as_olga: Client, dockerd: Daemon, spare_image: str) -> None:
    host = Host.objects.get(slug="docks")
    _status, reply = dockerd.api("POST", "/containers/create?name=user-of-it", {"Image": "spare:1", "Cmd": ["true"]})
    container_id = str(json.loads(reply)["Id"])
    try:
        picture_after(host, "containers", container_id, timeout_s=60)
        shown = act(as_olga, spare_image)
        assert "Kept, because containers use them: spare:1 by user-of-it." in shown
        assert "Nothing can go" in shown
    finally:
        dockerd.api("DELETE", "/containers/user-of-it")


def test_pulling_starts_a_job_and_goes_to_its_page(as_olga: Client) -> None:
    response = as_olga.post(f"{LIST}pull/", {"reference": "docker pull nginx:1.27"})
    job = Job.objects.get()
    assert (job.kind, job.params) == ("image.pull", {"reference": "nginx:1.27"})
    assert response.status_code == 302
    assert response.url == job.get_absolute_url()
