"""The list over all hosts: what is there when hosts are down, gone or nobody's, and who sees which."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains

from webui.accounts.models import User
from webui.hosts.models import Host
from webui.live import Picture
from webui.live.saved import save_picture

SignIn = Callable[[User], Client]

pytestmark = pytest.mark.django_db


def sunk(settings: Settings, folder: Path, slug: str) -> Host:
    """A host that answered once, in another life of the console."""
    settings.QUAYSIDE_DATA = folder
    raw = {"Id": slug[-1] * 64, "Names": [f"/boat-{slug}"], "State": "running", "Status": "Up 2 hours", "Image": "b:1"}
    seen_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    save_picture(Picture(slug, seen_at=seen_at, containers={raw["Id"]: raw}))
    return Host.objects.create(slug=slug, name=slug.title(), url=f"unix://{folder}/{slug}.sock")


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    assert client.get("/containers/").status_code == 302
    assert client.post("/containers/act/", {"action": "stop", "id": "a/b"}).status_code == 302


def test_without_hosts_the_list_is_empty_and_says_so(olga: User, signed_in: SignIn) -> None:
    assertContains(signed_in(olga).get("/containers/"), "No containers yet")


def test_hosts_that_do_not_answer_show_what_they_had_each_with_its_words(
    olga: User, signed_in: SignIn, settings: Settings, tmp_path: Path
) -> None:
    here = tmp_path.name.replace("_", "-").lower()
    first, second = (sunk(settings, tmp_path, f"{here}-{letter}") for letter in "ab")
    page = signed_in(olga).get("/containers/?sort=host")
    for host in (first, second):
        assertContains(page, f"boat-{host.slug}")
        assertContains(page, f'data-id="{host.slug}/')
    part = signed_in(olga).get(f"/containers/?q=host:{second.slug}", headers={"HX-Request": "true"})
    assertContains(part, f"boat-{second.slug}")
    assertNotContains(part, f"boat-{first.slug}")


def test_what_is_named_on_a_host_that_is_not_seen_is_simply_gone(
    rita: User, signed_in: SignIn, settings: Settings, tmp_path: Path
) -> None:
    answer = signed_in(rita).post(
        "/containers/act/", {"action": "stop", "id": "elsewhere/0123456789ab"}, headers={"HX-Request": "true"}
    )
    assertContains(answer, "is already gone")
