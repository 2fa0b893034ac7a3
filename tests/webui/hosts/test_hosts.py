"""Hosts: connecting one that answers, and not one that does not; what is already here; what is kept sealed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.daemons import Daemon
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.hosts import visible_hosts
from webui.hosts.finding import register_bundled, register_found
from webui.hosts.models import Host

pytestmark = pytest.mark.django_db


def test_the_bundled_engine_is_registered_once_and_follows_its_data_folder(settings: object) -> None:
    settings.QUAYSIDE_ENGINE_SOCKET = Path("/data/engine/docker.sock")  # type: ignore[attr-defined]
    first = register_bundled()
    settings.QUAYSIDE_ENGINE_SOCKET = Path("/moved/engine/docker.sock")  # type: ignore[attr-defined]
    assert register_bundled() == first
    assert Host.objects.get().url == "unix:///moved/engine/docker.sock"
    assert Host.objects.get().slug == "local"


def test_keys_are_sealed_in_the_database(settings: object) -> None:
    Host.objects.create(slug="far", name="Far", url="tcp://10.0.0.1:2376", tls_key="-----BEGIN PRIVATE KEY-----")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tls_key FROM hosts_host")
        stored = cursor.fetchone()[0]
    assert "PRIVATE" not in stored
    assert Host.objects.get().tls_key == "-----BEGIN PRIVATE KEY-----"
    settings.SECRET_KEY = "another key, of the length that is asked for"  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="QUAYSIDE_SECRET_KEY"):
        Host.objects.get()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("unix:///nowhere/docker.sock", "there is no such socket"),
        ("unix://relative/docker.sock", "full path"),
        ("tcp://127.0.0.1:9", "nothing listens there"),
        ("tcp://127.0.0.1", "port is missing"),
        ("http://127.0.0.1:2375", "tcp://host:port"),
        ("tcp://user:pw@127.0.0.1:2375", "nothing else"),
    ],
)
def test_a_host_that_does_not_answer_is_not_kept_and_the_reason_stands_beside_the_address(
    olga: User, signed_in: Callable[[User], Client], url: str, words: str
) -> None:
    response = signed_in(olga).post(reverse("hosts:add"), {"name": "Far", "url": url})
    assert response.status_code == 422
    assert words in str(response.context["form"].errors["url"])
    assert not Host.objects.exists()


def test_nobody_sees_hosts_without_a_role_that_may_look(rita: User) -> None:
    Host.objects.create(slug="local", name="Local", url="unix:///nowhere")
    assert visible_hosts(rita).count() == 1
    rita.role = "nothing"
    assert visible_hosts(rita).count() == 0


def test_removing_a_host_shows_first_what_that_means(olga: User, signed_in: Callable[[User], Client]) -> None:
    Host.objects.create(slug="far", name="Far", url="unix:///nowhere")
    client, url = signed_in(olga), reverse("hosts:remove", args=["far"])
    shown = client.post(url, {"action": "remove", "id": "far"})
    assert "Nothing on the host itself changes" in shown.content.decode()
    assert Host.objects.exists()
    assert client.post(url, {"action": "remove", "id": "far", "confirmed": "1"}).status_code == 302
    assert not Host.objects.exists()
    assert Entry.objects.get().operation == "host.remove"


def test_a_host_that_is_down_says_so_on_its_page(olga: User, signed_in: Callable[[User], Client]) -> None:
    Host.objects.create(slug="far", name="Far", url="unix:///nowhere/docker.sock")
    response = signed_in(olga).get(reverse("hosts:detail", args=["far"]))
    assert response.status_code == 502
    assert "there is no such socket" in response.content.decode()


@pytest.mark.real
@pytest.mark.peer
@pytest.mark.django_db(transaction=True)
def test_a_real_dockerd_is_connected_and_says_what_it_is(
    olga: User, signed_in: Callable[[User], Client], dockerd: Daemon
) -> None:
    client = signed_in(olga)
    response = client.post(reverse("hosts:add"), {"name": "Dock Side", "url": dockerd.url})
    assert response.headers["Location"] == reverse("hosts:detail", args=["dock-side"])
    version = dockerd.json("GET", "/version")["Version"]
    assert version in client.get(response.headers["Location"]).content.decode()
    assert Entry.objects.get(operation="host.add").target == dockerd.url
    again = client.post(reverse("hosts:add"), {"name": "Twice", "url": dockerd.url})
    assert "already here, as Dock Side" in str(again.context["form"].errors["url"])


@pytest.mark.real
@pytest.mark.peer
@pytest.mark.django_db(transaction=True)
def test_without_an_engine_of_our_own_a_socket_that_answers_becomes_the_first_host(
    dockerd: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets = (("Docker", "/nowhere/docker.sock"), ("Podman", str(dockerd.socket)))
    monkeypatch.setattr("webui.hosts.finding._SOCKETS", sockets)
    assert [host.slug for host in register_found()] == ["podman"]
    assert register_found() == []
