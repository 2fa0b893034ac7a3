"""Roles that administrators make, and groups of hosts: what they give, from when on, and what keeps them from going."""

from collections.abc import Callable

import pytest
from django.test import Client

from webui.access import Effective, Held, Operation, Role, RoleFacts, effective
from webui.access.models import CUSTOM, CustomRole, Grant, HostGroup, Team
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import actor_of, decide, may
from webui.hosts.models import Host

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
RESTARTER = {"name": "Restarter", "about": "night shift", "is_restricted": "on",
             "operations": ["container.list", "container.restart"]}  # fmt: skip


@pytest.fixture
def docks(db: None) -> Host:
    return Host.objects.create(slug="docks", name="Docks", url="unix:///nowhere")


@pytest.fixture
def marek(db: None) -> User:
    return User.objects.create_user("marek", role=Role.NONE)


def on(user: User, host: Host) -> Effective:
    return actor_of(User.objects.get(pk=user.pk)).on(host)


def test_a_role_is_made_granted_changed_and_each_holds_at_once(
    olga: User, marek: User, docks: Host, signed_in: SignedIn
) -> None:
    client = signed_in(olga)
    assert client.post("/roles/add/", RESTARTER).headers["Location"] == "/roles/"
    made = CustomRole.objects.get()
    grant = {"role": f"custom:{made.pk}", "host": docks.pk, "ends_at": ""}
    assert client.post(f"/teams/grant/?user={marek.pk}", grant).status_code == 302
    assert on(marek, docks).operations == {Operation.CONTAINER_LIST, Operation.CONTAINER_RESTART}
    assert not on(marek, docks).sees_all(Operation.CONTAINER_LIST)
    page = client.get(f"/people/{marek.pk}/access/").content.decode()
    assert "<b>Restarter</b>" in page
    changed = {**RESTARTER, "operations": ["container.list"], "is_restricted": ""}
    client.post(f"/roles/{made.pk}/", changed)
    assert on(marek, docks).operations == {Operation.CONTAINER_LIST}
    assert on(marek, docks).sees_all(Operation.CONTAINER_LIST)
    written = list(
        Entry.objects.filter(operation__startswith="role.").order_by("pk").values_list("operation", flat=True)
    )
    assert written == ["role.add", "role.change"]


def test_a_role_that_somebody_holds_is_not_removed(olga: User, marek: User, docks: Host, signed_in: SignedIn) -> None:
    made = CustomRole.objects.create(name="Restarter", operations=["container.list"])
    Grant.objects.create(user=marek, role=CUSTOM, custom=made, host=docks, made_by="olga")
    asked = {"action": "remove", "id": made.pk}
    assert "marek" in signed_in(olga).post("/roles/act/", asked).content.decode()
    signed_in(olga).post("/roles/act/", {**asked, "confirmed": "1"})
    assert CustomRole.objects.filter(pk=made.pk).exists()
    assert may(actor_of(User.objects.get(pk=marek.pk)), docks, "container.list")
    Grant.objects.all().delete()
    signed_in(olga).post("/roles/act/", {**asked, "confirmed": "1"})
    assert not CustomRole.objects.exists()


@pytest.mark.parametrize("name", ["administrator", "Host administrator", "READER"])
def test_no_role_of_ones_own_takes_the_name_of_a_built_in_one(name: str, olga: User, signed_in: SignedIn) -> None:
    assert signed_in(olga).post("/roles/add/", {**RESTARTER, "name": name}).status_code == 422
    # And if one did, it would be none.
    facts = CustomRole(name=name, operations=["container.list"]).facts
    assert not effective(Role.NONE, [Held(CUSTOM, custom=facts)], 1).rules_the_host


def test_two_roles_of_ones_own_that_are_equally_specific_add_up_each_with_its_own_reach(docks: Host) -> None:
    free = RoleFacts("custom:a", "a", frozenset({Operation.CONTAINER_LIST}), sees_all=True)
    bound = RoleFacts("custom:b", "b", frozenset({Operation.CONTAINER_REMOVE}))
    both = effective(Role.NONE, [Held(CUSTOM, custom=free), Held(CUSTOM, custom=bound)], docks.pk)
    assert both.operations == free.operations | bound.operations
    assert both.sees_all(Operation.CONTAINER_LIST)
    assert not both.sees_all(Operation.CONTAINER_REMOVE)


def test_an_operation_that_is_no_more_gives_nothing() -> None:
    facts = CustomRole(name="old", operations=["container.list", "container.teleport"]).facts
    assert facts.operations == {Operation.CONTAINER_LIST}


def test_a_restricted_role_of_ones_own_is_bound_by_the_rules_of_the_host(docks: Host, marek: User) -> None:
    made = CustomRole.objects.create(name="Maker", operations=["container.create"])
    Grant.objects.create(user=marek, role=CUSTOM, custom=made, made_by="olga")
    body = {"Image": "x", "HostConfig": {"Privileged": True}}
    for is_restricted in (True, False):
        CustomRole.objects.update(is_restricted=is_restricted)
        actor = actor_of(User.objects.get(pk=marek.pk))
        said = decide(actor, docks, "POST", "/containers/create", body=body)
        assert said.is_allowed is not is_restricted


def test_a_grant_on_a_group_is_between_a_host_and_everything(docks: Host) -> None:
    group = {"group": "production", "group_host_ids": frozenset({docks.pk})}
    everywhere, on_group = Held(Role.READER), Held(Role.OPERATOR, **group)
    on_host = Held(Role.HELPDESK, docks.pk)
    assert effective(Role.NONE, [everywhere, on_group], docks.pk).role == Role.OPERATOR
    assert effective(Role.NONE, [everywhere, on_group, on_host], docks.pk).role == Role.HELPDESK
    assert effective(Role.NONE, [everywhere, on_group], docks.pk + 1).role == Role.READER


def test_a_host_that_joins_a_group_is_reached_and_one_that_leaves_is_not(
    olga: User, marek: User, docks: Host, signed_in: SignedIn
) -> None:
    client = signed_in(olga)
    client.post("/host-groups/add/", {"name": "production"})
    group = HostGroup.objects.get()
    team = Team.objects.create(name="night")
    team.members.add(marek)
    form = {"role": "operator", "group": group.pk, "host": "", "ends_at": ""}
    assert client.post(f"/teams/grant/?team={team.pk}", form).status_code == 302
    assert on(marek, docks).role == Role.NONE
    client.post(f"/host-groups/{group.pk}/", {"name": "production", "hosts": [docks.pk]})
    assert on(marek, docks).role == Role.OPERATOR
    assert "on the group production" in client.get(f"/people/{marek.pk}/access/?host=docks").content.decode()
    preview = client.post("/host-groups/act/", {"action": "remove", "id": group.pk}).content.decode()
    assert "team night" in preview
    client.post("/host-groups/act/", {"action": "remove", "id": group.pk, "confirmed": "1"})
    assert on(marek, docks).role == Role.NONE


def test_a_grant_is_on_a_host_or_on_a_group(olga: User, marek: User, docks: Host, signed_in: SignedIn) -> None:
    group = HostGroup.objects.create(name="production")
    form = {"role": "operator", "group": group.pk, "host": docks.pk, "ends_at": ""}
    assert signed_in(olga).post(f"/teams/grant/?user={marek.pk}", form).status_code == 422
    assert not Grant.objects.exists()


@pytest.mark.parametrize("path", ["/roles/", "/roles/add/", "/host-groups/", "/host-groups/add/"])
def test_only_administrators_make_roles_and_groups(path: str, rita: User, olga: User, signed_in: SignedIn) -> None:
    assert signed_in(rita).get(path).status_code == 403
    assert signed_in(olga).get(path).status_code == 200
