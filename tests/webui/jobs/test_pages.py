"""The pages of jobs: who sees which, and what they may do there."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from webui.accounts.models import User
from webui.hosts.models import Host
from webui.jobs import tasks as job_tasks
from webui.jobs.models import Job, JobState

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _nobody_takes_jobs(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(job_tasks.carry_out, "delay", lambda _id: None)


@pytest.fixture
def job(olga: User) -> Job:
    host = Host.objects.create(slug="local", name="Local", url="unix:///nonexistent/docker.sock")
    return Job.objects.create(
        kind="image.pull", title="Pull busybox:latest", params={"reference": "busybox"}, host=host, host_name="Local",
        user=olga, username="olga", state=JobState.FAILED, error="no such registry",
    )  # fmt: skip


def _act(client: Client, action: str, job_id: object) -> Any:
    return client.post("/jobs/act/", {"action": action, "id": [str(job_id)]}, headers={"HX-Request": "true"})


@pytest.mark.parametrize("path", ["/jobs/", "/jobs/{id}/"])
def test_a_stranger_is_sent_to_sign_in(client: Client, job: Job, path: str) -> None:
    response = client.get(path.format(id=job.pk))
    assert response.status_code == 302
    assert response.url.startswith("/sign-in/")


def test_the_list_names_each_job_and_how_it_went(signed_in: SignIn, olga: User, job: Job) -> None:
    response = signed_in(olga).get("/jobs/")
    assertContains(response, "Pull busybox:latest")
    assertContains(response, "failed")


def test_a_filter_and_a_chip_narrow_it(signed_in: SignIn, olga: User, job: Job) -> None:
    assertNotContains(signed_in(olga).get("/jobs/?q=nginx"), "Pull busybox")
    assertNotContains(signed_in(olga).get("/jobs/?show=done"), "Pull busybox")
    assertContains(signed_in(olga).get("/jobs/?q=BUSY&show=failed"), "Pull busybox")


def test_a_job_says_what_went_wrong_and_offers_to_try_again(signed_in: SignIn, olga: User, job: Job) -> None:
    response = signed_in(olga).get(f"/jobs/{job.pk}/")
    assertContains(response, "no such registry")
    assertContains(response, 'data-act="retry"')


def test_a_job_that_is_not_there_is_not_found(signed_in: SignIn, olga: User, job: Job) -> None:
    assert signed_in(olga).get(f"/jobs/{uuid.uuid4()}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_retrying_starts_another_and_goes_to_it(signed_in: SignIn, olga: User, job: Job) -> None:
    response = _act(signed_in(olga), "retry", job.pk)
    again = Job.objects.get(retry_of=job)
    assert response.headers["HX-Redirect"] == again.get_absolute_url()


def test_a_reader_sees_it_and_can_neither_retry_nor_cancel(signed_in: SignIn, rita: User, job: Job) -> None:
    reader = signed_in(rita)
    assertContains(reader.get(f"/jobs/{job.pk}/"), "Pull busybox:latest")
    Job.objects.filter(pk=job.pk).update(state=JobState.WAITING)
    assert "image.pull" in _act(reader, "cancel", job.pk).content.decode()
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED)
    assert _act(reader, "retry", job.pk).status_code == 403
    assert not Job.objects.filter(retry_of=job).exists()


@pytest.mark.django_db(transaction=True)
def test_cancelling_one_that_waits_ends_it_at_once(signed_in: SignIn, olga: User, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state=JobState.WAITING)
    _act(signed_in(olga), "cancel", job.pk)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert "olga" in job.error
