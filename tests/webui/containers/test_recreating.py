"""Recreating a real container: the old one gives way only to one that runs, and comes back otherwise."""

from collections.abc import Callable, Iterator
from typing import Any

import docker
import orjson
import pytest
from django.test import Client

from tests.daemons import Daemon
from tests.waiting import PATIENCE_S
from tests.webui.containers.conftest import Make
from webui.accounts.models import User
from webui.containers import jobs as container_jobs
from webui.containers import replacing
from webui.containers.jobs import params_for
from webui.containers.recreation import Recipe, recipe_of
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.jobs import retry, start
from webui.jobs import tasks as job_tasks
from webui.jobs.models import Job, JobState
from webui.jobs.start import take_back
from webui.ownership import Kind, owner_of
from webui.ownership.changes import claim

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _nobody_takes_jobs(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(job_tasks.carry_out, "delay", lambda _id: None)


@pytest.fixture(autouse=True)
def _patience_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "_STEADY_S", 0.5)


@pytest.fixture(autouse=True)
def _leaves_nothing(dockerd: Daemon) -> Iterator[None]:
    yield
    dockerd.remove_all_containers()


Run = Callable[..., Job]


@pytest.fixture
def recreated(olga: User, dockerd_host: Host) -> Run:
    def run(container_id: str, name: str, **more: Any) -> Job:
        job = start(actor_of(olga), dockerd_host, "container.recreate", params_for(container_id, name, **more))
        job_tasks.carry_out(str(job.pk))
        job.refresh_from_db()
        return job

    return run


def _inspect(dockerd: Daemon, name: str) -> dict[str, Any]:
    return dict(dockerd.json("GET", f"/containers/{name}/json"))


def _recipe(dockerd: Daemon, container_id: str, **changes: Any) -> Recipe:
    found = _inspect(dockerd, container_id)
    recipe = recipe_of(found, dockerd.json("GET", f"/images/{found['Image']}/json"))
    return Recipe({**recipe.body, **changes}, recipe.networks)


def test_everything_is_as_it_was_and_the_old_one_is_kept(dockerd: Daemon, make_container: Make, recreated: Run) -> None:
    volume, limits = {"Binds": ["heirloom:/data"]}, {"Memory": 64 << 20, "CapAdd": ["NET_ADMIN"], "PidsLimit": 50}
    old_id = make_container(
        "heir", Env=["A=1"], Labels={"a": "b"}, HostConfig={**volume, **limits}, User="1000", Volumes={"/cache": {}}
    )
    before = _inspect(dockerd, old_id)
    job = recreated(old_id, "heir")
    assert job.state == JobState.DONE, job.error
    after = _inspect(dockerd, "heir")
    assert after["Id"] != old_id
    assert after["State"]["Running"]
    for key in ("Env", "Labels", "Cmd", "User"):
        assert after["Config"][key] == before["Config"][key], key
    for key in ("Memory", "CapAdd", "PidsLimit", "RestartPolicy"):
        assert after["HostConfig"][key] == before["HostConfig"][key], key
    assert {m["Name"] for m in after["Mounts"]} == {m["Name"] for m in before["Mounts"]}
    kept = _inspect(dockerd, f"heir-before-{old_id[:6]}")
    assert (kept["Id"], kept["State"]["Running"]) == (old_id, False)


def test_it_belongs_to_whom_it_belonged_whoever_edits_it(
    dockerd: Daemon, make_container: Make, recreated: Run, dockerd_host: Host, rita: User
) -> None:
    old_id = make_container("ritas", start=False)
    claim(dockerd_host.pk, Kind.CONTAINER, [old_id], rita.pk)
    assert recreated(old_id, "ritas", host_id=dockerd_host.pk).state == JobState.DONE
    assert owner_of(dockerd_host.pk, Kind.CONTAINER, _inspect(dockerd, "ritas")["Id"]) == "rita"


def test_the_old_one_of_the_last_edit_goes_with_the_next(dockerd: Daemon, make_container: Make, recreated: Run) -> None:
    first_id = make_container("thrice", HostConfig={"RestartPolicy": {"Name": "always"}})
    assert recreated(first_id, "thrice").state == JobState.DONE
    kept = _inspect(dockerd, f"thrice-before-{first_id[:6]}-always")
    assert kept["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    second_id = _inspect(dockerd, "thrice")["Id"]
    make_container("thrice-next-abcdef", start=False)
    assert recreated(second_id, "thrice").state == JobState.DONE
    names = sorted(one["Names"][0] for one in dockerd.json("GET", "/containers/json?all=1"))
    assert names == ["/thrice", f"/thrice-before-{second_id[:6]}-always"]


def test_an_edit_is_taken_back_and_that_too(dockerd: Daemon, make_container: Make, recreated: Run, olga: User) -> None:
    old_id = make_container("wavering", HostConfig={"RestartPolicy": {"Name": "always"}})
    job = recreated(old_id, "wavering", recipe=_recipe(dockerd, old_id, Env=["B=2"]))
    new_id = _inspect(dockerd, "wavering")["Id"]
    back = take_back(actor_of(olga), job)
    job_tasks.carry_out(str(back.pk))
    back.refresh_from_db()
    assert back.state == JobState.DONE, back.error
    found = _inspect(dockerd, "wavering")
    assert (found["Id"], found["State"]["Running"]) == (old_id, True)
    assert found["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert _inspect(dockerd, f"wavering-before-{new_id[:6]}-always")["State"]["Running"] is False


class _Killed(BaseException):
    """The worker is gone: nothing of its work is taken back."""


# Each is a call that the worker was killed before: made and not in place, set aside, in place and not started, done.
_CUTS = [("rename", True), ("stop", True), ("start", True), ("stop", False), ("start", False), ("containers", False)]


@pytest.mark.parametrize(("call", "is_finished"), _CUTS)
def test_a_job_whose_worker_was_killed_can_be_finished_or_taken_back(  # noqa: PLR0917 - fixtures
    dockerd: Daemon, make_container: Make, olga: User, dockerd_host: Host, monkeypatch: pytest.MonkeyPatch, call: str,
    is_finished: bool,
) -> None:  # fmt: skip
    old_id = make_container("cut", HostConfig={"RestartPolicy": {"Name": "always"}})
    params = params_for(old_id, "cut", is_running=True, recipe=_recipe(dockerd, old_id, Env=["B=2"]))
    job = start(actor_of(olga), dockerd_host, "container.recreate", params)
    with monkeypatch.context() as patched:
        patched.setattr(docker.APIClient, call, _killed)
        # What `with` would take back, a process that is gone does not.
        patched.setattr(replacing, "undone", lambda *_arguments: None)
        patched.setattr(container_jobs, "undone", lambda *_arguments: None)
        with pytest.raises(_Killed):
            job_tasks.carry_out(str(job.pk))
    Job.objects.filter(pk=job.pk).update(state=JobState.LOST)
    job.refresh_from_db()
    again = retry(actor_of(olga), job) if is_finished else take_back(actor_of(olga), job)
    job_tasks.carry_out(str(again.pk))
    again.refresh_from_db()
    assert again.state == JobState.DONE, again.error
    found = _inspect(dockerd, "cut")
    assert found["State"]["Running"]
    assert found["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert ("B=2" in found["Config"]["Env"], found["Id"] == old_id) == (is_finished, not is_finished)
    others = [one for one in dockerd.json("GET", "/containers/json?all=1") if one["Names"] != ["/cut"]]
    assert all("-before-" in one["Names"][0] and one["State"] != "running" for one in others)
    assert len(others) == (1 if is_finished or call == "containers" else 0)


def _killed(*_arguments: Any, **_more: Any) -> None:
    raise _Killed


def test_one_that_does_not_start_leaves_the_old_one_running_under_its_name(
    dockerd: Daemon, make_container: Make, recreated: Run
) -> None:
    old_id = make_container("proud")
    job = recreated(old_id, "proud", recipe=_recipe(dockerd, old_id, Cmd=["/no-such-program"]))
    assert job.state == JobState.FAILED
    found = _inspect(dockerd, "proud")
    assert (found["Id"], found["State"]["Running"]) == (old_id, True)
    assert [one["Names"] for one in dockerd.json("GET", "/containers/json?all=1")] == [["/proud"]]


def test_one_that_ends_at_once_is_no_successor(
    dockerd: Daemon, make_container: Make, recreated: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Until it has ended, however busy the machine is.
    monkeypatch.setattr(replacing, "_STEADY_S", PATIENCE_S)
    old_id = make_container("steady")
    job = recreated(old_id, "steady", recipe=_recipe(dockerd, old_id, Cmd=["sh", "-c", "echo tired; exit 4"]))
    assert job.state == JobState.FAILED
    assert "exit code 4" in job.error
    assert "tired" in job.error
    assert _inspect(dockerd, "steady")["Id"] == old_id


def test_one_whose_check_fails_is_no_successor(dockerd: Daemon, make_container: Make, recreated: Run) -> None:
    check = {"Test": ["CMD-SHELL", "echo ill; exit 1"], "Interval": 100_000_000, "Retries": 1}
    old_id = make_container("careful")
    job = recreated(old_id, "careful", recipe=_recipe(dockerd, old_id, Healthcheck=check))
    assert job.state == JobState.FAILED
    assert "ill" in job.error
    assert _inspect(dockerd, "careful")["Id"] == old_id


def test_one_that_is_stopped_is_made_anew_and_not_started(
    dockerd: Daemon, make_container: Make, recreated: Run
) -> None:
    old_id = make_container("asleep", start=False)
    assert recreated(old_id, "awake", recipe=_recipe(dockerd, old_id)).state == JobState.DONE
    assert not _inspect(dockerd, "awake")["State"]["Running"]


def test_one_that_removes_itself_is_left_alone(dockerd: Daemon, make_container: Make, recreated: Run) -> None:
    old_id = make_container("fleeting", HostConfig={"AutoRemove": True})
    job = recreated(old_id, "fleeting")
    assert "--rm" in job.error
    assert _inspect(dockerd, "fleeting")["Id"] == old_id


def test_what_a_job_was_given_hides_the_environment(dockerd: Daemon, make_container: Make, recreated: Run) -> None:
    old_id = make_container("secretive", start=False, Env=["PASSWORD=hunter2"])
    job = recreated(old_id, "secretive", recipe=_recipe(dockerd, old_id))
    assert job.state == JobState.DONE, job.error
    assert "hunter2" not in orjson.dumps(job.params).decode()
    assert "PASSWORD=hunter2" in _inspect(dockerd, "secretive")["Config"]["Env"]


def test_the_form_of_an_edit_shows_what_is_and_starts_the_job(
    dockerd: Daemon, make_container: Make, olga: User, signed_in: Callable[[User], Client], dockerd_host: Host
) -> None:
    old_id = make_container("wordy", Env=["A=1"], HostConfig={"Memory": 64 << 20})
    client = signed_in(olga)
    page = client.get(f"/h/docks/containers/run/?edit={old_id[:12]}").content.decode()
    for value in ('value="wordy"', 'value="sleep 600"', 'value="64m"', 'value="A"'):
        assert value in page, value
    sent = {"image": "busybox:latest", "name": "wordy", "command": "sleep 700", "restart": "no",
            "memory": "64m", "variable_name": ["A"], "variable_value": ["2"]}  # fmt: skip
    response = client.post(f"/h/docks/containers/run/?edit={old_id[:12]}", sent)
    job = Job.objects.get()
    assert response.url == job.get_absolute_url()
    job_tasks.carry_out(str(job.pk))
    found = _inspect(dockerd, "wordy")
    assert found["Config"]["Cmd"] == ["sleep", "700"]
    assert "A=2" in found["Config"]["Env"]
    assert found["HostConfig"]["Memory"] == 64 << 20


def test_a_duplicate_gets_the_next_free_name(
    make_container: Make, olga: User, signed_in: Callable[[User], Client], dockerd_host: Host
) -> None:
    container_id = make_container("web-1", start=False)
    page = signed_in(olga).get(f"/h/docks/containers/run/?from={container_id[:12]}").content.decode()
    assert 'value="web-2"' in page
