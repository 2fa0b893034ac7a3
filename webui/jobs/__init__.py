"""What takes long: a row that says how far it is, carried out by a worker, followed, cancelled and retried by people.

    job = start(actor, host, "image.pull", {"reference": "busybox:latest"})     then go(request, job.get_absolute_url())

An app declares its kinds in its `jobs.py` and registers them in its `ready()`:

    @job_kind("image.pull", operation="image.pull", title=lambda params: f"Pull {params['reference']}")
    def pull(run: JobRun) -> None: ...

`run` is the worker's hand on the job: `run.client` (docker-py through the gate, as the person who started it),
`run.params`, `run.log(text)`, `run.steps` (what the bars show), `run.raise_if_cancelled()` and `run.closing(stream)`:
cancel closes it.
"""

from webui.jobs.kinds import JobKind, job_kind, kind_of
from webui.jobs.run import JobCancelled, JobFailed, JobRun, Step
from webui.jobs.start import cancel, retry, start

__all__ = [
    "JobCancelled",
    "JobFailed",
    "JobKind",
    "JobRun",
    "Step",
    "cancel",
    "job_kind",
    "kind_of",
    "retry",
    "start",
]
