"""The keeper: the one process that writes the history of all hosts, with one follower and one sampler for each.

Why a process of its own: see docs/decisions/one-keeper.md. A second one waits for the first to end.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError

from webui.history.bounds import Bound
from webui.history.following import Follower
from webui.history.places import forget_others
from webui.history.sampling import Sampler
from webui.live.looks import AT_LEISURE
from webui.live.pictures import forget, host_feed

logger = logging.getLogger(__name__)

# How soon a new host, or another bound, is heeded.
_LOOK_S: Final = 5.0
_LOCK_WAIT_S: Final = 2.0
_RESTART_S: Final = 10.0
# Keeping must not be felt by those who look.
_NICENESS: Final = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be kept of a host. Another address, certificate or bound is another wish."""

    host_id: int
    slug: str
    address: tuple[str, ...]
    bound: Bound | None


class Keeper:
    def __init__(self) -> None:
        self._running: dict[Wanted, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until it is cancelled: keep what the database says is to be kept."""
        try:
            while True:
                try:
                    await self._look()
                except (DatabaseError, OSError):
                    logger.exception("the keeper cannot see what to keep; it goes on with what it has")
                await asyncio.sleep(_LOOK_S)
        finally:
            await self._end(list(self._running))

    async def _look(self) -> None:
        wanted: list[Wanted] = await database_sync_to_async(wishes)()
        await self._end([one for one in self._running if one not in wanted])
        for one in wanted:
            if one not in self._running:
                self._running[one] = asyncio.create_task(_keep(one))
        await asyncio.to_thread(forget_others, [one.slug for one in wanted])

    async def _end(self, ended: list[Wanted]) -> None:
        for one in ended:
            task = self._running.pop(one)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            forget(one.slug)


def wishes() -> list[Wanted]:
    """What is to be kept of each host."""
    from webui.history.models import keeping_of
    from webui.hosts.models import Host

    made = []
    for host in Host.objects.all():
        keeping = keeping_of(host)
        bound = Bound(keeping.megabytes * 1_000_000, keeping.days) if keeping.keeps_logs else None
        address = (host.url, host.tls_ca, host.tls_certificate, str(host.tls_key))
        made.append(Wanted(host.pk, host.slug, address, bound))
    return made


async def _keep(wanted: Wanted) -> None:
    """One host, for as long as it is wanted so. A fault of ours is logged, and tried again."""
    from webui.hosts.models import Host

    while True:
        try:
            host = await Host.objects.aget(pk=wanted.host_id)
            feed = await asyncio.to_thread(host_feed, host, AT_LEISURE)
            works: list[Coroutine[Any, Any, None]] = [Sampler(host, feed).run()]
            if wanted.bound is not None:
                works.append(Follower(host, feed, wanted.bound).run())
            async with asyncio.TaskGroup() as tasks:
                for work in works:
                    tasks.create_task(work)
        except* Exception:
            logger.exception("the history of host %s is interrupted", wanted.slug)
        await asyncio.sleep(_RESTART_S)


def run_keeper() -> None:
    """The process: wait for the lock, keep until SIGTERM or SIGINT."""
    os.nice(_NICENESS)
    asyncio.run(_until_told(Path(settings.QUAYSIDE_DATA) / "keeper.lock"))


async def _until_told(lock_path: Path) -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    with lock_path.open("a") as lock:
        if not await _locked(lock.fileno(), told):
            return
        task = asyncio.create_task(Keeper().run())
        await asyncio.wait({task, asyncio.create_task(told.wait())}, return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _locked(fd: int, told: asyncio.Event) -> bool:
    """Whether the lock was had before we were told to stop. The kernel lets it go with the process that holds it."""
    is_said = False
    while not told.is_set():
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not is_said:
                logger.info("another keeper writes the history of this data folder; waiting for its end")
                is_said = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), _LOCK_WAIT_S)
        else:
            return True
    return False
