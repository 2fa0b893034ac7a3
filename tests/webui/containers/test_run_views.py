"""The page of the run form: what is pasted fills it, what it says in other words, and what was kept comes back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from tests.daemons import Daemon
from tests.waiting import until
from tests.webui.containers.conftest import Make
from webui.access import Role
from webui.access.models import Team
from webui.accounts.models import User
from webui.audit.models import Entry
from webui.containers import run_jobs, run_views, running
from webui.containers.creating import Made
from webui.containers.kept import kept_name
from webui.containers.recreation import Recipe
from webui.gate import HostUnreachable, actor_of
from webui.hosts.models import Host
from webui.jobs import tasks as job_tasks
from webui.jobs.models import Job, JobState
from webui.live import picture
from webui.ownership import LEDGER, Kind, Level, Thing
from webui.ownership.changes import give_access

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]
RUN = "/h/docks/containers/run/"
COMPOSE = "services:\n  web: {image: busybox, ports: ['81:80'], build: .}\n  db: {image: postgres}\n"


@pytest.fixture(autouse=True)
def _nobody_takes_jobs(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(job_tasks.carry_out, "delay", lambda _id: None)


@pytest.fixture
def as_olga(olga: User, signed_in: Callable[[User], Client], dockerd_host: Host) -> Client:
    picture(dockerd_host)
    return signed_in(olga)


def test_a_pasted_line_fills_the_form_and_asks_for_what_it_does_not_hold(as_olga: Client) -> None:
    line = "docker run -d --name '<b>x' -e TOKEN -e A=1 -p 8081:80 --cap-add SYS_TIME --cidfile f busybox sleep 5"
    page = as_olga.post(RUN, {"pasted": line, "fill": "1"})
    assertContains(page, 'value="8081"')
    assertContains(page, "CAP_SYS_TIME</textarea>")
    assertContains(page, "Its value was not in the text: give it here.")
    assertContains(page, "--cidfile was left out")
    assertContains(page, 'value="&lt;b&gt;x"')
    assertNotContains(page, "<b>x")


def test_what_cannot_be_read_is_said_beside_the_text(as_olga: Client) -> None:
    page = as_olga.post(RUN, {"pasted": "docker run --bogus x", "fill": "1"})
    assertContains(page, "docker run has no flag --bogus.", status_code=422)
    assertContains(page, "docker run --bogus x</textarea>", status_code=422)


def test_one_of_several_services_is_chosen(as_olga: Client) -> None:
    page = as_olga.post(RUN, {"pasted": COMPOSE, "fill": "1"})
    assertContains(page, 'name="service" value="db"', status_code=422)
    page = as_olga.post(RUN, {"pasted": COMPOSE, "service": "web"})
    assertContains(page, 'value="81"')
    assertContains(page, "build is left out")


def test_what_was_pasted_and_no_field_shows_reaches_the_host(as_olga: Client, dockerd: Daemon) -> None:
    line = "docker run -d --name kept-word --mount type=volume,dst=/a,volume-label=x=y busybox sleep 600"
    sent = {"pasted": line, "image": "busybox", "name": "kept-word", "hostname": "h"}
    response = as_olga.post(RUN, sent)
    assert response.status_code == 302, response.content.decode()[:3000]
    found = dockerd.json("GET", "/containers/kept-word/json")
    dockerd.api("DELETE", f"/containers/{found['Id']}?force=1&v=1")
    assert found["HostConfig"]["Mounts"][0]["VolumeOptions"]["Labels"] == {"x": "y"}
    assert (found["Config"]["Hostname"], found["Config"]["Cmd"]) == ("h", ["sleep", "600"])


@pytest.mark.parametrize(
    ("way", "words"),
    [("run", "--memory 64m"), ("compose", "mem_limit: 64m"), ("body", "&quot;Memory&quot;: 67108864")],
)
def test_the_form_is_shown_in_other_words_and_tells_no_secrets(as_olga: Client, way: str, words: str) -> None:
    sent = {"show": "command", "as": way, "image": "busybox", "memory": "64m", "variable_name": ["DB_PASSWORD"],
            "variable_value": ["hunter2"]}  # fmt: skip
    page = as_olga.post(RUN, sent)
    assertContains(page, words)
    assertContains(page, "DB_PASSWORD")
    assertNotContains(page, "hunter2")
    assertContains(as_olga.post(RUN, {**sent, "secrets": "1"}), "hunter2")


def test_opening_an_edit_that_shows_secrets_is_written_down(as_olga: Client, make_container: Make) -> None:
    container_id = make_container("whisper", start=False, Env=["DB_PASSWORD=hunter2"])
    assertContains(as_olga.get(f"{RUN}?edit={container_id[:12]}"), "hunter2")
    assert Entry.objects.filter(rule="secrets shown", target__startswith=container_id[:12]).exists()


def test_what_is_kept_stands_on_the_configuration_tab_and_comes_back(
    as_olga: Client, make_container: Make, dockerd: Daemon, dockerd_host: Host
) -> None:
    old_id = make_container("pier", start=False)
    new_id = make_container("pier-new", start=False)
    dockerd.api("POST", f"/containers/{old_id}/rename?name={kept_name('pier', old_id)}")
    dockerd.api("POST", f"/containers/{new_id}/rename?name=pier")
    tab = f"/h/docks/containers/{new_id[:12]}/configuration/"
    until(lambda: "Bring pier back" in as_olga.get(tab).content.decode())
    assert f"pier-before-{old_id[:6]}" in as_olga.get(tab).content.decode()
    as_olga.post(f"/h/docks/containers/{old_id[:12]}/configuration/bring-back/")
    job = Job.objects.get()
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    assert dockerd.json("GET", "/containers/pier/json")["Id"] == old_id
    assert as_olga.post(f"/h/docks/containers/{'0' * 12}/configuration/bring-back/").status_code == 404


def _carried_out(job: Job) -> Job:
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    return job


def _without_pulling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_jobs, "pull_image", lambda _run, _client, reference, **_: None)


def test_an_image_that_is_missing_is_pulled_and_then_run_by_one_job(
    as_olga: Client, olga: User, dockerd: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = {"image": "nobody/has-this:1", "name": "hauled", "command": "sleep 5", "pull_and_run": "1"}
    job = _started(as_olga.post(RUN, sent))
    assert "hauled" not in job.params["recipe"]
    _without_pulling(monkeypatch)
    assert _carried_out(job).state == JobState.FAILED
    assert "nobody/has-this" in job.error
    params = {**job.params, "recipe": run_jobs.sealed(Recipe({"Image": "busybox", "Cmd": ["sleep", "5"]}))}
    try:
        again = Job.objects.create(kind=job.kind, params=params, host=job.host, user=job.user)
        assert _carried_out(again).error == ""
        found = dockerd.json("GET", "/containers/hauled/json")
        assert found["State"]["Running"]
        until(lambda: run_jobs.advice_on_run(again, actor_of(olga)) != [])
        urls = [one.url for one in run_jobs.advice_on_run(again, actor_of(olga))]
        assert urls == [f"/h/docks/containers/{found['Id'][:12]}/"]
    finally:
        dockerd.api("DELETE", "/containers/hauled?force=1")


def test_with_anything_else_wrong_no_job_is_started(as_olga: Client) -> None:
    sent = {"image": "nobody/has-this:1", "memory": "lots", "pull_and_run": "1"}
    assertContains(as_olga.post(RUN, sent), "is not a size", status_code=422)
    assert not Job.objects.exists()


def test_a_job_that_failed_leads_back_to_the_form_as_it_was_sent_and_only_its_owner(
    as_olga: Client, olga: User, make_container: Make, dockerd: Daemon, signed_in: Callable[[User], Client]
) -> None:
    container_id = make_container("pier", Labels={"odd": "kept"})
    sent = {"image": "busybox", "name": "pier", "user": "nobody-here", "switches": "1"}
    job = _carried_out(_started(as_olga.post(f"{RUN}?edit={container_id[:12]}", sent)))
    assert job.state == JobState.FAILED
    again = f"/h/docks/containers/run/?again={job.pk}&edit={container_id[:12]}"
    assert [one.url for one in run_jobs.advice_on_run(job, actor_of(olga))] == [again]
    page = as_olga.get(again)
    assertContains(page, 'value="nobody-here"')
    assertContains(page, "odd=kept")
    assertContains(page, "unable to find user nobody-here")
    otto = User.objects.create_user("otto", role=Role.ADMINISTRATOR)
    assert run_jobs.advice_on_run(job, actor_of(otto)) == []
    assertNotContains(signed_in(otto).get(again), "nobody-here")
    assert dockerd.json("GET", "/containers/pier/json")["Id"] == container_id
    # Once the container is gone, what was asked for can still be run.
    dockerd.api("DELETE", f"/containers/{container_id}?force=1")
    anew = f"/h/docks/containers/run/?again={job.pk}"
    until(lambda: [one.url for one in run_jobs.advice_on_run(job, actor_of(olga))] == [anew])
    page = as_olga.get(anew)
    assertContains(page, 'value="nobody-here"')
    assertContains(page, "odd=kept")


def _started(response: Any) -> Job:
    assert response.status_code == 302, response.content.decode()[-2000:]
    return Job.objects.get(pk=response.url.strip("/").rpartition("/")[2])


def test_what_is_typed_outlives_the_container_that_the_form_began_with(
    as_olga: Client, make_container: Make, dockerd: Daemon, dockerd_host: Host
) -> None:
    container_id = make_container("pier", start=False)
    edit = f"{RUN}?edit={container_id[:12]}"
    assert as_olga.get(edit).status_code == 200
    dockerd.api("DELETE", f"/containers/{container_id}?force=1")
    page = as_olga.post(edit, {"image": "busybox", "name": "pier", "command": "sleep 77"})
    assertContains(page, "was removed meanwhile", status_code=422)
    assertContains(page, f'action="{RUN}"', status_code=422)
    assertContains(page, 'value="sleep 77"', status_code=422)
    until(lambda: container_id not in picture(dockerd_host).containers)
    assert as_olga.get(edit).status_code == 404


def test_what_is_typed_outlives_a_host_that_goes_away(
    as_olga: Client, make_container: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    container_id = make_container("pier", start=False)

    def down(*_: object) -> None:
        raise HostUnreachable("The docks cannot be reached.")

    monkeypatch.setattr(running, "_found", down)
    page = as_olga.post(f"{RUN}?edit={container_id[:12]}", {"image": "busybox", "name": "pier", "command": "sleep 77"})
    for words in ("The docks cannot be reached.", 'value="sleep 77"', "Recreate with these changes"):
        assertContains(page, words, status_code=422)


def test_what_the_host_left_out_is_said_once_on_the_new_containers_page(
    as_olga: Client, make_container: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    container_id = make_container("pier")
    monkeypatch.setattr(run_views, "create_and_start", lambda *_, **__: Made(container_id, ("Weight discarded.",)))
    response = as_olga.post(RUN, {"image": "busybox"})
    assertContains(as_olga.get(response.url), "Weight discarded.")
    assertNotContains(as_olga.get(response.url), "Weight discarded.")


def test_a_reader_neither_runs_nor_brings_back(
    rita: User, signed_in: Callable[[User], Client], make_container: Make
) -> None:
    container_id = make_container("moored", start=False)
    client = signed_in(rita)
    assert client.post(RUN, {"pasted": "docker run busybox", "fill": "1"}).status_code in {403, 404}
    assert client.post(f"/h/docks/containers/{container_id[:12]}/configuration/bring-back/").status_code in {403, 404}


def test_what_is_made_becomes_whose_was_chosen_with_the_volumes_that_came_to_be(
    dockerd: Daemon, dockerd_host: Host, signed_in: Callable[[User], Client]
) -> None:
    sam, tom = (User.objects.create_user(name, role=Role.STANDARD) for name in ("sam", "tom"))
    shop = Team.objects.create(name="shop")
    shop.members.set([sam, tom])
    dockerd.json("POST", "/volumes/create", {"Name": "before"})
    give_access(dockerd_host.pk, Kind.VOLUME, "before", owner_id=sam.pk, visibility="private", shares=[])
    give_access(dockerd_host.pk, Kind.IMAGE, "busybox", owner_id=None, visibility="public", shares=[])
    picture(dockerd_host)
    form = {
        "image": "busybox", "name": "ours", "command": "sleep 5", "made_for": f"team-{shop.pk}", "switches": "1",
        "mount_source": ["fresh", "before"], "mount_target": ["/a", "/b"], "mount_mode": ["rw", "rw"],
    }  # fmt: skip
    try:
        refused = signed_in(sam).post(RUN, {**form, "made_for": "administrators"})
        assert refused.status_code == 422
        made = signed_in(sam).post(RUN, form)
        assert made.status_code == 302, made.content.decode()[-3000:]
        LEDGER.refresh(older_than_s=0)
        sight = actor_of(tom).sight(dockerd_host)
        container_id = dockerd.json("GET", "/containers/ours/json")["Id"]
        things = [
            Thing(Kind.CONTAINER, (container_id,)),
            Thing(Kind.VOLUME, ("fresh",)),
            Thing(Kind.VOLUME, ("before",)),
        ]
        assert [sight.level(thing) for thing in things] == [Level.WRITE, Level.WRITE, Level.NOTHING]
        assert Entry.objects.get(operation="access.change").message == "ours: made for Team shop"
    finally:
        dockerd.api("DELETE", "/containers/ours?force=1")
        for name in ("fresh", "before"):
            dockerd.api("DELETE", f"/volumes/{name}")
