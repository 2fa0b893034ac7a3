"""What a job is on disk: who asked for what where, how far it is, how it ended, and its log."""

import uuid
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    LOST = "lost", _("lost")


OPEN_STATES: Final = (JobState.WAITING, JobState.RUNNING)


class Job(models.Model):
    """One piece of long work. Names of people and hosts are kept beside the links, for when those are gone.

    `steps` is what the bars show (see run.Step), `worker` the process that carries it out, `seen_at` its last sign of
    life.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=64)
    title = models.CharField(max_length=300)
    params = models.JSONField(default=dict)
    host = models.ForeignKey("hosts.Host", null=True, on_delete=models.SET_NULL, related_name="+")
    host_name = models.CharField(max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    username = models.CharField(max_length=200)
    address = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.WAITING)
    error = models.TextField(blank=True)
    steps = models.JSONField(default=list)
    worker = models.CharField(max_length=200, blank=True)
    is_cancel_requested = models.BooleanField(default=False)
    retry_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="retries")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "created_at"]), models.Index(fields=["-created_at"])]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"

    def get_absolute_url(self) -> str:
        return reverse("jobs:detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def may_be_retried(self) -> bool:
        return self.state in {JobState.FAILED, JobState.CANCELLED, JobState.LOST}

    @property
    def duration(self) -> timedelta:
        """How long it has run, or ran; zero before it started."""
        if self.started_at is None:
            return timedelta()
        return (self.ended_at or timezone.now()) - self.started_at


class JobLine(models.Model):
    """One line of a job's log."""

    class Level(models.TextChoices):
        INFO = "info"
        WARNING = "warning"
        ERROR = "error"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.INFO)
    text = models.TextField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text


def finish(job_id: Any, state: JobState, error: str = "") -> bool:
    """End an open job; False when it had already ended (the first end is the one that counts)."""
    ended = Job.objects.filter(pk=job_id, state__in=OPEN_STATES)
    return bool(ended.update(state=state, error=error, ended_at=timezone.now()))
