"""The thread beside a running job: writes down what the work says, shows that it lives, looks for a cancel."""

import logging
import threading
import time
from types import TracebackType
from typing import Final
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from webui.jobs.models import Job, JobLine, JobState
from webui.jobs.notices import tell_job_changed
from webui.jobs.run import JobRun

logger = logging.getLogger(__name__)

BEAT_S: Final = 0.25
_SIGN_OF_LIFE_S: Final = 5.0
_STOP_WAIT_S: Final = 30.0


class Keeper:
    """`with Keeper(job_id, run):` around the work. On leaving, everything said until then is written."""

    def __init__(self, job_id: UUID, run: JobRun) -> None:
        self._job_id = job_id
        self._run = run
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keeper-{job_id}", daemon=True)
        self._life_at = time.monotonic()

    def __enter__(self) -> "Keeper":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join(_STOP_WAIT_S)
        self.write()

    def _keep(self) -> None:
        try:
            while not self._stopped.wait(BEAT_S):
                try:
                    self._beat()
                except DatabaseError:
                    # A locked or restarting database must not end a pull that goes well; the next beat writes it all.
                    logger.exception("job %s: progress could not be written", self._job_id)
                    close_old_connections()
        finally:
            connection.close()

    def _beat(self) -> None:
        self.write()
        if time.monotonic() - self._life_at > _SIGN_OF_LIFE_S:
            Job.objects.filter(pk=self._job_id).update(seen_at=timezone.now())
            self._life_at = time.monotonic()
        if not self._run.is_cancelled and self._is_cancel_asked():
            self._run.cancel()

    def _is_cancel_asked(self) -> bool:
        rows = Job.objects.filter(pk=self._job_id).values_list("is_cancel_requested", "state")
        # A row that is gone or that was declared lost is not worth finishing either.
        return not any(state == JobState.RUNNING and not asked for asked, state in rows)

    def write(self) -> None:
        """Write what is new, and tell those who look. Nothing new costs no query."""
        steps, lines = self._run.steps.taken(), self._run.taken_lines()
        if steps is not None:
            Job.objects.filter(pk=self._job_id).update(steps=steps, seen_at=timezone.now())
            self._life_at = time.monotonic()
        if lines:
            rows = [JobLine(job_id=self._job_id, at=line.at, level=line.level, text=line.text) for line in lines]
            JobLine.objects.bulk_create(rows)
        if steps is not None or lines:
            tell_job_changed(self._job_id)
