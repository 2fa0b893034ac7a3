"""Which process carries a job, so exactly that a killed one is known for dead, also when its pid is used again."""

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from webui.jobs.models import Job, JobLine, JobState, finish
from webui.jobs.notices import tell_jobs_changed

# A worker on another machine shows a sign of life every 5 s.
SILENT_AFTER: Final = timedelta(seconds=45)


def this_worker() -> str:
    """This process as `machine:pid:start time in ticks`."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started_at(os.getpid())}"


def _started_at(pid: int) -> str | None:
    """When a process began, in clock ticks since boot (proc(5), stat field 22); None when it is gone or a zombie."""
    try:
        # The command's name may hold spaces and brackets: count from after its last one.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in {"Z", "X"} else fields[19]


def is_gone(job: Job) -> bool:
    """Whether the process that carries a running job has died."""
    machine, _sep, rest = job.worker.rpartition(":")[0].rpartition(":")
    started_at = job.worker.rpartition(":")[2]
    if machine == socket.gethostname() and rest.isdecimal():
        return _started_at(int(rest)) != started_at
    return (job.seen_at or job.created_at) < timezone.now() - SILENT_AFTER


def mark_lost() -> list[Job]:
    """End every running job whose worker died, with words that say so. Returns those jobs."""
    lost = [job for job in Job.objects.filter(state=JobState.RUNNING) if is_gone(job)]
    for job in lost:
        words = _(
            "The worker that carried it (%s) died in the middle. Nothing carries on by itself; retry starts it again."
        )
        text = words % job.worker.rpartition(":")[0]
        if finish(job.pk, JobState.LOST, text):
            JobLine.objects.create(job=job, level=JobLine.Level.ERROR, text=text)
            tell_jobs_changed(job.pk)
    return lost
