"""Operators make a container anew exactly as it is, by the page's job and by the API alike, and nothing beside that."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from docker.errors import APIError

from tests.daemons import Daemon
from tests.waiting import PATIENCE_S, until
from webui.access import Held, Operation, Role, RoleFacts
from webui.access.models import CUSTOM, Team
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.containers import replacing
from webui.containers.jobs import params_for
from webui.gate import Actor, Refused, actor_of, docker_client, redeploying, request
from webui.hosts.models import Host
from webui.jobs import start
from webui.jobs import tasks as job_tasks
from webui.jobs.models import Job, JobState
from webui.jobs.start import take_back
from webui.ownership import Kind, owner_of
from webui.ownership.changes import claim
from webui.ownership.models import Quota, Usage

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]

BODY: dict[str, Any] = {
    "Image": "busybox:latest", "Cmd": ["sleep", "600"], "Env": ["A=b"], "Labels": {"a": "b"}, "StopTimeout": 0,
    "HostConfig": {"Memory": 64 << 20, "CapAdd": ["NET_ADMIN"], "Binds": ["heirloom:/data"], "NetworkMode": "front"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _jobs_are_run_here(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(job_tasks.carry_out, "delay", lambda _id: None)
    monkeypatch.setattr(replacing, "_STEADY_S", 0.3)


@pytest.fixture(params=["engine", "dockerd"])
def quay(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    daemon: Daemon = request.getfixturevalue(request.param)
    for network in ("front", "back"):
        daemon.json("POST", "/networks/create", {"Name": network})
    yield daemon
    daemon.remove_all_containers()
    daemon.api("POST", "/networks/prune")
    daemon.api("DELETE", "/volumes/heirloom")


@pytest.fixture
def host(quay: Daemon) -> Host:
    return Host.objects.create(slug="quay", name="Quay", url=quay.url)


@pytest.fixture
def web(quay: Daemon) -> str:
    """On two networks, and running."""
    made = str(quay.json("POST", "/containers/create?name=web", BODY)["Id"])
    quay.json("POST", "/networks/back/connect", {"Container": made, "EndpointConfig": {"Aliases": ["deep"]}})
    assert quay.api("POST", f"/containers/{made}/start")[0] == 204
    return made


@pytest.fixture
def oscar(db: None) -> Actor:
    return actor_of(User.objects.create_user("oscar", role=Role.OPERATOR))


Ask = Callable[..., Any]


@pytest.fixture
def ask(oscar: Actor, host: Host) -> Ask:
    """The operator's own call of the API; the answer's JSON. Raises as the gate does."""

    def call(method: str, path: str, body: Any = None, **query: str) -> Any:
        reply = asyncio.run(request(oscar, host, method, path, query=query, json=body))
        assert reply.status < 400, reply.body
        return reply.json() if reply.body else None

    return call


def run(job: Job) -> Job:
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    return job


def inspect(quay: Daemon, name: str) -> dict[str, Any]:
    return dict(quay.json("GET", f"/containers/{name}/json"))


def names(quay: Daemon) -> set[str]:
    return {one["Names"][0].lstrip("/") for one in quay.json("GET", "/containers/json?all=1")}


def redeployed(oscar: Actor, host: Host, web: str) -> Job:
    params = params_for(web, "web", host_id=host.pk, is_running=True, is_redeployed=True)
    return run(start(oscar, host, "container.redeploy", params))


def test_an_operator_redeploys_by_the_job_and_it_is_what_it_was(
    quay: Daemon, host: Host, web: str, oscar: Actor
) -> None:
    before = inspect(quay, web)
    job = redeployed(oscar, host, web)
    assert job.state == JobState.DONE, job.error
    after = inspect(quay, "web")
    assert after["Id"] != web
    assert after["State"]["Running"]
    for key in ("Env", "Labels", "Cmd", "Image"):
        assert after["Config"][key] == before["Config"][key], key
    for key in ("Memory", "CapAdd", "NetworkMode", "Binds"):
        assert after["HostConfig"][key] == before["HostConfig"][key], key
    assert set(after["NetworkSettings"]["Networks"]) == {"front", "back"}
    assert "deep" in after["NetworkSettings"]["Networks"]["back"]["Aliases"]
    assert names(quay) == {"web", f"web-before-{web[:6]}"}
    second = redeployed(oscar, host, str(after["Id"]))
    assert second.state == JobState.DONE, second.error
    assert names(quay) == {"web", f"web-before-{after['Id'][:6]}"}
    done = Entry.objects.filter(username="oscar", is_allowed=True).values_list("operation", flat=True)
    assert set(done) >= {"container.redeploy", "container.start", "container.stop"}
    assert not {"container.create", "container.remove", "container.rename", "network.connect"} & set(done)


def test_what_an_operator_redeployed_is_brought_back_by_them(quay: Daemon, host: Host, web: str, oscar: Actor) -> None:
    job = redeployed(oscar, host, web)
    made = inspect(quay, "web")["Id"]
    back = run(take_back(oscar, job))
    assert back.state == JobState.DONE, back.error
    assert inspect(quay, "web")["Id"] == web
    assert names(quay) == {"web", f"web-before-{made[:6]}"}


def test_one_that_does_not_come_up_leaves_everything_as_it_was(
    quay: Daemon, host: Host, oscar: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Until it has ended, however busy the machine is.
    monkeypatch.setattr(replacing, "_STEADY_S", PATIENCE_S)
    body = {**BODY, "Cmd": ["sh", "-c", "[ ! -e /data/once ] && touch /data/once && sleep 600"]}
    web = str(quay.json("POST", "/containers/create?name=web", body)["Id"])
    assert quay.api("POST", f"/containers/{web}/start")[0] == 204
    until(lambda: quay.api("HEAD", f"/containers/{web}/archive?path=/data/once")[0] == 200)
    job = redeployed(oscar, host, web)
    assert job.state == JobState.FAILED
    assert names(quay) == {"web"}
    assert inspect(quay, "web")["Id"] == web


def test_an_operator_redeploys_by_the_api_with_an_empty_body(quay: Daemon, web: str, ask: Ask) -> None:
    made = ask("POST", "/containers/create", {}, redeploys="web", name="web-next-0a1b2c")["Id"]
    endpoint = {"Container": made, "EndpointConfig": {"Aliases": ["deep"]}}
    ask("POST", "/networks/back/connect", endpoint, redeploys=web)
    ask("POST", f"/containers/{web}/rename", redeploys=web, name=f"web-before-{web[:6]}")
    ask("POST", f"/containers/{web}/stop")
    ask("POST", f"/containers/{made}/rename", redeploys=web, name="web")
    ask("POST", f"/containers/{made}/start")
    after = inspect(quay, "web")
    assert (after["Id"], after["Config"]["Env"][0], after["HostConfig"]["CapAdd"]) == (made, "A=b", ["NET_ADMIN"])


# What is no redeployment, whatever the query says: (method, path, query, body). ID is web's, OTHER another one's.
NO_REDEPLOYMENT: list[tuple[str, str, dict[str, str], Any]] = [
    ("POST", "/containers/create", {"name": "web-next-0a1b2c"}, {**BODY, "HostConfig": {"Privileged": True}}),
    ("POST", "/containers/create", {"name": "web-next-0a1b2c"}, BODY),
    ("POST", "/containers/create", {"name": "web-next-0a1b2c"}, {"Cmd": ["true"]}),
    ("POST", "/containers/create", {"name": "web-2"}, {}),
    ("POST", "/containers/create", {}, {}),
    ("POST", "/containers/create", {"name": "other-next-0a1b2c"}, {}),
    ("POST", "/containers/ID/rename", {"name": "shop"}, None),
    ("POST", "/containers/ID/rename", {"name": "web-before-123456"}, None),
    ("POST", "/containers/OTHER/rename", {"name": "web-next-0a1b2c"}, None),
    ("POST", "/containers/OTHER/rename", {"name": "web"}, None),
    ("POST", "/networks/back/connect", {}, {"Container": "OTHER"}),
    ("POST", "/networks/back/connect", {}, {"Container": "ID", "EndpointConfig": {"Aliases": ["deep"]}}),
    ("DELETE", "/containers/ID", {"force": "1"}, None),
    ("DELETE", "/containers/OTHER", {"force": "1"}, None),
]  # fmt: skip


@pytest.mark.parametrize("asked", NO_REDEPLOYMENT, ids=str)
def test_what_is_no_redeployment_is_refused_and_changes_nothing(
    asked: tuple[str, str, dict[str, str], Any], quay: Daemon, web: str, ask: Ask
) -> None:
    other = str(quay.json("POST", "/containers/create?name=other", {"Image": "busybox"})["Id"])
    method, path, query, body = json.loads(json.dumps(asked).replace("OTHER", other).replace("ID", web))
    with pytest.raises(Refused, match="no redeployment"):
        ask(method, path, body, redeploys=web, **query)
    assert names(quay) == {"web", "other"}
    assert Entry.objects.get().rule == "redeploy"
    # And without saying what is redeployed, each is what the role may not do at all.
    with pytest.raises(Refused, match="is not for the role operator"):
        ask(method, path, body, **query)


def test_there_is_one_successor_at_a_time_and_only_what_is_left_over_is_removed(
    quay: Daemon, web: str, ask: Ask
) -> None:
    made = ask("POST", "/containers/create", {}, redeploys=web, name="web-next-0a1b2c")["Id"]
    with pytest.raises(Refused, match="is there already"):
        ask("POST", "/containers/create", {}, redeploys=web, name="web-next-0a1b2d")
    for network, endpoint in (("front", {}), ("back", {"Aliases": ["other"]}), ("bridge", {})):
        with pytest.raises(Refused, match="no redeployment"):
            ask("POST", f"/networks/{network}/connect", {"Container": made, "EndpointConfig": endpoint}, redeploys=web)
    with pytest.raises(Refused, match="does not come to be called web"):
        ask("POST", f"/containers/{made}/rename", redeploys=web, name="web")
    with pytest.raises(Refused, match="volumes and links stay"):
        ask("DELETE", f"/containers/{made}", redeploys=web, v="1")
    ask("DELETE", f"/containers/{made}", redeploys=web)
    assert names(quay) == {"web"}


def test_what_took_a_place_with_other_settings_is_not_an_operators_to_put_away(
    quay: Daemon, web: str, ask: Ask
) -> None:
    # As an administrator's edit leaves them: the old one kept, another one in its place.
    kept = f"web-before-{web[:6]}"
    assert quay.api("POST", f"/containers/{web}/rename?name={kept}")[0] == 204
    other = {**BODY, "Env": ["A=c"]}
    new = str(quay.json("POST", "/containers/create?name=web", other)["Id"])
    for method, path, query in (
        ("POST", f"/containers/{new}/rename", {"name": "web-next-0a1b2c"}),
        ("POST", f"/containers/{new}/rename", {"name": f"web-before-{new[:6]}"}),
        ("DELETE", f"/containers/{new}", {}),
        ("POST", "/networks/back/connect", {}),
    ):
        body = {"Container": new, "EndpointConfig": {"Aliases": ["deep"]}} if "connect" in path else None
        with pytest.raises(Refused, match="no redeployment"):
            ask(method, path, body, redeploys=web, **query)
    assert names(quay) == {"web", kept}


def test_one_that_is_on_its_way_is_not_redeployed_nor_removed_while_it_runs(quay: Daemon, web: str, ask: Ask) -> None:
    made = ask("POST", "/containers/create", {}, redeploys=web, name="web-next-0a1b2c")["Id"]
    for method, path, body, query in (
        ("POST", "/containers/create", {}, {"name": "web-next-0a1b2d"}),
        ("POST", f"/containers/{made}/rename", None, {"name": f"web-before-{made[:6]}"}),
        ("DELETE", f"/containers/{web}", None, {}),
    ):
        with pytest.raises(Refused, match="on its way to another's place itself"):
            ask(method, path, body, redeploys=made, **query)
    ask("POST", f"/containers/{made}/start")
    with pytest.raises(Refused, match="not what is left"):
        ask("DELETE", f"/containers/{made}", redeploys=web, force="1")
    ask("POST", f"/containers/{made}/stop")
    ask("DELETE", f"/containers/{made}", redeploys=web)
    assert names(quay) == {"web"}


def test_its_restart_policy_is_kept_and_a_newer_image_may_bring_volumes(quay: Daemon, host: Host, oscar: Actor) -> None:
    config = {"RestartPolicy": {"Name": "always"}, "NetworkMode": "front"}
    body = {
        **BODY,
        "HostConfig": config,
        "Volumes": {"/cache": {}},
        "Hostname": "quay",
        "Healthcheck": {"Test": ["NONE"]},
    }
    web = str(quay.json("POST", "/containers/create?name=web", body)["Id"])
    assert quay.api("POST", f"/containers/{web}/start")[0] == 204
    mounts = {one["Name"] for one in inspect(quay, web)["Mounts"]}
    job = redeployed(oscar, host, web)
    assert job.state == JobState.DONE, job.error
    after = inspect(quay, "web")
    assert after["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert {one["Name"] for one in after["Mounts"]} == mounts
    made = {"HostConfig": {"Binds": [f"{'0' * 64}:/new", "a:/b"]}}
    assert redeploying._is_copy(made, of={"HostConfig": {"Binds": ["a:/b"], "RestartPolicy": {"Name": "always"}}})
    for other in ({"Binds": ["a:/b", "etc:/etc"]}, {"Binds": []}, {"Binds": ["a:/b"], "Memory": 5}):
        assert not redeploying._is_copy({"HostConfig": other}, of={"HostConfig": {"Binds": ["a:/b"]}})


def test_its_successor_is_its_owners_and_counts_for_them(quay: Daemon, host: Host, web: str, oscar: Actor) -> None:
    sam = User.objects.create_user("sam", role=Role.STANDARD)
    claim(host.pk, Kind.CONTAINER, [web], sam.pk)
    Usage.objects.create(host=host, user=sam, key=web, containers=1, memory_bytes=64 << 20)
    job = redeployed(oscar, host, web)
    assert job.state == JobState.DONE, job.error
    made = inspect(quay, "web")["Id"]
    assert owner_of(host.pk, Kind.CONTAINER, made) == "sam"
    assert Usage.objects.get(key=made).memory_bytes == 64 << 20


def test_a_restricted_role_redeploys_what_is_theirs_and_within_their_quota(quay: Daemon, host: Host, web: str) -> None:
    sam = User.objects.create_user("sam", role=Role.NONE)
    team = Team.objects.create(name="shop")
    team.members.add(sam)
    facts = RoleFacts(
        "custom:redeployer", "redeployer", frozenset({Operation.CONTAINER_REDEPLOY, Operation.SYSTEM_VERSION})
    )
    actor = Actor(sam.pk, "sam", Role.NONE, grants=(Held(CUSTOM, custom=facts),), team_ids=frozenset({team.pk}))
    mine = docker_client(actor, host)
    api: Any = mine.api
    api.params = {"redeploys": web}
    with pytest.raises(APIError, match="No such container"):
        api.create_container_from_config({}, name="web-next-0a1b2c")
    claim(host.pk, Kind.CONTAINER, [web], sam.pk)
    quota = Quota.objects.create(host=host, team=team, containers=0)
    with pytest.raises(Refused, match="rule quotas"):
        api.create_container_from_config({}, name="web-next-0a1b2c")
    quota.delete()
    made = api.create_container_from_config({}, name="web-next-0a1b2c")["Id"]
    mine.close()
    assert owner_of(host.pk, Kind.CONTAINER, made) == "sam"
