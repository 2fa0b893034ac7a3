"""Grants of roles: which one decides on which host, what the gate makes of it, and what it does to what is seen."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from tests.webui.gate.api_operations import operations
from webui.access import Held, Operation, Role, effective, held_by, operations_of
from webui.access.models import Grant, Team
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import Actor, Refused, actor_of, decide, may, require
from webui.gate.passage import begin
from webui.hosts import visible_hosts
from webui.hosts.models import Host

HERE, THERE = 1, 2
OWN_HERE = Held(Role.READER, HERE)
TEAM_HERE = Held(Role.OPERATOR, HERE, "shop")
OWN_EVERYWHERE = Held(Role.HOST_ADMINISTRATOR)
TEAM_EVERYWHERE = Held(Role.NONE, None, "shop")
ORDER = [OWN_HERE, TEAM_HERE, OWN_EVERYWHERE, TEAM_EVERYWHERE]


@pytest.mark.parametrize("left_out", range(5))
def test_the_most_specific_grant_wins_in_whatever_order_they_were_made(left_out: int) -> None:
    held = ORDER[left_out:]
    expected = held[0].role if held else Role.OPERATOR
    for order in permutations(held):
        assert effective(Role.OPERATOR, order, HERE).role == expected


def test_a_grant_on_one_host_says_nothing_about_another() -> None:
    assert effective(Role.NONE, [OWN_HERE, TEAM_HERE], THERE).role == Role.NONE
    assert effective(Role.NONE, [OWN_HERE, TEAM_EVERYWHERE], THERE).because == (TEAM_EVERYWHERE,)


def test_equally_specific_grants_add_up() -> None:
    reader, operator = Held(Role.READER, HERE, "docs"), Held(Role.OPERATOR, HERE, "shop")
    both = effective(Role.NONE, [reader, operator], HERE)
    assert both.role == "operator + reader"
    assert both.operations == operations_of(Role.OPERATOR) | operations_of(Role.READER)
    assert set(both.because) == {reader, operator}


def test_a_grant_ends_by_the_clock_also_for_an_actor_that_was_made_before() -> None:
    now = timezone.now()
    over, coming = Held(Role.OPERATOR, HERE, "", now), Held(Role.OPERATOR, HERE, "", now + timedelta(hours=1))
    assert effective(Role.READER, [over], HERE).role == Role.READER
    assert effective(Role.READER, [coming], HERE).role == Role.OPERATOR


def test_no_grant_lessens_or_makes_an_administrator() -> None:
    assert effective(Role.ADMINISTRATOR, ORDER, HERE).role == Role.ADMINISTRATOR
    assert Role.ADMINISTRATOR not in {value for value, _label in Grant._meta.get_field("role").choices or ()}


def test_an_unknown_role_gives_nothing() -> None:
    assert effective("root", [Held("sudo", HERE)], HERE).operations == frozenset()


@pytest.mark.parametrize("method_and_path", operations(), ids=" ".join)
def test_an_operator_creates_and_removes_nothing(method_and_path: tuple[str, str]) -> None:
    method, path = method_and_path
    host = Host(slug="local", name="Local", url="unix:///nowhere")
    sample = path.replace("{id}", "4be2c0ffee12").replace("{name}", "web-1")
    operator = Actor(3, "marek", Role.OPERATOR)
    decision = decide(operator, host, method, sample, query={"fromImage": "busybox"})
    if decision.is_allowed:
        verb = decision.operation.partition(".")[2]
        assert verb not in {"create", "remove", "prune", "import", "load", "push", "export", "files-write"}
    assert not decide(Actor(4, "nina", Role.NONE), host, method, sample).is_allowed


@pytest.mark.parametrize("body", ['{"Privileged": true}', '{"privileged": true}', '{"PRIVILEGED": 1, "Cmd": ["sh"]}'])
def test_only_who_may_create_containers_may_run_a_privileged_command_in_one(body: str) -> None:
    host = Host(slug="local", name="Local", url="unix:///nowhere")
    path = "/containers/web-1/exec"
    refused = decide(Actor(3, "marek", Role.OPERATOR), host, "POST", path, body=body)
    assert "rivileged" in refused.refusal
    assert decide(Actor(3, "marek", Role.OPERATOR), host, "POST", path, body='{"Privileged": false}').is_allowed
    assert decide(Actor(1, "olga", Role.ADMINISTRATOR), host, "POST", path, body=body).is_allowed


@pytest.fixture
def docks(db: None) -> Host:
    return Host.objects.create(slug="docks", name="Docks", url="unix:///nowhere/docks.sock")


@pytest.fixture
def ships(db: None) -> Host:
    return Host.objects.create(slug="ships", name="Ships", url="unix:///nowhere/ships.sock")


@pytest.fixture
def marek(db: None) -> User:
    """Somebody who may do only what is granted."""
    return User.objects.create_user("marek", role=Role.NONE)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_the_gate_follows_grants_to_a_person_and_to_their_team(marek: User, docks: Host, ships: Host) -> None:
    assert not may(actor_of(marek), docks, Operation.CONTAINER_LIST)
    team = Team.objects.create(name="shop")
    Grant.objects.create(team=team, role=Role.OPERATOR, host=docks, made_by="olga")
    assert not may(actor_of(fresh(marek)), docks, Operation.CONTAINER_LIST)
    team.members.add(marek)
    actor = actor_of(fresh(marek))
    assert may(actor, docks, Operation.CONTAINER_START)
    assert not may(actor, ships, Operation.CONTAINER_LIST)
    with pytest.raises(Refused, match="on Ships is not for the role none"):
        require(actor, ships, Operation.CONTAINER_LIST)
    Grant.objects.create(user=marek, role=Role.READER, host=docks, made_by="olga")
    assert not may(actor_of(fresh(marek)), docks, Operation.CONTAINER_START)
    assert may(actor_of(fresh(marek)), docks, Operation.CONTAINER_LIST)


def test_only_hosts_that_may_be_seen_are_there(marek: User, docks: Host, ships: Host, signed_in: Any) -> None:
    assert not visible_hosts(marek).exists()
    Grant.objects.create(user=marek, role=Role.READER, host=docks, made_by="olga")
    assert list(visible_hosts(fresh(marek))) == [docks]
    client: Client = signed_in(marek)
    assert client.get("/h/ships/containers/").status_code == 404
    assert client.get("/h/docks/containers/run/").status_code == 403
    Grant.objects.update(ends_at=timezone.now())
    assert client.get("/h/docks/containers/run/").status_code == 404


def test_a_host_can_be_kept_from_somebody_who_sees_all_others(rita: User, docks: Host, ships: Host) -> None:
    Grant.objects.create(user=rita, role=Role.NONE, host=ships, made_by="olga")
    assert list(visible_hosts(fresh(rita))) == [docks]


def test_somebody_deactivated_holds_nothing(marek: User, docks: Host) -> None:
    Grant.objects.create(user=marek, role=Role.HOST_ADMINISTRATOR, made_by="olga")
    User.objects.update(is_active=False)
    assert not may(actor_of(fresh(marek)), docks, Operation.CONTAINER_LIST)


def test_a_grant_twice_over_is_held_once_and_read_once(
    marek: User, docks: Host, django_assert_num_queries: Any
) -> None:
    team = Team.objects.create(name="shop")
    team.members.add(marek)
    Grant.objects.create(team=team, role=Role.READER, made_by="olga")
    user = fresh(marek)
    # Teams, grants, and whether a second factor is owed.
    with django_assert_num_queries(3):
        assert len(held_by(user)) == 1
        assert actor_of(user).grants == held_by(user)
        assert actor_of(user).role == marek.role


def test_the_log_says_as_what_somebody_acted(marek: User, docks: Host) -> None:
    Grant.objects.create(user=marek, role=Role.OPERATOR, host=docks, made_by="olga")
    begin(actor_of(fresh(marek)), docks, "POST", "/containers/web/stop", query={}, body=None)
    entry = Entry.objects.get()
    assert (entry.role, entry.rule, entry.is_allowed) == ("operator", "role operator", True)


def test_a_grant_is_to_a_person_or_to_a_team(marek: User) -> None:
    with pytest.raises(IntegrityError):
        Grant.objects.create(role=Role.READER, made_by="olga")


def test_every_role_is_a_set_of_known_operations_and_readers_look_only() -> None:
    for role in Role.values:
        assert operations_of(role) <= frozenset(Operation)
    assert operations_of(Role.READER) < operations_of(Role.OPERATOR) < operations_of(Role.HOST_ADMINISTRATOR)
    assert not operations_of(Role.NONE)
