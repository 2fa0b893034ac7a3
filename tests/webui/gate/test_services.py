"""Services on a real swarm: an operator's update that changes nothing, quotas over all tasks, networks of the host."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from docker.errors import NotFound

from tests.daemons import Daemon
from webui.access import Operation, Role
from webui.access.models import CUSTOM, CustomRole, Grant, Team
from webui.accounts.models import User
from webui.gate import Refused, actor_of, docker_client
from webui.hosts.models import Host
from webui.ownership import Kind
from webui.ownership.changes import claim, give_access
from webui.ownership.ledger import LEDGER
from webui.ownership.models import Quota, Usage
from webui.ownership.tasks import sweep_all

pytestmark = [pytest.mark.real, pytest.mark.peer, pytest.mark.django_db(transaction=True)]
MB = 1 << 20
SPEC: dict[str, Any] = {
    "Name": "web", "Labels": {"a": "b"}, "Mode": {"Replicated": {"Replicas": 0}},
    "TaskTemplate": {"ContainerSpec": {"Image": "busybox:latest", "Env": ["A=b"]}, "ForceUpdate": 0},
}  # fmt: skip


@pytest.fixture
def host(swarm: Daemon, db: None) -> Iterator[Host]:
    made = Host.objects.create(slug="quay", name="Quay", url=swarm.url)
    give_access(made.pk, Kind.IMAGE, "busybox", owner_id=None, visibility="public", shares=[])
    yield made
    for one in swarm.json("GET", "/services"):
        swarm.api("DELETE", f"/services/{one['ID']}")
    swarm.api("POST", "/networks/prune")


@pytest.fixture
def of(host: Host) -> Iterator[Callable[[User], Any]]:
    clients: list[Any] = []

    def client_of(user: User) -> Any:
        clients.append(docker_client(actor_of(User.objects.get(pk=user.pk)), host))
        return clients[-1].api

    yield client_of
    for client in clients:
        client.close()


@pytest.fixture
def ann(host: Host) -> User:
    """May make services, and is bound by the rules of the host."""
    every = [one for one in Operation if one.startswith(("service.", "network.", "image.", "system.", "node."))]
    role = CustomRole.objects.create(name="services", operations=every)
    user = User.objects.create_user("ann", role=Role.NONE)
    Grant.objects.create(user=user, role=CUSTOM, custom=role, made_by="olga")
    team = Team.objects.create(name="shop")
    team.members.add(user)
    return user


def create(api: Any, **changes: Any) -> str:
    return str(api._result(api._post_json(api._url("/services/create"), data={**SPEC, **changes}), json=True)["ID"])


def update(api: Any, service_id: str, spec: dict[str, Any], **query: str) -> None:
    version = api.inspect_service(service_id)["Version"]["Index"]
    url, params = api._url("/services/{0}/update", service_id), {"version": version, **query}
    api._raise_for_status(api._post_json(url, data=spec, params=params))


def changed(spec: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(spec)
    at = made
    *above, last = path.split(".")
    for name in above:
        at = at.setdefault(name, {})
    at[last] = value
    return made


def of_service(swarm: Daemon, name: str = "web") -> dict[str, Any]:
    return dict(swarm.json("GET", f"/services/{name}")["Spec"])


# What an operator may not change of a service; each is one field.
NOT_THE_SAME = [
    ("TaskTemplate.ContainerSpec.Image", "busybox:other"), ("TaskTemplate.ContainerSpec.Image", "alpine:latest"),
    ("TaskTemplate.ContainerSpec.Env", ["A=c"]), ("TaskTemplate.ContainerSpec.Command", ["sh"]),
    ("TaskTemplate.ContainerSpec.Mounts", [{"Type": "bind", "Source": "/", "Target": "/host"}]),
    ("TaskTemplate.ContainerSpec.Privileges", {"SELinuxContext": {"Disable": True}}),
    ("TaskTemplate.containerspec", {"Image": "alpine"}), ("Mode.Replicated.Replicas", 5), ("Labels", {}),
    ("TaskTemplate.Networks", [{"Target": "host"}]), ("EndpointSpec", {"Ports": [{"TargetPort": 80}]}), ("Name", "x"),
]  # fmt: skip


def test_an_operator_begins_a_service_anew_and_takes_another_digest_and_nothing_else(
    swarm: Daemon, host: Host, of: Callable[[User], Any]
) -> None:
    service_id = str(swarm.json("POST", "/services/create", SPEC)["ID"])
    api = of(User.objects.create_user("oscar", role=Role.OPERATOR))
    spec = of_service(swarm)
    update(api, "web", changed(spec, "TaskTemplate.ForceUpdate", 1))
    pinned = f"busybox:latest@sha256:{'0' * 64}"
    update(api, service_id, changed(spec, "TaskTemplate.ContainerSpec.Image", pinned))
    assert of_service(swarm)["TaskTemplate"]["ContainerSpec"]["Image"] == pinned
    update(api, service_id, changed(spec, "TaskTemplate.ContainerSpec.Image", "busybox:latest"))
    for path, value in NOT_THE_SAME:
        with pytest.raises(Refused, match=r"no redeployment|twice, in different case"):
            update(api, service_id, changed(of_service(swarm), path, value))
    with pytest.raises(Refused, match="no redeployment"):
        update(api, service_id, spec, rollback="previous")
    with pytest.raises(Refused, match=r"service\.create on Quay is not for the role operator"):
        create(api)
    assert {**of_service(swarm), "TaskTemplate": {}} == {**spec, "TaskTemplate": {}}


def test_a_quota_counts_the_tasks_of_services_with_what_each_may_use(
    swarm: Daemon, host: Host, ann: User, of: Callable[[User], Any]
) -> None:
    team = Team.objects.get()
    Quota.objects.create(host=host, team=team, containers=4, memory_mb=256)
    task = {**SPEC["TaskTemplate"], "Resources": {"Limits": {"MemoryBytes": 64 * MB}}}
    api = of(ann)
    three = {"Mode": {"Replicated": {"Replicas": 3}}, "TaskTemplate": task}
    with pytest.raises(Refused, match="has a bound on memory: say how much"):
        create(api, Mode=three["Mode"])
    service_id = create(api, **three)
    assert Usage.objects.get().memory_bytes == 3 * 64 * MB
    with pytest.raises(Refused, match="containers: the team shop has 3 of 4 here, and this asks for 2 more"):
        create(api, **{**three, "Name": "two", "Mode": {"Replicated": {"Replicas": 2}}})
    with pytest.raises(Refused, match="has 0 of 4 here, and this asks for 5 more"):
        update(api, service_id, changed(of_service(swarm), "Mode.Replicated.Replicas", 5))
    more = changed(of_service(swarm), "TaskTemplate.Resources.Limits.MemoryBytes", 100 * MB)
    with pytest.raises(Refused, match="memory"):
        update(api, service_id, more)
    update(api, service_id, changed(of_service(swarm), "Mode.Replicated.Replicas", 0))
    assert (Usage.objects.get().containers, Usage.objects.get().memory_bytes) == (0, 0)
    update(api, service_id, changed(of_service(swarm), "Mode.Replicated.Replicas", 4))
    assert (Usage.objects.get().key, Usage.objects.get().containers) == (service_id, 4)
    # On each node: there is one. Unsaid, it is one as well.
    for number, mode in enumerate(({"Global": {}}, {})):
        with pytest.raises(Refused, match="has 4 of 4 here, and this asks for 1 more"):
            create(api, **{**three, "Name": f"one-{number}", "Mode": mode})
    sweep_all()
    assert Usage.objects.get().containers == 4
    api.remove_service(service_id)
    assert not Usage.objects.exists()


def test_a_service_joins_networks_of_its_maker_by_name_and_id_and_none_of_the_hosts(
    swarm: Daemon, host: Host, ann: User, of: Callable[[User], Any]
) -> None:
    api = of(ann)
    LEDGER.forget()
    found = {one["Name"]: str(one["Id"]) for one in swarm.json("GET", "/networks")}
    predefined = str(swarm.json("GET", "/networks/host?scope=swarm")["Id"])
    for target in ("host", found["host"], found["host"][:12], predefined, "ingress", found["ingress"], "HOST"):
        for where in ("Networks", "TaskTemplate"):
            networks = [{"Target": target}]
            more = {"Networks": networks} if where == "Networks" else {
                "TaskTemplate": {**SPEC["TaskTemplate"], "Networks": networks}
            }  # fmt: skip
            with pytest.raises((Refused, NotFound), match=r"not for you|not allowed|network of the host|not found"):
                create(api, **more)
    # Overlay networks are made by who rules the host; this one was given to her.
    theirs = str(swarm.json("POST", "/networks/create", {"Name": "shop", "Driver": "overlay"})["Id"])
    with pytest.raises(NotFound, match="network shop not found"):
        create(api, Networks=[{"Target": "shop"}])
    claim(host.pk, Kind.NETWORK, [theirs], ann.pk)
    create(api, Networks=[{"Target": "shop"}])
    create(api, Name="by-id", Networks=[{"Target": theirs}])
