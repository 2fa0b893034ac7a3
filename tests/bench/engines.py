"""Our engine and Debian's dockerd, side by side: starting, listing, exec, memory."""

import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figures import Figure, descendants, heading, interleaved_ms, pss_mb
from tests.daemons import Daemon, UnixConnection, running_dockerd, running_engine
from tests.images import busybox_layer, save_tar

_ROUNDS = 30
_LISTED = 1000


class Client:
    """Keep-alive requests on one connection: what is measured is the daemon, not the client."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self._connection = UnixConnection(daemon.socket)

    def call(self, method: str, path: str, body: object = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status >= 400:
            raise AssertionError(f"{self.daemon.name} {method} {path}: {response.status} {answer!r}")
        return answer

    def create(self, **body: object) -> str:
        return str(json.loads(self.call("POST", "/containers/create", {"Image": "busybox", **body}))["Id"])

    def remove(self, container_id: str) -> None:
        self.call("DELETE", f"/containers/{container_id}?force=1")


@contextmanager
def both(folder: Path) -> Iterator[dict[str, Client]]:
    tar = folder / "busybox.tar"
    save_tar(tar, tags=["busybox:latest"], layers=[busybox_layer()])
    (folder / "ours").mkdir()
    (folder / "theirs").mkdir()
    with running_engine(folder / "ours") as ours, running_dockerd(folder / "theirs") as theirs:
        for daemon in (ours, theirs):
            daemon.load(tar)
        yield {"ours": Client(ours), "theirs": Client(theirs)}


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="qs-bench-") as name, both(Path(name)) as clients:
        yield heading("Engine")
        for figure in (*_idle_memory(clients), *_starting(clients), *_many_at_once(clients), *_listing(clients)):
            yield figure.line()


def _idle_memory(clients: dict[str, Client]) -> Iterator[Figure]:
    memory = {name: pss_mb(descendants(client.daemon.process.pid)) for name, client in clients.items()}
    yield Figure("memory, idle (PSS of all processes)", "MB", memory["ours"], memory["theirs"])


def _starting(clients: dict[str, Client]) -> Iterator[Figure]:
    started: dict[str, list[str]] = {name: [] for name in clients}

    def run(name: str, number: int) -> None:
        container_id = clients[name].create(
            Cmd=["sleep", "600"],
            ExposedPorts={"80/tcp": {}},
            HostConfig={"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
        )
        clients[name].call("POST", f"/containers/{container_id}/start")
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


def _cpu_s(client: Client) -> float:
    """CPU seconds of the daemon and of all children that it has waited for."""
    total = 0
    for pid in descendants(client.daemon.process.pid):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(value) for value in fields[11:15])
    return total / 100


def _many_at_once(clients: dict[str, Client]) -> Iterator[Figure]:
    wall: dict[str, float] = {}
    for name, client in clients.items():

        def life(_: int, daemon: Daemon = client.daemon) -> None:
            own = Client(daemon)
            container_id = own.create(Cmd=["true"])
            own.call("POST", f"/containers/{container_id}/start")
            own.call("POST", f"/containers/{container_id}/wait")
            own.remove(container_id)

        began = time.perf_counter()
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(life, range(_ROUNDS)))
        wall[name] = (time.perf_counter() - began) * 1000 / _ROUNDS
    yield Figure("create, start, wait, rm, 10 at a time: per container", "ms", wall["ours"], wall["theirs"])


def _listing(clients: dict[str, Client]) -> Iterator[Figure]:
    for client in clients.values():
        for number in range(_LISTED):
            client.create(Cmd=["sleep", "600"], Labels={"com.docker.compose.project": f"p{number % 20}"})
    taken = interleaved_ms(
        {name: lambda _, name=name: clients[name].call("GET", "/containers/json?all=1") for name in clients}, _ROUNDS
    )
    yield Figure(f"list {_LISTED} containers", "ms", taken["ours"], taken["theirs"])
