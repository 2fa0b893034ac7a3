"""Starting, cancelling and retrying a job, as a person asks for it. The work itself is done elsewhere, after commit."""

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from webui.jobs.kinds import Params, kind_of

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host
    from webui.jobs.models import Job


def start(actor: "Actor", host: "Host", kind: str, params: Params, *, retry_of: "Job | None" = None) -> "Job":
    """Make the job and hand it to a worker once the transaction is committed.

    `params` must be JSON and hold no secrets: it is shown on the job's page. Raises `gate.Refused` when the actor may
    not, LookupError when there is no such kind; then nothing was made.
    """
    from webui.gate import require
    from webui.jobs.models import Job

    job_kind = kind_of(kind)
    require(actor, host, job_kind.operation)
    job = Job.objects.create(
        kind=kind,
        title=job_kind.title(params)[:300],
        params=dict(params),
        host=host,
        host_name=host.name,
        user_id=actor.user_id,
        username=actor.username,
        address=actor.address or "",
        retry_of=retry_of,
    )
    transaction.on_commit(lambda: send(job))
    return job


def send(job: "Job") -> None:
    """Hand a waiting job to the workers. A broker that does not answer ends the job with words that say so."""
    from kombu.exceptions import OperationalError

    from webui.jobs.models import JobState, finish
    from webui.jobs.notices import tell_jobs_changed
    from webui.jobs.tasks import carry_out

    try:
        carry_out.delay(str(job.pk))
    except (OperationalError, OSError) as error:
        finish(job.pk, JobState.FAILED, _("The queue did not take the job: %s. Is the store running?") % error)
    tell_jobs_changed(job.pk)


def cancel(actor: "Actor", job: "Job") -> None:
    """Ask a job to stop: a waiting one ends at once, a running one when its worker has closed what it reads.

    A job that has ended is left as it is. Raises `gate.Refused` when the actor may not do what the job does.
    """
    from webui.gate import require
    from webui.jobs.models import Job, JobLine, JobState, finish
    from webui.jobs.notices import tell_jobs_changed

    if job.host is not None:
        require(actor, job.host, kind_of(job.kind).operation)
    asked = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, is_cancel_requested=False)
    if asked.update(is_cancel_requested=True):
        JobLine.objects.create(job=job, level=JobLine.Level.WARNING, text=_("cancel asked for by %s") % actor.username)
    elif job.state == JobState.WAITING:
        finish(job.pk, JobState.CANCELLED, _("Cancelled by %s before it began.") % actor.username)
    tell_jobs_changed(job.pk)


def retry(actor: "Actor", job: "Job") -> "Job":
    """Start the same work again as a new job, as the person who asks now. Raises ValueError while it is still open."""
    if not job.may_be_retried or job.host is None:
        raise ValueError(
            _("Only a job that failed, was cancelled or was lost, on a host that is still here, can be retried.")
        )
    params: dict[str, Any] = job.params
    return start(actor, job.host, job.kind, params, retry_of=job)


def take_back(actor: "Actor", job: "Job") -> "Job":
    """Start the job that takes back what this one has done. Raises ValueError where there is none, or it is open."""
    undo = kind_of(job.kind).undo
    if not undo or job.state not in {"done", "lost"} or job.host is None:
        raise ValueError(_("There is nothing to take back."))
    return start(actor, job.host, undo, job.params, retry_of=job)
