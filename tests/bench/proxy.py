"""The proxy beside the engine behind it: what it adds to a request, what it takes from a log stream."""

import http.client
import io
import re
import socket
import ssl
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from tests.bench.clients import Client
from tests.bench.figures import Figure, heading, interleaved_ms, percentile
from tests.consoles import ADMIN, PASSWORD, Person, running_console
from tests.images import busybox_layer, save_tar
from tests.ports import free_port

_REQUESTS = 300
_LINES = 400_000
_LINE = "x" * 99
_ROUNDS = 5
_READ_BYTES = 1 << 18
_TIMEOUT_S = 120
Connect = Callable[[], socket.socket]


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="qs-bench-") as name:
        folder, port = Path(name), free_port()
        environment = {
            "QUAYSIDE_ADMIN_USER": ADMIN, "QUAYSIDE_ADMIN_PASSWORD": PASSWORD,
            "QUAYSIDE_PROXY_BIND": f"127.0.0.1:{port}",
        }  # fmt: skip
        with running_console(folder, **environment) as console:
            tar = folder / "busybox.tar"
            save_tar(tar, tags=["busybox:latest"], layers=[busybox_layer()])
            console.engine.load(tar)
            client = Client(console.engine)
            context = _certificates(Person(console), folder)
            ways: dict[str, Connect] = {
                "theirs": lambda: _unix(console.engine_socket),
                "ours": lambda: _tls(context, port),
            }
            yield heading("Through the proxy, beside the engine itself").replace("dockerd", "direct")
            for figure in (*_requests(ways, client), *_followed(ways, client)):
                yield figure.line()


def _certificates(person: Person, folder: Path) -> ssl.SSLContext:
    """A token and the files that show it, as somebody gets them."""
    person.sign_in()
    made = {"name": "bench", "access": "everything", "hosts": "*", "lasts": "7"}
    status, body, _ = person.submit("/profile/tokens/add/", made)
    assert status == 201, body[-2000:]
    token = re.search(rb"token=(\d+)", body)
    assert token is not None
    page = person.open("/h/local/terminal/")[1].decode()
    csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert csrf is not None
    asked = {"token": token[1].decode(), "csrfmiddlewaretoken": csrf[1]}
    status, packed, _ = person.open("/h/local/terminal/files/", asked, Referer=person.console.url)
    assert status == 200, packed[-2000:]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(folder / "files")
    context = ssl.create_default_context(cafile=folder / "files" / "ca.pem")
    context.load_cert_chain(folder / "files" / "cert.pem", folder / "files" / "key.pem")
    return context


def _unix(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_TIMEOUT_S)
    connection.connect(str(path))
    return connection


def _tls(context: ssl.SSLContext, port: int) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), _TIMEOUT_S)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


class _Kept(http.client.HTTPConnection):
    """Keep-alive requests over whatever connects."""

    def __init__(self, connect: Connect) -> None:
        super().__init__("docker", timeout=_TIMEOUT_S)
        self._connect = connect

    def connect(self) -> None:
        self.sock = self._connect()


def _requests(ways: Mapping[str, Connect], client: Client) -> Iterator[Figure]:
    container = client.run(Cmd=["sleep", "600"])
    paths = {
        "inspect": ("GET", f"/containers/{container}/json"),
        "list": ("GET", "/containers/json"),
        "rename (written to the audit log)": ("POST", f"/containers/{container}/rename?name="),
    }
    for work, (method, path) in paths.items():
        kept = {way: _Kept(connect) for way, connect in ways.items()}

        def ask(
            way: str, number: int, method: str = method, path: str = path, kept: Mapping[str, _Kept] = kept
        ) -> None:
            kept[way].request(method, path + (f"{way}{number}" if path.endswith("=") else ""))
            response = kept[way].getresponse()
            response.read()
            assert response.status < 400, response.status

        works = {way: lambda number, way=way: ask(way, number) for way in ways}
        for way in ways:
            ask(way, -1)
        taken = interleaved_ms(works, _REQUESTS)
        added = taken["ours"] - taken["theirs"]
        yield Figure(f"request, {work}: median", "ms", taken["ours"], taken["theirs"], note=f"adds {added:.2f} ms")
    client.remove(container)


def _followed(ways: Mapping[str, Connect], client: Client) -> Iterator[Figure]:
    """A log that is written while it is followed: the median of a few containers each, in turns."""
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(_ROUNDS):
        for way, connect in ways.items():
            container = client.create(Cmd=["sh", "-c", f"read go; yes {_LINE} | head -n {_LINES}"], OpenStdin=True)
            rates[way].append(_follow(connect, client, container))
            client.remove(container)
    ours, theirs = (percentile(rates[way], 0.5) for way in ("ours", "theirs"))
    lost = 100 * (1 - ours / theirs)
    yield Figure("logs followed, 100-byte lines", "kl/s", ours, theirs, note=f"loses {lost:.1f} %")


def _follow(connect: Connect, client: Client, container: str) -> float:
    client.call("POST", f"/containers/{container}/start")
    path = f"/containers/{container}/logs?stdout=1&follow=1"
    with client.hijack(f"/containers/{container}/attach?stream=1&stdin=1") as stdin, closing(connect()) as stream:
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n".encode())
        received, buffer = stream.recv_into(bytearray(16)), bytearray(_READ_BYTES)  # the head: it is being followed
        stdin.sendall(b"go\n")
        began = time.perf_counter()
        while count := stream.recv_into(buffer):
            received += count
        taken_s = time.perf_counter() - began
    assert received > _LINES * (len(_LINE) + 1), received
    return _LINES / 1000 / taken_s
