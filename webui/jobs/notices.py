"""Small notices over the channel layer: which job changed, that a job began or ended. The rows hold the rest."""

from typing import Any, Final

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

OPEN_JOBS_GROUP: Final = "jobs"


def group_of(job_id: object) -> str:
    return f"job-{job_id}"


def tell_job_changed(job_id: object) -> None:
    """Tell those who look at this job. Called from worker threads, at most four times a second."""
    _send(group_of(job_id), {"type": "job.changed", "id": str(job_id)})


def tell_jobs_changed(job_id: object) -> None:
    """Tell those who look at this job, and every top bar, that a job began or ended."""
    tell_job_changed(job_id)
    _send(OPEN_JOBS_GROUP, {"type": "jobs.changed", "id": str(job_id)})


def _send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is not None:
        async_to_sync(layer.group_send)(group, message)
