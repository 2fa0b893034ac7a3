"""What a team may have on a host: counted over its members, taken before it is sent, given back when it failed."""

from collections.abc import Iterator
from typing import Any

import pytest
from docker.errors import APIError

from tests.daemons import Daemon
from webui.access.models import Team
from webui.accounts.models import User
from webui.gate import Refused, actor_of, docker_client
from webui.hosts.models import Host
from webui.ownership import Kind
from webui.ownership.changes import give_access
from webui.ownership.models import Quota, Usage

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]
MB = 1024 * 1024


@pytest.fixture
def host(engine: Daemon) -> Iterator[Host]:
    made = Host.objects.create(slug="docks", name="Docks", url=engine.url)
    give_access(made.pk, Kind.IMAGE, "busybox", owner_id=None, visibility="public", shares=[])
    yield made
    engine.remove_all_containers()
    engine.api("POST", '/volumes/prune?filters={"all":["true"]}')


@pytest.fixture
def team(db: None) -> Team:
    made = Team.objects.create(name="shop")
    made.members.set([User.objects.create_user(name, role="standard") for name in ("sam", "tess")])
    return made


@pytest.fixture
def of(host: Host, team: Team) -> Iterator[Any]:
    clients: list[Any] = []

    def client_of(name: str) -> Any:
        clients.append(docker_client(actor_of(User.objects.get(username=name)), host))
        return clients[-1].api

    yield client_of
    for client in clients:
        client.close()


def make(api: Any, name: str, **limits: Any) -> str:
    config = api.create_host_config(network_mode="none", **limits)
    return str(api.create_container("busybox", ["sleep", "600"], name=name, host_config=config)["Id"])


def test_containers_are_counted_over_the_team_and_free_again_when_removed(of: Any, host: Host, team: Team) -> None:
    Quota.objects.create(host=host, team=team, containers=2)
    make(of("sam"), "one")
    make(of("tess"), "two")
    with pytest.raises(Refused, match="containers: the team shop has 2 of 2 here") as refused:
        make(of("sam"), "three")
    assert refused.value.rule == "quota"
    of("tess").remove_container("two", force=True)
    make(of("sam"), "three")


def test_what_the_host_refuses_costs_nothing(of: Any, host: Host, team: Team) -> None:
    Quota.objects.create(host=host, team=team, containers=2)
    make(of("sam"), "one")
    with pytest.raises(APIError):
        make(of("tess"), "one")
    assert Usage.objects.count() == 1
    make(of("tess"), "two")


def test_memory_and_cpus_must_be_said_and_an_update_counts_the_difference(of: Any, host: Host, team: Team) -> None:
    Quota.objects.create(host=host, team=team, memory_mb=100, cpus=1500)
    with pytest.raises(Refused, match="bound on memory: say how much"):
        make(of("sam"), "one", nano_cpus=10**9)
    with pytest.raises(Refused, match="bound on cpus: say how much"):
        make(of("sam"), "one", mem_limit=64 * MB, cpu_quota=-1)
    make(of("sam"), "one", mem_limit=64 * MB, nano_cpus=10**9)
    with pytest.raises(Refused, match="memory: the team shop has 64 MB of 100 MB here, and this asks for 64 MB more"):
        make(of("tess"), "two", mem_limit=64 * MB, nano_cpus=10**8)
    with pytest.raises(Refused, match=r"cpus: the team shop has 1 of 1\.5"):
        make(of("tess"), "two", mem_limit=16 * MB, nano_cpus=10**9)
    with pytest.raises(Refused, match="memory"):
        of("sam").update_container("one", mem_limit=128 * MB, memswap_limit=-1)
    of("sam").update_container("one", mem_limit=96 * MB, memswap_limit=-1)
    [usage] = Usage.objects.all()
    assert (usage.containers, usage.memory_bytes, usage.nano_cpus) == (1, 96 * MB, 10**9)


def test_volumes_count_also_those_that_a_container_brings_along(of: Any, host: Host, team: Team) -> None:
    Quota.objects.create(host=host, team=team, volumes=2)
    of("sam").create_volume("one")
    make(of("tess"), "web", binds=["two:/data"])
    with pytest.raises(Refused, match="volumes: the team shop has 2 of 2"):
        of("sam").create_volume("three")
    of("sam").create_volume("one")


def test_who_rules_the_host_is_not_counted(of: Any, host: Host, team: Team, olga: User) -> None:
    Quota.objects.create(host=host, team=team, containers=0)
    team.members.add(olga)
    make(of("olga"), "one")
    assert not Usage.objects.exists()
