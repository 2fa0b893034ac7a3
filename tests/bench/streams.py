"""Output of containers on both engines: written, followed, read back, attached; and processes added to them."""

import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping

from tests.bench.clients import Client
from tests.bench.figures import Figure, interleaved_ms
from tests.images import layer_tar

_EXECS = 30
_LINES = 400_000
# In the image: a program that makes lines would be slower than what is measured.
LINES_PATH = "/lines"
_READ_BYTES = 1 << 20


def lines_layer() -> bytes:
    """A layer with the lines that containers write."""
    return layer_tar({LINES_PATH.strip("/"): (b"x" * 99 + b"\n") * _LINES})


def measure(clients: Mapping[str, Client]) -> Iterator[Figure]:
    yield from _execs(clients)
    yield from _logs(clients)
    yield _attach(clients)


def _execs(clients: Mapping[str, Client]) -> Iterator[Figure]:
    containers = {name: client.run(Cmd=["sleep", "600"]) for name, client in clients.items()}

    def run(name: str) -> None:
        made = clients[name].ask(
            "POST", f"/containers/{containers[name]}/exec", {"Cmd": ["true"], "AttachStdout": True}
        )
        clients[name].once("POST", f"/exec/{made['Id']}/start", {"Detach": False})

    taken = interleaved_ms({name: lambda _, name=name: run(name) for name in clients}, _EXECS)
    yield Figure("exec `true`: create, start, its end", "ms", taken["ours"], taken["theirs"])
    for name, client in clients.items():
        client.remove(containers[name])


def _logs(clients: Mapping[str, Client]) -> Iterator[Figure]:
    command = ["cat", LINES_PATH]
    written, read, followed = {}, {}, {}
    for name, client in clients.items():
        container = client.create(Cmd=command)
        written[name] = _rate(lambda client=client, container=container: client.run_to_end(container))
        read[name] = _rate(lambda client=client, container=container: client.once("GET", _logs_path(container)))
        client.remove(container)
        # Time for the follower to be there before the first line.
        container = client.create(Cmd=["sh", "-c", f"sleep 0.5; cat {LINES_PATH}"])
        followed[name] = _LINES / 1000 / _follow_s(client, container)
        client.remove(container)
    for work, rates in (("written", written), ("read back", read), ("followed", followed)):
        yield Figure(f"logs {work}, 100-byte lines", "kl/s", rates["ours"], rates["theirs"])


def _rate(work: Callable[[], object]) -> float:
    """Thousands of lines a second."""
    began = time.perf_counter()
    work()
    return _LINES / 1000 / (time.perf_counter() - began)


def _logs_path(container: str, **more: int) -> str:
    return f"/containers/{container}/logs?stdout=1" + "".join(f"&{key}={value}" for key, value in more.items())


def _follow_s(client: Client, container: str) -> float:
    """Seconds from the first line that a follower gets to the end of the container."""
    client.call("POST", f"/containers/{container}/start")
    with client.streamed(_logs_path(container, follow=1)) as response:
        response.read1(_READ_BYTES)
        began = time.perf_counter()
        while response.read1(_READ_BYTES):
            pass
        return time.perf_counter() - began


def _attach(clients: Mapping[str, Client]) -> Figure:
    rates = {}
    for name, client in clients.items():
        container = client.create(Cmd=["cat", LINES_PATH])
        with client.hijack(f"/containers/{container}/attach?stream=1&stdout=1") as stream:
            client.call("POST", f"/containers/{container}/start")
            began = time.perf_counter()
            received = _drain(stream)
            rates[name] = received / 1e6 / (time.perf_counter() - began)
        client.remove(container)
    return Figure("attach throughput, 100-byte lines, logged", "MB/s", rates["ours"], rates["theirs"])


def _drain(stream: socket.socket) -> int:
    """Bytes of output in the frames, until the end of the connection. Looks at nothing but their heads."""
    received = left = 0
    head = bytearray()
    buffer = memoryview(bytearray(_READ_BYTES))
    while count := stream.recv_into(buffer):
        place = 0
        while place < count:
            if left == 0:
                missing = 8 - len(head)
                head += buffer[place : min(place + missing, count)]
                place += missing
                if len(head) < 8:
                    break
                (left,) = struct.unpack(">4xL", head)
                head.clear()
            taken = min(left, count - place)
            received, left, place = received + taken, left - taken, place + taken
    return received
