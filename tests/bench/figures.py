"""Taking and showing figures: interleaved runs, medians, ratios."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.daemons import Daemon

_SHIMS = (b"conmon", b"containerd-shim-runc-v2", b"containerd-shim")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report; `theirs` is None where there is no peer."""

    work: str
    unit: str
    ours: float
    theirs: float | None = None
    note: str = ""

    def line(self) -> str:
        theirs = "" if self.theirs is None else f"{self.theirs:10.1f}"
        ratio = "" if not self.theirs else f"{self.ours / self.theirs:7.2f}x"
        return f"{self.work:58} {self.unit:5} {self.ours:10.1f} {theirs:>10} {ratio:>8}  {self.note}"


def heading(title: str) -> str:
    return f"\n{title:58} {'':5} {'ours':>10} {'dockerd':>10} {'ratio':>8}"


def interleaved_ms(works: Mapping[str, Callable[[int], None]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each work, run in turns so that noise of the machine falls on all alike."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            began = time.perf_counter()
            work(number)
            taken[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def pss_mb(pids: list[int]) -> float:
    """Proportional set size, in MB: shared pages count once over all who share them."""
    total_kb = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total_kb += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total_kb / 1000


def processes_of(daemon: Daemon) -> list[int]:
    """The daemon, what it has started, and the shims that hold its containers; not the containers' own processes.

    Shims are nobody's children, but all are started with a path of their daemon among the arguments.
    """
    mark = str(daemon.socket.parent).encode()
    found = {pid for pid in descendants(daemon.process.pid) if not _is_contained(pid)}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].rpartition(b"/")[2] in _SHIMS and any(mark in word for word in words):
            found.add(int(folder.name))
    return sorted(found)


def _is_contained(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/ns/pid").readlink() != Path("/proc/self/ns/pid").readlink()
    except OSError:
        return True


def descendants(pid: int) -> list[int]:
    """`pid` and all processes below it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        found.append(current)
        todo += children.get(current, [])
    return found
