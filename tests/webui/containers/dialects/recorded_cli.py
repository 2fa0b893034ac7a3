"""What the real docker CLI asks a host for: a server on a unix socket that writes down what it is sent."""

import contextlib
import http.server
import json
import os
import shlex
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    body: dict[str, Any]
    query: dict[str, list[str]]


@dataclass(slots=True)
class RecordedCli:
    """`cli("docker run -d busybox")` is what it sent; raises ValueError with its words where it refused the line."""

    socket: Path
    home: Path
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, line: str) -> Asked:
        self.asked.clear()
        words = shlex.split(line.replace("\\\n", " "))
        result = subprocess.run(
            ["docker", "-H", f"unix://{self.socket}", *words[1:]], capture_output=True, text=True, timeout=90,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        if not self.asked:
            raise ValueError(result.stderr)
        return self.asked[0]


def has_cli_28() -> bool:
    if shutil.which("docker") is None:
        return False
    version = subprocess.run(["docker", "--version"], capture_output=True, text=True, check=False).stdout
    return "version 28." in version


@contextlib.contextmanager
def recording(folder: Path) -> Iterator[RecordedCli]:
    cli = RecordedCli(folder / "s", folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_arguments: object) -> None: ...

        def address_string(self) -> str:
            return "cli"

        def do_HEAD(self) -> None:
            self._answer(200, b"")

        def do_GET(self) -> None:
            self._answer(200, b"OK")

        def do_POST(self) -> None:
            url = urlsplit(self.path)
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            if url.path.endswith("/containers/create"):
                cli.asked.append(Asked(body, parse_qs(url.query)))
            self._answer(500, b'{"message": "written down"}')

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            for name, value in (("Api-Version", "1.51"), ("Ostype", "linux"), ("Content-Type", "application/json")):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    with Server(str(cli.socket), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield cli
        finally:
            server.shutdown()
            thread.join()
