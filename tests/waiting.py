"""Waiting for what comes in its own time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
# A busy machine is slow, not wrong.
PATIENCE_S = 90


def until(claim: Callable[[], Found]) -> Found:
    """Ask again and again, and return the first answer that is true. Raises AssertionError after long patience."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := claim()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return found
