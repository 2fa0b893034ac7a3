"""Clients that cost little: what is measured is the daemon."""

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

from tests.daemons import Daemon, UnixConnection

_TIMEOUT_S = 120


class Client:
    """Keep-alive requests on one connection."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self._connection = UnixConnection(daemon.socket)

    def reconnect(self) -> None:
        """After a restart of the daemon."""
        self._connection.close()

    def call(self, method: str, path: str, body: object = None) -> bytes:
        return self._request(self._connection, method, path, body)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        return json.loads(self.call(method, path, body))

    def once(self, method: str, path: str, body: object = None) -> bytes:
        """On a connection of its own: for answers that end with it, or that take long."""
        connection = UnixConnection(self.daemon.socket, _TIMEOUT_S)
        try:
            return self._request(connection, method, path, body)
        finally:
            connection.close()

    @contextlib.contextmanager
    def streamed(self, path: str) -> Iterator[http.client.HTTPResponse]:
        """An answer that is read as it comes."""
        connection = UnixConnection(self.daemon.socket, _TIMEOUT_S)
        try:
            connection.request("GET", path)
            yield connection.getresponse()
        finally:
            connection.close()

    def create(self, **body: object) -> str:
        return str(self.ask("POST", "/containers/create", {"Image": "busybox", **body})["Id"])

    def run(self, **body: object) -> str:
        container_id = self.create(**body)
        self.call("POST", f"/containers/{container_id}/start")
        return container_id

    def run_to_end(self, container_id: str) -> None:
        self.call("POST", f"/containers/{container_id}/start")
        self.once("POST", f"/containers/{container_id}/wait")

    def remove(self, container_id: str) -> None:
        self.call("DELETE", f"/containers/{container_id}?force=1")

    @contextlib.contextmanager
    def hijack(self, path: str) -> Iterator[socket.socket]:
        """The raw stream behind an attach."""
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(_TIMEOUT_S)
            stream.connect(str(self.daemon.socket))
            stream.sendall(
                f"POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                "Content-Length: 0\r\n\r\n".encode()
            )
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):  # byte by byte: what follows is output already
                answer += stream.recv(1)
            if not answer.startswith(b"HTTP/1.1 101"):
                raise AssertionError(f"{self.daemon.name} {path}: {answer!r}")
            yield stream

    def _request(self, connection: UnixConnection, method: str, path: str, body: object) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        response = connection.getresponse()
        answer = response.read()
        if response.status >= 400:
            raise AssertionError(f"{self.daemon.name} {method} {path}: {response.status} {answer!r}")
        return answer
