"""The worker's hand on one job: its parameters, its steps and log, and being cancelled.

The work never touches the database: a keeper (see keeper.py) writes what it says, at most four times a second.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from webui.jobs.kinds import Params
from webui.jobs.steps import Step, Steps

if TYPE_CHECKING:
    from docker import DockerClient

    from webui.gate import Actor
    from webui.hosts.models import Host

__all__ = ["JobCancelled", "JobFailed", "JobRun", "Line", "Step", "Steps"]


class JobCancelled(Exception):
    """Somebody asked for the job to stop, and it has."""


class JobFailed(Exception):
    """The work could not be done; the text says what was wanted, what happened and what to do."""


class Closable(Protocol):
    def close(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    level: str
    text: str


class JobRun:
    """What the function of a job kind is given. `client()` makes a docker-py client as the person who started the job,
    who is `actor` as they are now, on `host`.

    Streams read one after another belong in `closing(...)`: a thread that waits in a read cannot be stopped, the stream
    under it can be closed.
    """

    def __init__(
        self, params: Params, *, client: Callable[[], "DockerClient"], actor: "Actor", host: "Host"
    ) -> None:  # fmt: skip
        self.params = params
        self.client = client
        self.actor, self.host = actor, host
        self.steps = Steps()
        self._lock = threading.Lock()
        self._lines: deque[Line] = deque()
        self._closers: list[Callable[[], object]] = []
        self._cancelled = threading.Event()

    def log(self, text: str, level: str = "info") -> None:
        """Add a line to the job's log; `level` is info, warning or error."""
        with self._lock:
            self._lines.append(Line(datetime.now(UTC), level, text))

    def taken_lines(self) -> list[Line]:
        with self._lock:
            lines = list(self._lines)
            self._lines.clear()
            return lines

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def raise_if_cancelled(self) -> None:
        if self.is_cancelled:
            raise JobCancelled

    @contextlib.contextmanager
    def closing(self, close: Callable[[], object]) -> Iterator[None]:
        """Call `close` when the job is cancelled inside the block; an error that this causes becomes JobCancelled."""
        self.raise_if_cancelled()
        with self._lock:
            self._closers.append(close)
        try:
            yield
        except Exception:
            self.raise_if_cancelled()
            raise
        finally:
            with self._lock:
                self._closers.remove(close)
        self.raise_if_cancelled()

    def cancel(self) -> None:
        """Called by the keeper, in its thread."""
        self._cancelled.set()
        with self._lock:
            closers = list(self._closers)
        for close in closers:
            with contextlib.suppress(OSError, ValueError):
                close()


def words_of(error: BaseException) -> str:
    """An error as a person should read it: the engine's own explanation where there is one."""
    explanation: Any = getattr(error, "explanation", None)
    if isinstance(explanation, bytes):
        explanation = explanation.decode(errors="replace")
    return str(explanation or error or type(error).__name__)
