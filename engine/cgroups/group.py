"""One container's control group: its processes, freezing them, its limits, whether it ran out of memory, its end.

The runtime makes the group; this reads and changes it by hand, and removes it.
"""

import asyncio
import contextlib
import errno
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.cgroups.hierarchy import CgroupMode, Hierarchies
from engine.cgroups.limits import limit_writes
from engine.errors import InvalidArgument, Unavailable
from engine.linux.processes import is_running

_FREEZE_TIMEOUT_S = 10.0
_POLL_S = 0.001
_TRIES_BEFORE_THAW = 20


class CgroupStillBusy(Unavailable):
    """A group could not be emptied or frozen in time; it is left as it was found."""


class ContainerCgroup:
    """The group at `path` in all hierarchies. Cheap to make; nothing is read before it is asked for."""

    def __init__(self, hierarchies: Hierarchies, path: str) -> None:
        self._hierarchies = hierarchies
        self.path = path

    def folder(self, controller: str) -> Path:
        """The group's folder for one controller. Raises LookupError when the machine lacks it."""
        return self._hierarchies.folder(controller, self.path)

    def exists(self) -> bool:
        return self._process_folder().is_dir()

    def pids(self) -> list[int]:
        """Every process in the group and the groups below it, in no order; empty when the group is gone."""
        found: list[int] = []
        for folder in _with_descendants(self._process_folder()):
            with contextlib.suppress(OSError):
                found += map(int, (folder / "cgroup.procs").read_text(encoding="ascii").split())
        return found

    async def freeze(self) -> None:
        """Stop every process of the group; returns when the kernel says so.

        Raises CgroupStillBusy after ten seconds; the group is then thawed again.
        """
        try:
            await self._set_frozen(frozen=True)
        except CgroupStillBusy:
            self._write_frozen(frozen=False)
            raise

    async def thaw(self) -> None:
        await self._set_frozen(frozen=False)

    def is_frozen(self) -> bool:
        with contextlib.suppress(OSError, LookupError):
            if self._hierarchies.mode is CgroupMode.V2:
                return _flat_keys(self.folder("freezer") / "cgroup.events").get("frozen") == 1
            return (self.folder("freezer") / "freezer.state").read_text(encoding="ascii").strip() == "FROZEN"
        return False

    def oom_kills(self) -> int:
        """How many processes of the group the kernel killed because its memory limit was reached; 0 when it is gone."""
        try:
            name = "memory.events" if self._hierarchies.mode is CgroupMode.V2 else "memory.oom_control"
            return _flat_keys(self.folder("memory") / name).get("oom_kill", 0)
        except (OSError, LookupError):
            return 0

    def update(self, resources: Mapping[str, Any]) -> None:
        """Apply OCI `linux.resources` to the running container, all that is named and nothing else.

        Raises InvalidArgument with the kernel's reason for the first value that is refused; those before it hold.
        """
        is_v2 = self._hierarchies.mode is CgroupMode.V2
        current = self._memory_limit()
        for controller, name, value in limit_writes(resources, is_v2=is_v2, current_memory=current):
            try:
                (self.folder(controller) / name).write_text(value, encoding="ascii")
            except (OSError, LookupError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                raise InvalidArgument(f"cannot set {name} to {value}: {reason}") from error

    def kill_all(self) -> None:
        """SIGKILL to every process in the group, frozen ones included; one that forks meanwhile needs a second call."""
        if self._hierarchies.mode is CgroupMode.V2:
            with contextlib.suppress(OSError):
                # Since Linux 5.14, and atomic.
                (self._process_folder() / "cgroup.kill").write_text("1", encoding="ascii")
                return
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # On version 1 a frozen process does not die before it is thawed.
        with contextlib.suppress(OSError, LookupError):
            self._write_frozen(frozen=False)

    async def remove(self, *, timeout_s: float = 5.0) -> None:
        """Kill what is left in the group and remove it from every hierarchy; a group that is gone is success.

        An empty group may be left over for a while when nobody collects its ended processes.
        Raises CgroupStillBusy when processes do not die in time (stuck in the kernel).
        """
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not self._try_remove():
            self.kill_all()
            if asyncio.get_running_loop().time() > deadline:
                if running := [pid for pid in self.pids() if is_running(pid)]:
                    raise CgroupStillBusy(f"the processes {running} of cgroup {self.path} do not end")
                # What has ended still counts until its parent collects it, and some first processes take their time.
                return
            await asyncio.sleep(_POLL_S)

    def _try_remove(self) -> bool:
        is_gone = True
        for top in self._hierarchies.folders(self.path):
            for folder in reversed(list(_with_descendants(top))):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    continue
                except OSError as error:
                    if error.errno != errno.EBUSY:
                        raise
                    is_gone = False
        return is_gone

    async def _set_frozen(self, *, frozen: bool) -> None:
        deadline = asyncio.get_running_loop().time() + _FREEZE_TIMEOUT_S
        self._write_frozen(frozen=frozen)
        tries = 0
        while self.is_frozen() is not frozen:
            if asyncio.get_running_loop().time() > deadline:
                wanted = "frozen" if frozen else "thawed"
                raise CgroupStillBusy(f"cgroup {self.path} was not {wanted} within {_FREEZE_TIMEOUT_S:.0f} s")
            await asyncio.sleep(_POLL_S)
            tries += 1
            if frozen and self._hierarchies.mode is not CgroupMode.V2:
                self._freeze_again(tries)

    def _freeze_again(self, tries: int) -> None:
        """Version 1 stays FREEZING while tasks fork, and for ever when one that is to be frozen waits for another that
        is frozen already. Writing again takes newcomers along; a short thaw unties the knot."""
        if tries % _TRIES_BEFORE_THAW == 0:
            self._write_frozen(frozen=False)
        self._write_frozen(frozen=True)

    def _write_frozen(self, *, frozen: bool) -> None:
        folder = self.folder("freezer")
        if self._hierarchies.mode is CgroupMode.V2:
            (folder / "cgroup.freeze").write_text("1" if frozen else "0", encoding="ascii")
        else:
            (folder / "freezer.state").write_text("FROZEN" if frozen else "THAWED", encoding="ascii")

    def _memory_limit(self) -> int | None:
        with contextlib.suppress(OSError, LookupError, ValueError):
            name = "memory.max" if self._hierarchies.mode is CgroupMode.V2 else "memory.limit_in_bytes"
            return int((self.folder("memory") / name).read_text(encoding="ascii"))
        return None

    def _process_folder(self) -> Path:
        """A folder that holds all processes of the group: any controller does, `pids` is the likeliest to be there."""
        for controller in ("pids", "memory", "freezer", "name=systemd"):
            with contextlib.suppress(LookupError):
                return self.folder(controller)
        return self._hierarchies.folders(self.path)[0]


def _with_descendants(top: Path) -> Iterator[Path]:
    """`top` and all groups below it, parents first."""
    try:
        entries = [entry.path for entry in os.scandir(top) if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return
    yield top
    for path in entries:
        yield from _with_descendants(Path(path))


def _flat_keys(path: Path) -> dict[str, int]:
    """A file of lines `name number`."""
    pairs = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].lstrip("-").isdecimal()}
