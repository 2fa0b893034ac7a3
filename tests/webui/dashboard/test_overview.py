import time
from typing import Any

import pytest

from webui.accounts.models import User
from webui.dashboard.overview import card_of, first_of, needs_of
from webui.hosts.models import Host
from webui.live import HostState, Picture


def _container(name: str, status: str, state: str) -> dict[str, Any]:
    object_id = name.encode().hex().ljust(64, "0")[:64]
    return {
        "Id": object_id,
        "Names": [f"/{name}"],
        "Image": "busybox",
        "Status": status,
        "State": state,
        "Created": time.time(),
    }


def _picture(*containers: dict[str, Any], **changes: Any) -> Picture:
    values: dict[str, Any] = {"state": HostState.UP, "containers": {raw["Id"]: raw for raw in containers}}
    return Picture("pier", **{**values, **changes})


@pytest.fixture
def host() -> Host:
    return Host(slug="pier", name="Pier")


def test_a_card_counts_what_runs_and_leads_to_it(host: Host) -> None:
    card = card_of(
        host, _picture(_container("web", "Up 2 hours", "running"), _container("job", "Exited (0) 1 hour ago", "exited"))
    )
    assert [(figure.count, figure.words) for figure in card.figures] == [(1, "running"), (1, "stopped")]
    assert card.figures[1].url == "/h/pier/containers/?show=stopped"
    assert card.trouble is None


def test_a_card_names_the_worst_trouble_first(host: Host) -> None:
    card = card_of(
        host,
        _picture(
            _container("a", "Up 1 hour (unhealthy)", "running"), _container("b", "Exited (1) 1 hour ago", "exited")
        ),
    )
    assert card.trouble is not None
    assert (card.trouble.words, card.trouble.tone) == ("1 failing", "bad")


def test_a_host_that_is_down_shows_what_it_had_and_says_so(host: Host) -> None:
    card = card_of(
        host, _picture(_container("web", "Up 2 hours", "running"), state=HostState.DOWN, error="connection refused")
    )
    assert card.state.tone == "bad"
    assert card.figures[0].count == 1
    assert card.last_seen == "never seen"


def test_what_needs_a_look_is_said_worst_first_and_healthy_things_are_not_named(host: Host) -> None:
    picture = _picture(
        _container("fine", "Up 2 hours (healthy)", "running"),
        _container("ill", "Up 1 hour (unhealthy)", "running"),
        _container("broken", "Restarting (137) 5 seconds ago", "restarting"),
    )
    assert [need.name for need in needs_of([(host, picture)])] == ["broken", "ill"]


def test_a_host_that_is_down_is_one_thing_to_look_at_whatever_it_had(host: Host) -> None:
    picture = _picture(
        _container("broken", "Exited (1) 1 hour ago", "exited"),
        state=HostState.DOWN,
        error="connection refused on pier:2376",
    )
    needs = needs_of([(host, picture)])
    assert [(need.name, need.words) for need in needs] == [("Pier", "connection refused on pier:2376")]


@pytest.mark.django_db
def test_as_long_as_nothing_runs_anywhere_it_says_what_comes_first(host: Host) -> None:
    olga = User.objects.create_user("olga", role="administrator")
    first = first_of(olga, [(host, _picture())])
    assert first is not None
    assert first.button is not None
    assert first.button.url == "/h/pier/containers/run/"
    assert first_of(olga, [(host, _picture()), (host, _picture(_container("web", "Created", "created")))]) is None
    assert first_of(olga, [(host, _picture(state=HostState.WAITING))]) is None
    assert first_of(olga, []) is None


@pytest.mark.django_db
def test_whoever_may_run_nothing_is_not_asked_to(host: Host) -> None:
    host.save()
    first = first_of(User.objects.create_user("rita", role="member"), [(host, _picture())])
    assert first is not None
    assert first.button is None
