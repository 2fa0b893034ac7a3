"""The Celery side of jobs: carry one out, and tidy up after workers that died."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from celery import shared_task
from celery.signals import worker_ready
from django.db import close_old_connections
from django.utils import timezone
from django.utils.translation import gettext as _

from webui.jobs.keeper import Keeper
from webui.jobs.kinds import JobKind, kind_of
from webui.jobs.models import Job, JobLine, JobState, finish
from webui.jobs.notices import tell_jobs_changed
from webui.jobs.run import JobCancelled, JobFailed, JobRun, words_of
from webui.jobs.workers import mark_lost, this_worker

logger = logging.getLogger(__name__)

KEPT_FOR: Final = timedelta(days=30)


@shared_task(name="jobs.carry_out", ignore_result=True)
def carry_out(job_id: str) -> None:
    """Do a waiting job. A job that was cancelled, or that another worker took, is left alone."""
    claimed = Job.objects.filter(pk=job_id, state=JobState.WAITING)
    now = timezone.now()
    if not claimed.update(state=JobState.RUNNING, worker=this_worker(), started_at=now, seen_at=now):
        return
    job = Job.objects.select_related("host", "user").get(pk=job_id)
    tell_jobs_changed(job.pk)
    state, error = _outcome(job)
    if error:
        JobLine.objects.create(job=job, level=JobLine.Level.ERROR, text=error)
    finish(job.pk, state, error)
    tell_jobs_changed(job.pk)


def _outcome(job: Job) -> tuple[JobState, str]:
    from webui.gate import HostUnreachable, Refused

    try:
        _work(job, kind_of(job.kind))
    except JobCancelled:
        return JobState.CANCELLED, ""
    except (JobFailed, LookupError, HostUnreachable, Refused) as error:
        return JobState.FAILED, words_of(error)
    except Exception as error:
        logger.exception("job %s (%s) failed", job.pk, job.title)
        return JobState.FAILED, words_of(error)
    return JobState.DONE, ""


def _work(job: Job, kind: JobKind) -> None:
    from webui.gate import actor_of, docker_client, require

    if job.host is None or job.user is None:
        gone = job.host_name if job.host is None else job.username
        raise JobFailed(_("%s was removed before the job began.") % gone)
    host, actor = job.host, replace(actor_of(job.user), address=job.address)
    # Rights may have been taken away while it waited in the queue.
    require(actor, host, kind.operation)
    run = JobRun(job.params, client=lambda: docker_client(actor, host, timeout_s=3600), actor=actor, host=host)
    with Keeper(job.pk, run):
        try:
            kind.work(run)
        except JobCancelled:
            run.log(_("cancelled"), "warning")
            raise


@shared_task(name="jobs.tidy", ignore_result=True)
def tidy() -> None:
    """Say of jobs whose worker died that they are lost, and drop old ones. Scheduled every half minute."""
    mark_lost()
    Job.objects.filter(ended_at__lt=timezone.now() - KEPT_FOR).delete()


@worker_ready.connect
def _pick_up(sender: Any = None, **_kwargs: Any) -> None:
    """At a worker's start: what a dead one left is lost; what still waits is sent again (twice is harmless)."""
    try:
        mark_lost()
        for job_id in Job.objects.filter(state=JobState.WAITING).values_list("pk", flat=True):
            carry_out.delay(str(job_id))
    finally:
        close_old_connections()
