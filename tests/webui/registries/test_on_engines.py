"""Private images by a real engine from real registries: pulled by who may, refused to others, noticed when newer."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from tests.daemons import Daemon
from tests.daemons import Registry as RunningRegistry
from tests.registries import PASSWORD, USER, fill
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.containers.jobs import params_for
from webui.containers.tasks import look_for_updates
from webui.containers.update_failures import trouble_of
from webui.containers.updates import answers_of
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.jobs import retry, start
from webui.jobs import tasks as job_tasks
from webui.jobs.listing import job_view
from webui.jobs.models import Job, JobLine, JobState
from webui.live import picture
from webui.ownership import Kind
from webui.ownership.changes import give_access
from webui.ownership.kinds import NOWHERE
from webui.registries.client import client_of
from webui.registries.models import Encryption, Registry

from .conftest import Make

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]
Pull = Callable[[User, str], Job]


@pytest.fixture
def host(engine: Daemon, db: None) -> Host:
    return Host.objects.create(slug="local", name="Local", url=engine.url)


@pytest.fixture
def pull(engine: Daemon, host: Host, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Pull:
    monkeypatch.setattr(job_tasks.carry_out, "delay", lambda _job_id: None)

    def pulled(user: User, reference: str) -> Job:
        return carried_out(start(actor_of(user), host, "image.pull", {"reference": reference}))

    return pulled


def carried_out(job: Job) -> Job:
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    return job


@dataclass(frozen=True)
class Dock:
    """A registry that wants a password, with shop/web:1 in it, on an engine that has not."""

    peer: RunningRegistry
    engine: Daemon
    make: Make

    @property
    def name(self) -> str:
        return f"{self.peer.address}/shop/web:1"

    def way(self, owner: User, **more: Any) -> Registry:
        given = {"username": USER, "password": PASSWORD, "encryption": Encryption.PLAIN, "is_vouched": True, **more}
        return self.make("Peer", owner, address=self.peer.address, **given)


@pytest.fixture
def dock(engine: Daemon, basic_peer: RunningRegistry, make_registry: Make) -> Iterator[Dock]:
    made = Dock(basic_peer, engine, make_registry)
    fill(basic_peer, "shop/web", ["1"])
    yield made
    engine.api("DELETE", f"/images/{made.name}?force=1")


def everything_kept(job: Job) -> str:
    lines = JobLine.objects.filter(job=job).values_list("text", flat=True)
    entries = Entry.objects.values_list("message", flat=True)
    return json.dumps([job.params, job.error, job.steps, *lines, *entries])


def test_who_may_use_a_registry_pulls_by_it_and_nothing_of_the_password_stays(
    dock: Dock, olga: User, sam: User, pull: Pull
) -> None:
    dock.way(olga, visibility="shared", shared=(sam,))
    job = pull(sam, dock.name)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert PASSWORD not in everything_kept(job)
    assert "signed in by the registry Peer" in everything_kept(job)
    use = Entry.objects.get(operation="registry.use")
    assert (use.username, use.host, use.target, use.message) == ("sam", "local", "Peer", f"pull {dock.name}")


def test_who_may_not_is_told_what_is_missing_and_where_to_add_it(dock: Dock, olga: User, sam: User, pull: Pull) -> None:
    dock.way(olga)
    job = pull(sam, dock.name)
    assert job.state == JobState.FAILED
    assert "none of the registries that you may use fits" in job.error
    [advice] = job_view(job, actor_of(sam)).advice
    assert advice.url == f"/registries/add/?address={dock.peer.address.replace(':', '%3A')}"
    assert not Entry.objects.filter(operation="registry.use").exists()


@pytest.mark.usefixtures("pull")
def test_rights_are_looked_at_again_when_the_work_begins(dock: Dock, olga: User, sam: User, host: Host) -> None:
    registry = dock.way(olga, visibility="shared", shared=(sam,))
    job = start(actor_of(sam), host, "image.pull", {"reference": dock.name})
    give_access(NOWHERE, Kind.REGISTRY, registry.key, owner_id=olga.pk, visibility="private", shares=[])
    assert carried_out(job).state == JobState.FAILED
    # Whoever tries it again does so as themselves.
    assert "signed in by the registry Peer" in everything_kept(carried_out(retry(actor_of(olga), job)))


def test_a_password_that_is_not_taken_is_said_to_be_that_registry_s(dock: Dock, olga: User, pull: Pull) -> None:
    dock.way(olga, password="not-this-one")
    job = pull(olga, dock.name)
    assert "does not let the user of Peer at this image" in job.error
    assert "not-this-one" not in everything_kept(job)


def test_images_behind_tokens_are_pulled_too(
    engine: Daemon, olga: User, token_peer: RunningRegistry, make_registry: Make, pull: Pull
) -> None:
    fill(token_peer, "shop/web", ["1"])
    behind = Dock(token_peer, engine, make_registry)
    behind.way(olga)
    assert pull(olga, behind.name).error == ""
    engine.api("DELETE", f"/images/{behind.name}?force=1")


@pytest.fixture
def shop(dock: Dock, sam: User, host: Host, pull: Pull) -> Iterator[str]:
    """The id of a container from the private image, made outside Quayside; sam has a way into its registry."""
    dock.way(sam)
    assert pull(sam, dock.name).error == ""
    yield dock.engine.json("POST", "/containers/create?name=web", {"Image": dock.name, "Cmd": ["true"]})["Id"]
    dock.engine.api("DELETE", "/containers/web?force=1")


def test_newer_images_are_noticed_by_the_registry_of_who_owns_the_container(
    dock: Dock, shop: str, sam: User, host: Host
) -> None:
    def looked() -> dict[str, Any]:
        look_for_updates("local", is_forced=True)
        return answers_of("local")[dock.name]

    # Nobody's, and asked about as nobody.
    assert trouble_of(dock.name, looked()).is_sign_in  # type: ignore[union-attr]
    give_access(host.pk, Kind.CONTAINER, shop, owner_id=sam.pk, visibility="private", shares=[])
    assert looked()["error"] == ""
    new = fill(dock.peer, "shop/web", ["1"], content=b"newer")
    assert {**looked(), "asked_at": 0} == {"digest": new, "asked_at": 0, "failures": 0, "error": "", "registry": "Peer"}
    assert Entry.objects.filter(operation="registry.use", message="looked for newer images").exists()
    assert PASSWORD not in json.dumps(answers_of("local"))
    # What was known stays.
    Registry.objects.all().delete()
    assert (looked()["digest"], trouble_of(dock.name, looked()).is_sign_in) == (new, True)  # type: ignore[union-attr]


@pytest.fixture
def push(engine: Daemon, host: Host, pull: Pull) -> Callable[[User, str], Job]:
    """Busybox, under another name."""
    image_id = engine.json("GET", "/images/busybox:latest/json")["Id"]

    def pushed(user: User, reference: str) -> Job:
        return carried_out(start(actor_of(user), host, "image.push", {"image": image_id, "reference": reference}))

    return pushed


def test_an_image_is_pushed_under_a_new_name_by_who_may_use_the_registry(dock: Dock, olga: User, push: Pull) -> None:
    registry, name = dock.way(olga), f"{dock.peer.address}/shop/box:7"
    try:
        job = push(olga, name)
        assert (job.state, job.error) == (JobState.DONE, "")
        assert {step["tone"] for step in job.steps} <= {"done", "here"}
        assert client_of(registry).tags("shop/box").names == ("7",)
        assert Entry.objects.get(operation="registry.use").message == f"push {name}"
        assert PASSWORD not in everything_kept(job)
        registry.delete()
        refused = push(olga, f"{dock.peer.address}/shop/box:8")
        assert "none of the registries that you may use fits" in refused.error
    finally:
        for tag in ("7", "8"):
            dock.engine.api("DELETE", f"/images/{dock.peer.address}/shop/box:{tag}")


def test_the_push_form_begins_with_the_image_s_own_name(
    engine: Daemon, host: Host, olga: User, signed_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_tasks.carry_out, "delay", lambda _job_id: None)
    picture(host)
    image_id = str(engine.json("GET", "/images/busybox:latest/json")["Id"]).removeprefix("sha256:")[:12]
    browser, path = signed_in(olga), f"/h/local/images/{image_id}/push/"
    assert 'value="busybox:latest"' in browser.get(path).content.decode()
    assert browser.post(path, {"reference": "shop/Web:1"}).status_code == 422
    assert browser.post(path, {"reference": "ghcr.io/shop/web:1"}).status_code == 302
    assert Job.objects.get().params["reference"] == "ghcr.io/shop/web:1"
    assert browser.get("/h/local/images/000000000000/push/").status_code == 404


def test_a_container_is_made_anew_from_the_private_image_as_it_is_now(
    dock: Dock, shop: str, olga: User, host: Host
) -> None:
    new = fill(dock.peer, "shop/web", ["1"], content=b"newer")
    params = params_for(shop, "web", host_id=host.pk, is_pulled=True)
    refused = carried_out(start(actor_of(olga), host, "container.recreate", params))
    assert "none of the registries that you may use fits" in refused.error
    assert [advice.url for advice in job_view(refused, actor_of(olga)).advice] == ["/registries/"]
    dock.way(olga)
    again = carried_out(retry(actor_of(olga), refused))
    assert (again.state, again.error) == (JobState.DONE, "")
    image = dock.engine.json("GET", "/containers/web/json")["Image"]
    assert f"{dock.peer.address}/shop/web@{new}" in dock.engine.json("GET", f"/images/{image}/json")["RepoDigests"]
    assert PASSWORD not in everything_kept(again)
    for one in dock.engine.json("GET", "/containers/json?all=1"):
        if any("web" in name for name in one["Names"]):
            dock.engine.api("DELETE", f"/containers/{one['Id']}?force=1")
