"""The web server under browsers that do not read, bodies that are long, and answers that break in the middle."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import until

pytestmark = pytest.mark.real

# What the server does: /flood writes for ever and says how much, /pieces ends, /broken does not, / counts a body.
_SERVER = """
import sys
from pathlib import Path
from webui.supervisor.paced import PacedServer

async def application(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    piece, count = bytes(100_000), 0
    while scope["path"] == "/flood":
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        count += 1
        Path(sys.argv[2]).write_text(str(count * len(piece)))
    if scope["path"] == "/pieces":
        for _piece in range(30):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})
        Path(sys.argv[2]).write_text("sent")
        return
    if scope["path"] == "/broken":
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise OSError("the host broke off")
    while (message := await receive()).get("more_body"):
        count += len(message["body"])
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    body = f"{count + len(message['body'])} {peak.split()[1]}".encode()
    await send({"type": "http.response.body", "body": body})

PacedServer(application=application, endpoints=[f"unix:{sys.argv[1]}"], signal_handlers=True).run()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Path]:
    """The socket that it listens on; beside it, how much /flood has written."""
    path = tmp_path / "sock"
    process = subprocess.Popen([sys.executable, "-c", _SERVER, str(path), str(tmp_path / "flood")])
    try:
        until(lambda: _answers(path))
        yield path
    finally:
        process.terminate()
        process.wait(90)


def _answers(path: Path) -> bool:
    """A socket is there a moment before anybody listens on it."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _asked(path: Path, request: bytes) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(90)
    client.connect(str(path))
    client.sendall(request)
    return client


def _all_of(client: socket.socket) -> bytes:
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(1 << 20):
            pieces.append(piece)
    return b"".join(pieces)


def _flooded(server: Path) -> int:
    told = server.with_name("flood")
    return int(told.read_text() or 0) if told.exists() else 0


def test_nothing_is_made_for_a_browser_that_does_not_read(server: Path) -> None:
    client = _asked(server, b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
    seen, deadline = -1, time.monotonic() + 90
    # Until it stands still.
    while (now := _flooded(server)) != seen or not now:
        assert time.monotonic() < deadline
        seen = now
        time.sleep(0.5)
    assert 0 < seen < 2_000_000
    for _piece in range(100):
        client.recv(1 << 20)
    deadline = time.monotonic() + 90
    while _flooded(server) <= seen:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    client.close()


def test_an_answer_in_pieces_comes_whole_and_its_application_ends_well(server: Path) -> None:
    received = _all_of(_asked(server, b"GET /pieces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    assert received.count(b"\0") == 3_000_000
    assert received.endswith(b"\r\n0\r\n\r\n")
    told, deadline = server.with_name("flood"), time.monotonic() + 90
    while not told.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_long_body_is_read_from_disk_piece_by_piece(server: Path) -> None:
    size = 200_000_000
    head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
    client = _asked(server, head.encode())
    for _piece in range(size // 1_000_000):
        client.sendall(bytes(1_000_000))
    counted, peak_kb = _all_of(client).split(b"\r\n")[-4].split()
    assert int(counted) == size
    assert int(peak_kb) < 150_000


def test_an_answer_that_breaks_is_cut_and_not_ended(server: Path) -> None:
    client = _asked(server, b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
    received = _all_of(client)
    assert received.endswith(b"4\r\nhalf\r\n")
