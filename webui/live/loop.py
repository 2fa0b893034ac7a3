"""One thread with one event loop per process, for what lives longer than a request: the feeds of the hosts.

Made when first needed, and anew in a forked child: threads do not survive a fork.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

_lock = threading.Lock()
_running: dict[int, asyncio.AbstractEventLoop] = {}


def live_loop() -> asyncio.AbstractEventLoop:
    """The loop of this process's live thread; starts it."""
    with _lock:
        loop = _running.get(os.getpid())
        if loop is None:
            _running.clear()
            loop = _running[os.getpid()] = asyncio.new_event_loop()
            threading.Thread(target=_run, args=(loop,), name="live", daemon=True).start()
        return loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def spawn(work: Coroutine[Any, Any, None]) -> Future[None]:
    """Run a coroutine in the live loop, from any thread."""
    return asyncio.run_coroutine_threadsafe(work, live_loop())
