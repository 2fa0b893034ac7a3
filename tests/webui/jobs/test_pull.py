"""Pulling an image as a job, from a real registry by a real engine."""

from pathlib import Path
from typing import Any

import pytest

from tests.daemons import Daemon, Registry
from tests.images import layer_tar, save_tar
from webui.access import Role
from webui.accounts.models import User
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.jobs import start
from webui.jobs import tasks as job_tasks
from webui.jobs.models import Job, JobState

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


def pulled(engine: Daemon, reference: str) -> Job:
    host = Host.objects.create(slug="local", name="Local", url=engine.url)
    olga = User.objects.create_user("olga", role=Role.ADMINISTRATOR)
    job = start(actor_of(olga), host, "image.pull", {"reference": reference})
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    return job


@pytest.fixture(autouse=True)
def _nobody_takes_it(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(job_tasks.carry_out, "delay", lambda _job_id: None)


def test_a_pull_ends_with_each_layer_done_and_the_image_there(
    engine: Daemon, registry: Registry, tmp_path: Path
) -> None:
    name = f"{registry.address}/two-layers"
    layers = [layer_tar({"one": b"1" * 5000}), layer_tar({"two": b"2" * 5000})]
    save_tar(tmp_path / "image.tar", tags=[f"{name}:1"], layers=layers)
    engine.load(tmp_path / "image.tar")
    engine.api("POST", f"/images/{name}/push?tag=1", X_Registry_Auth="e30=")
    engine.json("DELETE", f"/images/{name}:1")
    job = pulled(engine, f"{name}:1")
    assert (job.state, job.error) == (JobState.DONE, "")
    assert [step["tone"] for step in job.steps] == ["done", "done"]
    engine.json("DELETE", f"/images/{name}:1")


def test_an_image_that_is_not_there_fails_with_the_engine_s_words(engine: Daemon, registry: Registry) -> None:
    job = pulled(engine, f"{registry.address}/nowhere:1")
    assert job.state == JobState.FAILED
    assert "nowhere" in job.error
