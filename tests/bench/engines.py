"""Our engine and Debian's dockerd, side by side: starting, listing, streams, memory, restarts."""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.bench import streams
from tests.bench.clients import Client
from tests.bench.figures import Figure, heading, interleaved_ms, processes_of, pss_mb
from tests.daemons import Daemon, running_dockerd, running_engine
from tests.images import busybox_layer, save_tar

_ROUNDS = 30
_LISTED = 1000
_RUNNING = 50
_RESTARTS = 5
_SLEEP = ["sleep", "600"]


@contextmanager
def both(folder: Path) -> Iterator[dict[str, Client]]:
    tar = folder / "busybox.tar"
    save_tar(tar, tags=["busybox:latest"], layers=[busybox_layer(), streams.lines_layer()])
    (folder / "ours").mkdir()
    (folder / "theirs").mkdir()
    # --live-restore: what is compared is a restart under running containers.
    with running_engine(folder / "ours") as ours, running_dockerd(folder / "theirs", "--live-restore") as theirs:
        for daemon in (ours, theirs):
            daemon.load(tar)
        yield {"ours": Client(ours), "theirs": Client(theirs)}


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="qs-bench-") as name, both(Path(name)) as clients:
        yield heading("Engine")
        for part in (_idle, _starting, _many_at_once, streams.measure, _with_running, _listing):
            for figure in part(clients):
                yield figure.line()


def _idle(clients: dict[str, Client]) -> Iterator[Figure]:
    yield _memory("memory, idle", clients)
    yield _restart("daemon start, idle", clients)


def _memory(work: str, clients: dict[str, Client]) -> Figure:
    """Of the daemon and of whatever it has started for containers, but not of the containers' own processes."""
    sizes = {name: pss_mb(processes_of(client.daemon)) for name, client in clients.items()}
    return Figure(f"{work} (PSS of all processes)", "MB", sizes["ours"], sizes["theirs"])


def _restart(work: str, clients: dict[str, Client]) -> Figure:
    def restart(client: Client) -> None:
        client.reconnect()
        client.daemon.stop()
        began = time.perf_counter()
        client.daemon.start_again()
        taken.append((time.perf_counter() - began) * 1000)

    medians = {}
    for name, client in clients.items():
        taken: list[float] = []
        for _ in range(_RESTARTS):
            restart(client)
        medians[name] = sorted(taken)[_RESTARTS // 2]
    return Figure(work, "ms", medians["ours"], medians["theirs"])


def _starting(clients: dict[str, Client]) -> Iterator[Figure]:
    started: dict[str, list[str]] = {name: [] for name in clients}

    def run(name: str, number: int) -> None:
        container_id = clients[name].run(
            Cmd=_SLEEP,
            ExposedPorts={"80/tcp": {}},
            HostConfig={"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
        )
        started[name].append(container_id)

    for name in clients:
        run(name, 0)  # the first start warms caches on both sides
    taken = interleaved_ms({name: lambda n, name=name: run(name, n) for name in clients}, _ROUNDS)
    yield Figure("create call -> process running, bridge, published port", "ms", taken["ours"], taken["theirs"])
    removed = interleaved_ms(
        {name: lambda n, name=name: clients[name].remove(started[name][n]) for name in clients}, _ROUNDS
    )
    yield Figure("rm -f of a running container", "ms", removed["ours"], removed["theirs"])
    for name, client in clients.items():
        client.remove(started[name][_ROUNDS])


def _many_at_once(clients: dict[str, Client]) -> Iterator[Figure]:
    wall, cpu = {}, {}
    for name, client in clients.items():

        def life(_: int, daemon: Daemon = client.daemon) -> None:
            own = Client(daemon)
            container_id = own.create(Cmd=["true"])
            own.run_to_end(container_id)
            own.remove(container_id)

        began, busy = time.perf_counter(), _machine_cpu_s()
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(life, range(_ROUNDS)))
        wall[name] = (time.perf_counter() - began) * 1000 / _ROUNDS
        cpu[name] = (_machine_cpu_s() - busy) * 1000 / _ROUNDS
    yield Figure("create, start, wait, rm, 10 at a time: wall each", "ms", wall["ours"], wall["theirs"])
    yield Figure("create, start, wait, rm, 10 at a time: CPU each", "ms", cpu["ours"], cpu["theirs"])


def _machine_cpu_s() -> float:
    """CPU seconds of the whole machine: programs that nobody waits for are in no daemon's account."""
    fields = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    idle, waiting = fields[3], fields[4]
    return (sum(fields[:8]) - idle - waiting) / 100


def _with_running(clients: dict[str, Client]) -> Iterator[Figure]:
    for client in clients.values():
        for _ in range(_RUNNING):
            client.run(Cmd=_SLEEP)
    yield _memory(f"memory, {_RUNNING} containers", clients)
    yield _restart(f"daemon start, {_RUNNING} running containers", clients)


def _listing(clients: dict[str, Client]) -> Iterator[Figure]:
    """On top of those that run."""
    for client in clients.values():
        for number in range(_LISTED - _RUNNING):
            client.create(Cmd=_SLEEP, Labels={"com.docker.compose.project": f"p{number % 20}"})
    for work, path in ((f"list {_LISTED} containers", "?all=1"), (f"list {_RUNNING} running of {_LISTED}", "")):
        taken = interleaved_ms(
            {n: lambda _, n=n, path=path: clients[n].call("GET", f"/containers/json{path}") for n in clients}, _ROUNDS
        )
        yield Figure(work, "ms", taken["ours"], taken["theirs"])
