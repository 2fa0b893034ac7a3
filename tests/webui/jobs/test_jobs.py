"""Jobs as rows: who may start one, what cancel and retry do, and a worker that died."""

import subprocess
import sys
from typing import Any

import pytest

from webui.access import Role
from webui.accounts.models import User
from webui.gate import Refused, actor_of
from webui.hosts.models import Host
from webui.jobs import JobCancelled, JobFailed, JobRun, cancel, job_kind, retry, start
from webui.jobs import tasks as job_tasks
from webui.jobs.listing import job_view, visible_jobs
from webui.jobs.models import Job, JobState
from webui.jobs.workers import mark_lost, this_worker

pytestmark = pytest.mark.django_db(transaction=True)


@job_kind("test.count", operation="image.pull", title=lambda params: f"Count to {params['to']}")
def count(run: JobRun) -> None:
    for number in range(run.params["to"]):
        run.steps.set(str(number), "counted", tone="done")
        run.log(f"counted {number}")
    if run.params.get("fails"):
        raise JobFailed("cannot count further")
    if run.params.get("waits"):
        with run.closing(lambda: None):
            while True:
                run.raise_if_cancelled()


@pytest.fixture(autouse=True)
def sent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that were handed to the workers; nobody takes them by itself."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    ids: list[str] = []
    monkeypatch.setattr(job_tasks.carry_out, "delay", ids.append)
    return ids


@pytest.fixture
def host() -> Host:
    return Host.objects.create(slug="local", name="Local", url="unix:///nonexistent/docker.sock")


@pytest.fixture
def olga() -> User:
    return User.objects.create_user("olga", role=Role.ADMINISTRATOR)


def test_a_job_is_carried_out_with_its_steps_and_log_kept(host: Host, olga: User, sent: list[str]) -> None:
    job = start(actor_of(olga), host, "test.count", {"to": 2})
    assert sent == [str(job.pk)]
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.title, job.username, len(job.steps)) == ("done", "Count to 2", "olga", 2)
    assert [line.text for line in job.lines.all()] == ["counted 0", "counted 1"]
    assert job_view(job, actor_of(olga)).state.words.startswith("done after")


def test_a_reader_may_not_start_one_and_nothing_is_made(host: Host, sent: list[str]) -> None:
    rita = User.objects.create_user("rita", role=Role.READER)
    with pytest.raises(Refused):
        start(actor_of(rita), host, "test.count", {"to": 1})
    assert not Job.objects.exists()
    assert not sent


def test_rights_that_were_taken_away_meanwhile_end_the_job(host: Host, olga: User) -> None:
    job = start(actor_of(olga), host, "test.count", {"to": 1})
    User.objects.filter(pk=olga.pk).update(role=Role.READER)
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "image.pull" in job.error
    assert not job.steps


def test_a_failure_says_why_and_can_be_retried(host: Host, olga: User, sent: list[str]) -> None:
    job = start(actor_of(olga), host, "test.count", {"to": 1, "fails": True})
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, "cannot count further")
    again = retry(actor_of(olga), job)
    assert (again.retry_of_id, again.params, sent[-1]) == (job.pk, job.params, str(again.pk))


def test_a_job_that_is_done_is_not_retried(host: Host, olga: User) -> None:
    job = start(actor_of(olga), host, "test.count", {"to": 1})
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    with pytest.raises(ValueError, match="failed, was cancelled or was lost"):
        retry(actor_of(olga), job)


def test_a_waiting_job_is_cancelled_at_once_and_never_begun(host: Host, olga: User) -> None:
    job = start(actor_of(olga), host, "test.count", {"to": 1})
    cancel(actor_of(olga), job)
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert not job.steps


def test_a_second_message_for_the_same_job_is_harmless(host: Host, olga: User) -> None:
    job = start(actor_of(olga), host, "test.count", {"to": 1})
    job_tasks.carry_out(str(job.pk))
    job_tasks.carry_out(str(job.pk))
    assert job.lines.count() == 1


def test_closing_turns_the_error_of_a_closed_stream_into_a_cancel() -> None:
    run = JobRun({}, client=lambda: None, actor=None, host=None)  # type: ignore[arg-type, return-value]
    closed: list[int] = []

    def read() -> None:
        with run.closing(lambda: closed.append(1)):
            run.cancel()
            raise ValueError("read of closed file")

    with pytest.raises(JobCancelled):
        read()
    assert closed == [1]


def test_a_job_whose_worker_died_is_lost_and_says_so(host: Host, olga: User) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    machine = this_worker().split(":")[0]
    job = start(actor_of(olga), host, "test.count", {"to": 1})
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, worker=f"{machine}:{process.pid}:1")
    process.kill()
    process.wait()
    assert [lost.pk for lost in mark_lost()] == [job.pk]
    job.refresh_from_db()
    assert job.state == JobState.LOST
    assert "died in the middle" in job.error
    assert job.may_be_retried


def test_a_job_of_a_living_worker_is_not_lost(host: Host, olga: User) -> None:
    job = start(actor_of(olga), host, "test.count", {"to": 1})
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, worker=this_worker())
    assert mark_lost() == []


def test_a_broker_that_is_down_ends_the_job_with_words(host: Host, olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_job_id: str) -> None:
        raise ConnectionRefusedError("connection refused")

    monkeypatch.setattr(job_tasks.carry_out, "delay", refuse)
    job = start(actor_of(olga), host, "test.count", {"to": 1})
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "queue did not take" in job.error


def test_a_job_on_a_host_that_is_gone_stays_visible_to_who_started_it(host: Host, olga: User) -> None:
    job = start(actor_of(olga), host, "test.count", {"to": 1})
    host.delete()
    assert [one.pk for one in visible_jobs(olga)] == [job.pk]
