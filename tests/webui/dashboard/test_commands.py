"""What Ctrl-K offers to do: only what may be done, an object before an action, a destructive one never first."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from webui.accounts.models import User
from webui.dashboard import commands, finding
from webui.dashboard.commands import Command, command_of
from webui.hosts.models import Host
from webui.live import HostState, Picture


def _container(name: str, state: str) -> dict[str, Any]:
    object_id = name.encode().hex().ljust(64, "0")[:64]
    return {"Id": object_id, "Names": [f"/{name}"], "State": state, "Status": "Up 1 hour", "Image": "busybox"}


@pytest.fixture
def pier(db: None, monkeypatch: pytest.MonkeyPatch) -> Host:
    containers = [_container("shop-web-1", "running"), _container("shop-db-1", "exited")]
    seen = Picture("pier", HostState.UP, containers={raw["Id"]: raw for raw in containers})
    for module in (commands, finding):
        monkeypatch.setattr(module, "last_picture", lambda _host, _actor: seen)
    return Host.objects.create(slug="pier", name="Pier", url="unix:///nonexistent/docker.sock")


Ask = Callable[[User, str], list[dict[str, Any]]]


@pytest.fixture
def ask(pier: Host, signed_in: Callable[[User], Client]) -> Ask:
    def asked(user: User, text: str) -> list[dict[str, Any]]:
        return list(signed_in(user).get("/find/", {"q": text, "host": "pier"}).json()["hits"])

    return asked


def test_the_first_word_is_a_verb_and_fillers_mean_nothing() -> None:
    assert command_of("logs of shop-web") == Command(frozenset({"logs"}), "shop-web")
    assert command_of("shop-web") is None
    assert command_of("s web") is None


def test_a_command_finds_the_object_first_then_what_to_do_with_it(ask: Ask, olga: User) -> None:
    hits = ask(olga, "stop web")
    assert [hit["label"] for hit in hits] == ["shop-web-1", "Stop shop-web-1"]
    assert (hits[1]["act"], hits[1]["act_url"]) == ("stop", "/h/pier/containers/act/")


def test_what_makes_no_sense_in_its_state_is_not_offered(ask: Ask, olga: User) -> None:
    assert not [hit for hit in ask(olga, "stop db") if hit["act"] == "stop"]
    assert [hit["label"] for hit in ask(olga, "start db") if hit["act"]] == ["Start shop-db-1"]


def test_a_link_is_a_link(ask: Ask, olga: User) -> None:
    hits = [hit for hit in ask(olga, "logs of shop-web-1") if hit["is_action"]]
    assert (hits[0]["label"], hits[0]["act"]) == ("Logs shop-web-1", "")
    assert hits[0]["url"].endswith("/logs/")


def test_a_name_alone_offers_its_actions_and_the_destructive_ones_last(ask: Ask, olga: User) -> None:
    hits = ask(olga, "shop-web-1")
    assert not hits[0]["is_action"]
    dangers = [hit["is_danger"] for hit in hits if hit["is_action"]]
    assert dangers == sorted(dangers)


def test_even_when_only_removal_is_asked_for_the_object_leads(ask: Ask, olga: User) -> None:
    hits = ask(olga, "remove web")
    assert not hits[0]["is_danger"]
    assert hits[-1]["label"] == "Remove shop-web-1…"


def test_a_reader_is_offered_only_what_a_reader_may(ask: Ask, rita: User) -> None:
    assert not [hit for hit in ask(rita, "stop web") if hit["act"]]
    assert [hit["label"] for hit in ask(rita, "logs web") if hit["is_action"]] == ["Logs shop-web-1"]
