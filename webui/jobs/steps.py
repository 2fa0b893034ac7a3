"""What the bars of a job show: its steps, how far each is and how fast it goes. Nothing here touches a database."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Tone = Literal["waiting", "busy", "done", "here", "bad"]

# Rates are smoothed over about this long, so that a reader can read them.
_SMOOTH_S: Final = 2.0


@dataclass(slots=True)
class Step:
    """One bar. `words` say what happens to it; `total` is 0 while it is not known; `rate` is bytes a second.

    The tone: "here" is done because nothing had to be done (a layer that the host already had). `peak` is the most that
    `done` has been: a layer that is fetched and then unpacked begins anew, what was fetched stays fetched.
    """

    id: str
    words: str = ""
    tone: Tone = "waiting"
    done: int = 0
    total: int = 0
    peak: int = 0
    rate: float = 0.0


class Steps:
    """The steps of a running job, written by its work and read by its keeper, in two threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._steps: dict[str, Step] = {}
        self._marks: dict[str, tuple[float, int]] = {}
        self._is_dirty = False

    def set(
        self, step_id: str, words: str, *, tone: Tone = "busy", done: int | None = None, total: int | None = None
    ) -> None:
        """Make or change a step. `done` that goes back (begun anew, or the next phase) starts its rate anew."""
        with self._lock:
            step = self._steps.setdefault(step_id, Step(step_id))
            if step.words != words or (done is not None and done < step.done):
                self._marks.pop(step_id, None)
                step.rate = 0.0
            step.words, step.tone = words, tone
            step.total = step.total if total is None else total
            step.done = step.done if done is None else done
            if tone in {"done", "here"}:
                step.done, step.rate = max(step.done, step.total), 0.0
            step.peak = max(step.peak, step.done)
            self._is_dirty = True

    @property
    def is_empty(self) -> bool:
        return not self._steps

    def fill(self, step_id: str, words: str) -> None:
        """Say that a phase of a step is complete, of which only parts were told."""
        with self._lock:
            total = self._steps[step_id].total if step_id in self._steps else 0
        self.set(step_id, words, done=total)

    def taken(self) -> list[dict[str, Any]] | None:
        """The steps as JSON, or None when nothing changed since the last call."""
        with self._lock:
            if not self._is_dirty:
                return None
            self._is_dirty = False
            now = self._clock()
            for step in self._steps.values():
                self._measure(step, now)
            return [asdict(step) for step in self._steps.values()]

    def _measure(self, step: Step, now: float) -> None:
        if step.tone != "busy":
            return
        at, done = self._marks.setdefault(step.id, (now, step.done))
        passed = now - at
        if passed < 0.2:
            return
        rate = (step.done - done) / passed
        weight = min(1.0, passed / _SMOOTH_S) if step.rate else 1.0
        step.rate += (rate - step.rate) * weight
        self._marks[step.id] = (now, step.done)
