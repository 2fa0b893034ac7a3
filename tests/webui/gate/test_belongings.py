"""Standard users on one real engine: each sees and does what is theirs, by docker-py and by the async way alike."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from docker.errors import APIError, ImageNotFound, NotFound

from tests.daemons import Daemon
from webui.access.models import Team
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.gate import Actor, HostRefused, Refused, actor_of, docker_client, hijack, references, request, stream
from webui.hosts.models import Host
from webui.live.pictures import forget, picture
from webui.ownership import Kind, owner_of
from webui.ownership.changes import carry_over, give_access
from webui.ownership.models import Share

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]

NOTHING = {"HostConfig": {"NetworkMode": "none"}}


@pytest.fixture
def host(db: None, engine: Daemon) -> Iterator[Host]:
    made = Host.objects.create(slug="docks", name="Docks", url=engine.url)
    # As in a console with open pages: the gate has a memory of the host, which is a little behind.
    picture(made)
    yield made
    forget(made.slug)
    engine.remove_all_containers()
    engine.api("POST", '/volumes/prune?filters={"all":["true"]}')
    engine.api("POST", "/networks/prune")


@pytest.fixture
def sam(db: None) -> Actor:
    return actor_of(User.objects.create_user("sam", role="standard"))


@pytest.fixture
def tess(db: None) -> Actor:
    return actor_of(User.objects.create_user("tess", role="standard"))


@pytest.fixture
def people(sam: Actor, tess: Actor, olga: User) -> tuple[Actor, Actor, Actor]:
    """Two who see their own, and an administrator."""
    return sam, tess, actor_of(olga)


@pytest.fixture
def of(host: Host) -> Iterator[Callable[[Actor], Any]]:
    """docker-py's low-level client of somebody."""
    clients: list[docker.DockerClient] = []

    def client_of(actor: Actor) -> Any:
        clients.append(docker_client(actor, host))
        return clients[-1].api

    yield client_of
    for client in clients:
        client.close()


@pytest.fixture(autouse=True)
def public_busybox(host: Host) -> None:
    give_access(host.pk, Kind.IMAGE, "busybox", owner_id=None, visibility="public", shares=[])


def make(api: Any, name: str, **more: Any) -> str:
    config = api.create_host_config(network_mode="none", **more)
    return str(api.create_container("busybox", ["sleep", "600"], name=name, host_config=config)["Id"])


def test_who_creates_owns_and_for_others_it_is_not_there(sam: Actor, tess: Actor, of: Any, host: Host) -> None:
    web = make(of(sam), "web")
    assert owner_of(host.pk, Kind.CONTAINER, web) == "sam"
    of(sam).start("web")
    for reference in (web, "web", web[:12], web[:6]):
        with pytest.raises(NotFound, match=f"No such container: {reference}"):
            of(tess).inspect_container(reference)
        with pytest.raises(NotFound, match=f"No such container: {reference}"):
            of(tess).kill(reference)
    assert of(tess).containers(all=True) == []
    assert [one["Id"] for one in of(sam).containers(all=True)] == [web]
    refused = Entry.objects.filter(username="tess", operation="container.kill").first()
    assert refused is not None
    assert (refused.is_allowed, refused.rule) == (False, "ownership")


def test_what_is_there_and_what_is_not_cannot_be_told_apart(sam: Actor, tess: Actor, of: Any) -> None:
    make(of(sam), "web")
    answers = []
    for name in ("web", "nothing-at-all"):
        with pytest.raises(NotFound) as told:
            of(tess).stop(name)
        answers.append((told.value.status_code, told.value.explanation.replace(name, "")))
    assert answers[0] == answers[1]


def test_shared_to_read_is_seen_and_not_changed(sam: Actor, tess: Actor, of: Any, host: Host) -> None:
    web = make(of(sam), "web")
    give_access(host.pk, Kind.CONTAINER, web, owner_id=sam.user_id, visibility="shared",
                shares=[Share(user_id=tess.user_id)])  # fmt: skip
    assert of(tess).inspect_container("web")["Id"] == web
    for change in (of(tess).start, of(tess).remove_container, lambda name: of(tess).exec_create(name, "sh")):
        with pytest.raises(Refused, match="shared with you to be read"):
            change("web")


def test_a_team_that_may_write_does_and_who_leaves_it_does_not(sam: Actor, tess: Actor, of: Any, host: Host) -> None:
    shop = Team.objects.create(name="shop")
    shop.members.add(User.objects.get(username="tess"))
    web = make(of(sam), "web")
    share = Share(team=shop, may_write=True)
    give_access(host.pk, Kind.CONTAINER, web, owner_id=sam.user_id, visibility="shared", shares=[share])
    of(actor_of(User.objects.get(username="tess"))).rename("web", "shop-web")
    shop.members.clear()
    with pytest.raises(NotFound):
        of(actor_of(User.objects.get(username="tess"))).rename("shop-web", "web")


def test_administrators_and_operators_act_on_everything(sam: Actor, olga: User, of: Any, host: Host) -> None:
    make(of(sam), "web")
    operator = actor_of(User.objects.create_user("oscar", role="operator"))
    of(operator).start("web")
    of(actor_of(olga)).remove_container("web", force=True)
    assert of(sam).containers(all=True) == []


def test_an_exec_belongs_to_its_container(sam: Actor, tess: Actor, of: Any) -> None:
    make(of(sam), "web")
    of(sam).start("web")
    exec_id = of(sam).exec_create("web", ["echo", "secret"])["Id"]
    for ask in (of(tess).exec_inspect, of(tess).exec_start):
        with pytest.raises(NotFound, match="No such exec instance"):
            ask(exec_id)
    assert of(sam).exec_start(exec_id) == b"secret\n"


def test_the_owner_of_an_exec_is_found_also_by_a_process_that_did_not_make_it(
    sam: Actor, tess: Actor, of: Any, engine: Daemon
) -> None:
    web = make(of(sam), "web")
    of(sam).start("web")
    exec_id = engine.json("POST", f"/containers/{web}/exec", {"Cmd": ["true"]})["Id"]
    with pytest.raises(NotFound):
        of(tess).exec_inspect(exec_id)
    assert of(sam).exec_inspect(exec_id)["ContainerID"] == web


def test_volumes_of_others_are_not_mounted_in_any_disguise(sam: Actor, tess: Actor, of: Any) -> None:
    of(sam).create_volume("ledger")
    with pytest.raises(NotFound, match="no such volume"):
        of(tess).inspect_volume("ledger")
    with pytest.raises(NotFound, match="get ledger: no such volume"):
        make(of(tess), "thief", binds=["ledger:/data"])
    for mount in ({"Type": "volume", "Source": "ledger", "Target": "/d"},
                  {"type": "volume", "sOURCE": "ledger", "target": "/d", "ReadOnly": True}):  # fmt: skip
        with pytest.raises(NotFound):
            make(of(tess), "thief", mounts=[mount])
    with pytest.raises(Refused, match="VolumesFrom"):
        make(of(tess), "thief", volumes_from=["web"])
    with pytest.raises(Refused, match="the name ledger is taken"):
        of(tess).create_volume("ledger")
    with pytest.raises(NotFound):
        of(tess).remove_volume("ledger")
    assert of(tess).volumes()["Volumes"] == []


def test_a_volume_shared_to_be_read_is_mounted_read_only(sam: Actor, tess: Actor, of: Any, host: Host) -> None:
    of(sam).create_volume("ledger")
    give_access(host.pk, Kind.VOLUME, "ledger", owner_id=sam.user_id, visibility="public", shares=[])
    with pytest.raises(Refused, match="shared with you to be read"):
        make(of(tess), "writer", binds=["ledger:/data"])
    assert make(of(tess), "reader", binds=["ledger:/data:ro"])


def test_a_volume_that_a_container_brings_along_is_its_makers(sam: Actor, tess: Actor, of: Any, host: Host) -> None:
    make(of(sam), "web", binds=["fresh:/data", "/nameless"])
    assert owner_of(host.pk, Kind.VOLUME, "fresh") == "sam"
    assert len(of(sam).volumes()["Volumes"]) == 2
    assert of(tess).volumes()["Volumes"] == []
    nameless = next(one["Name"] for one in of(sam).volumes()["Volumes"] if one["Name"] != "fresh")
    with pytest.raises(NotFound):
        of(tess).inspect_volume(nameless)


def test_networks_of_others_are_not_joined(sam: Actor, tess: Actor, of: Any) -> None:
    back = of(sam).create_network("back")["Id"]
    mine = make(of(tess), "mine")
    for reference in ("back", back, back[:8]):
        with pytest.raises(NotFound, match=f"network {reference} not found"):
            of(tess).connect_container_to_network(mine, reference)
    with pytest.raises(NotFound, match="network back not found"):
        of(tess).create_container("busybox", host_config=of(tess).create_host_config(network_mode="back"))
    names = {one["Name"] for one in of(tess).networks()}
    assert "back" not in names
    assert "bridge" in names


def test_containers_of_others_are_not_put_on_ones_own_network(sam: Actor, tess: Actor, of: Any) -> None:
    web = make(of(sam), "web")
    trap = of(tess).create_network("trap")["Id"]
    for reference in ("web", web, web[:10]):
        with pytest.raises(NotFound, match="No such container"):
            of(tess).connect_container_to_network(reference, trap)


def test_a_name_is_no_key_to_what_somebody_else_puts_under_it(sam: Actor, tess: Actor, of: Any, host: Host) -> None:
    make(of(sam), "web")
    mine = make(of(tess), "mine")
    with pytest.raises(APIError, match="409"):
        of(tess).rename("mine", "web")
    of(sam).rename("web", "old")
    of(tess).rename("mine", "web")
    assert of(tess).inspect_container("web")["Id"] == mine
    with pytest.raises(NotFound):
        of(sam).start("web")


def test_a_name_that_was_given_up_is_asked_for_anew_whatever_memory_says(
    of: Any, host: Host, people: tuple[Actor, Actor, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The events of what was just done may be on their way still."""
    sam, tess, olga = people
    admin, mine = of(olga), make(of(tess), "mine")
    make(of(sam), "web")
    of(sam).create_volume("data")
    containers = {one["Id"]: one for one in admin.containers(all=True)}
    volumes = {one["Name"]: one for one in admin.volumes()["Volumes"]}
    before = SimpleNamespace(containers=containers, volumes=volumes, images={}, networks={})
    monkeypatch.setattr(references, "_known_lists", [lambda _host: before])
    of(sam).rename("web", "old")
    of(tess).rename("mine", "web")
    assert of(tess).inspect_container("web")["Id"] == mine
    with pytest.raises(NotFound):
        of(sam).start("web")
    admin.remove_container("web")
    assert of(tess).inspect_container(make(of(tess), "web"))["Name"] == "/web"
    assert of(tess).inspect_container("web")["Name"] == "/web"
    of(sam).remove_volume("data")
    of(tess).create_volume("data")
    assert owner_of(host.pk, Kind.VOLUME, "data") == "tess"


def test_what_was_made_a_moment_ago_is_its_owners_whatever_memory_says(
    sam: Actor, tess: Actor, of: Any, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = {"com.docker.compose.project": "shop"}
    before = SimpleNamespace(containers={}, volumes={}, images={}, networks={})
    monkeypatch.setattr(references, "_known_lists", [lambda _host: before])
    of(sam).tag("busybox", "sam/app", "1")
    of(sam).create_network("shop_default", labels=labels)
    try:
        with pytest.raises(Refused, match="belongs to an image of others"):
            of(tess).tag("busybox", "sam/app", "1")
        with pytest.raises(Refused, match="which is not yours"):
            of(tess).create_container("busybox", labels=labels, host_config=NOTHING["HostConfig"])
        with pytest.raises(Refused, match="belongs to an image of others"):
            of(tess).pull("sam/app", tag="1")
    finally:
        of(sam).remove_image("sam/app:1")


def test_a_container_made_anew_stays_whose_it_was(sam: Actor, olga: User, of: Any, host: Host) -> None:
    old, new = make(of(sam), "web"), make(of(actor_of(olga)), "web-new")
    carry_over(host.pk, Kind.CONTAINER, old, to=new)
    assert {one["Id"] for one in of(sam).containers(all=True)} == {old, new}


def test_images_of_others_are_not_run_read_or_renamed_over(sam: Actor, tess: Actor, of: Any, host: Host) -> None:
    of(sam).tag("busybox", "sam/app", "1")
    assert owner_of(host.pk, Kind.IMAGE, "sam/app") == "sam"
    assert [one["RepoTags"] for one in of(tess).images()] == [["busybox:latest"]]
    with pytest.raises(ImageNotFound, match="No such image: sam/app:1"):
        of(tess).inspect_image("sam/app:1")
    with pytest.raises(NotFound, match="No such image"):
        of(tess).create_container("sam/app:1")
    with pytest.raises(Refused, match="belongs to an image of others"):
        of(tess).tag("busybox", "sam/app", "1")
    with pytest.raises(Refused, match="belongs to an image of others"):
        of(tess).tag("busybox", "docker.io/sam/app", "2")
    with pytest.raises(NotFound):
        next(iter(of(tess).get_image("sam/app:1")))
    with pytest.raises(NotFound):
        of(tess)._result(of(tess)._get(of(tess)._url("/images/get"), params={"names": ["busybox", "sam/app:1"]}))
    of(sam).remove_image("sam/app:1")


def test_a_stack_of_others_is_not_entered_by_its_label(sam: Actor, tess: Actor, of: Any, host: Host) -> None:
    labels = {"com.docker.compose.project": "shop"}
    web = of(sam).create_container("busybox", labels=labels, host_config=NOTHING["HostConfig"])["Id"]
    assert owner_of(host.pk, Kind.STACK, "shop") == "sam"
    assert owner_of(host.pk, Kind.CONTAINER, web) == ""
    of(sam).create_network("shop_default", labels=labels)
    for create in (
        lambda: of(tess).create_container("busybox", labels=labels, host_config=NOTHING["HostConfig"]),
        lambda: of(tess).create_volume("shop_data", labels=labels),
    ):
        with pytest.raises(Refused, match="the stack shop, which is not yours"):
            create()
    assert [one["Id"] for one in of(sam).containers(all=True)] == [web]
    assert of(tess).containers(all=True) == []
    of(sam).remove_container(web, force=True)
    with pytest.raises(Refused):
        of(tess).create_volume("shop_data", labels=labels)
    of(sam).remove_network("shop_default")


def test_disk_usage_and_prunes_tell_and_take_nothing_of_others(sam: Actor, tess: Actor, of: Any) -> None:
    make(of(sam), "web", binds=["ledger:/data"])
    usage = of(tess).df()
    assert (usage["Containers"], usage["Volumes"]) == ([], [])
    with pytest.raises(Refused):
        of(tess).prune_volumes()


@pytest.mark.parametrize(
    "path",
    ["//containers//{id}/json", "/containers/%2e%2e/containers/{id}/json", "/containers/{id}%2fjson",
     "/containers/./{id}/json", "/v1.41//containers/{id}/json", "/Containers/{id}/json",
     "/containers/%25{id}/json"],
)  # fmt: skip
async def test_other_ways_to_write_a_path_lead_nowhere(path: str, sam: Actor, tess: Actor, host: Host) -> None:
    made = await request(sam, host, "POST", "/containers/create", json={"Image": "busybox", **NOTHING})
    with pytest.raises(Refused):
        await request(tess, host, "GET", path.format(id=made.json()["Id"]))


async def test_the_async_way_has_the_same_owners(sam: Actor, tess: Actor, host: Host) -> None:
    body = {"Image": "busybox", "Cmd": ["sleep", "600"], "Tty": True, **NOTHING}
    made = await request(sam, host, "POST", "/containers/create", json=body)
    web = made.json()["Id"]
    reply = await request(tess, host, "GET", f"/containers/{web[:12]}/json")
    assert (reply.status, reply.json()) == (404, {"message": f"No such container: {web[:12]}"})
    listed = [await request(one, host, "GET", "/containers/json", query={"all": "1"}) for one in (sam, tess)]
    assert [len(reply.json()) for reply in listed] == [1, 0]
    assert (await request(sam, host, "POST", f"/containers/{web[:9]}/start")).status == 204
    with pytest.raises(HostRefused) as refused:
        async with stream(tess, host, "GET", f"/containers/{web}/logs", query={"stdout": "1"}):
            pass
    assert refused.value.status == 404
    with pytest.raises(HostRefused):
        async with hijack(tess, host, "POST", f"/containers/{web}/attach", query={"stream": "1"}):
            pass
    async with hijack(sam, host, "POST", f"/containers/{web}/attach", query={"stream": "1", "stdout": "1"}) as duplex:
        await duplex.write(b"x")


async def test_events_of_others_are_not_heard(sam: Actor, tess: Actor, host: Host) -> None:
    for actor in (sam, tess):
        for name in ("one", "two"):
            body = {"Image": "busybox", "Labels": {"whose": actor.username}, **NOTHING}
            await request(
                actor, host, "POST", "/containers/create", query={"name": f"{actor.username}-{name}"}, json=body
            )
            await request(actor, host, "POST", "/volumes/create", json={"Name": f"{actor.username}-{name}"})
    heard = b""
    async with stream(tess, host, "GET", "/events", query={"since": "1", "until": "99999999999"}) as chunks:
        async for chunk in chunks:
            heard += chunk
            if heard.count(b"tess-two") >= 2:
                break
    events = [json.loads(line) for line in heard.splitlines()]
    assert {event["Actor"]["Attributes"].get("whose", "tess") for event in events} == {"tess"}
    assert b"sam-" not in heard


def test_a_reader_sees_what_is_public_and_changes_nothing(sam: Actor, of: Any, host: Host) -> None:
    reader = actor_of(User.objects.create_user("rae", role="reader"))
    web, hidden = make(of(sam), "web"), make(of(sam), "hidden")
    give_access(host.pk, Kind.CONTAINER, web, owner_id=sam.user_id, visibility="public", shares=[])
    assert [one["Id"] for one in of(reader).containers(all=True)] == [web]
    with pytest.raises(NotFound):
        of(reader).logs(hidden)
    with pytest.raises(Refused):
        of(reader).start(web)
