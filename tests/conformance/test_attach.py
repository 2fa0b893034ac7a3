"""Attaching to the streams of a container: by the CLI, over a raw connection, over a websocket."""

import asyncio
import os
import pty
import select
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import pytest

from tests.conformance.conftest import DockerCli
from tests.daemons import Daemon

pytestmark = pytest.mark.real

_WAIT_S = 90.0


@pytest.fixture(autouse=True)
def nothing_left(engine: Daemon) -> Iterator[None]:
    yield
    engine.remove_all_containers()


def _create(engine: Daemon, script: str, **config: object) -> str:
    body = {"Image": "busybox", "Cmd": ["sh", "-c", script], **config}
    return str(engine.json("POST", "/containers/create", body)["Id"])


@contextmanager
def _hijacked(engine: Daemon, path: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(_WAIT_S)
        stream.connect(str(engine.socket))
        stream.sendall(f"POST {path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += stream.recv(1)
        assert head.startswith(b"HTTP/1.1 101"), head
        yield stream


def _to_the_end(stream: socket.socket) -> bytes:
    received = b""
    while data := stream.recv(1 << 16):
        received += data
    return received


def _frames(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        length = int.from_bytes(data[4:8], "big")
        found.append((data[0], data[8 : 8 + length]))
        data = data[8 + length :]
    return found


def test_everyone_who_is_attached_sees_all_and_each_may_type(engine: Daemon) -> None:
    container = _create(engine, "read a; read b; echo $a$b; echo $a >&2", OpenStdin=True)
    path = f"/containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1"
    with _hijacked(engine, path) as one, _hijacked(engine, path) as other:
        engine.json("POST", f"/containers/{container}/start")
        one.sendall(b"on\n")
        other.sendall(b"off\n")
        seen = [sorted(_frames(_to_the_end(stream))) for stream in (one, other)]
    assert seen[0] == seen[1]
    assert {payload for _, payload in seen[0]} in ({b"onoff\n", b"on\n"}, {b"offon\n", b"off\n"})


def test_the_end_of_input_reaches_the_container_and_its_answer_still_comes(engine: Daemon) -> None:
    container = _create(engine, "cat; echo end", OpenStdin=True, StdinOnce=True)
    with _hijacked(engine, f"/containers/{container}/attach?stream=1&stdin=1&stdout=1") as stream:
        engine.json("POST", f"/containers/{container}/start")
        stream.sendall(b"x" * 100_000)
        stream.shutdown(socket.SHUT_WR)
        text = b"".join(payload for _, payload in _frames(_to_the_end(stream)))
    assert text == b"x" * 100_000 + b"end\n"


def test_what_was_said_before_comes_first_and_then_what_is_said(engine: Daemon) -> None:
    container = _create(engine, "echo early; read go; echo late", OpenStdin=True)
    engine.json("POST", f"/containers/{container}/start")
    deadline = time.monotonic() + _WAIT_S
    while b"early" not in engine.api("GET", f"/containers/{container}/logs?stdout=1")[1]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with _hijacked(engine, f"/containers/{container}/attach?logs=1&stream=1&stdin=1&stdout=1") as stream:
        stream.sendall(b"go\n")
        assert [payload for _, payload in _frames(_to_the_end(stream))] == [b"early\n", b"late\n"]
    with _hijacked(engine, f"/containers/{container}/attach?logs=1&stdout=1") as stream:
        assert [payload for _, payload in _frames(_to_the_end(stream))] == [b"early\n", b"late\n"]


def test_a_websocket_carries_both_ways(engine: Daemon) -> None:
    container = _create(engine, "while read line; do echo got $line; done", OpenStdin=True, StdinOnce=True)
    engine.json("POST", f"/containers/{container}/start")

    async def talk() -> bytes:
        connector = aiohttp.UnixConnector(str(engine.socket))
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.timeout(_WAIT_S):
            path = f"http://d/containers/{container}/attach/ws?stream=1&stdin=1&stdout=1"
            async with session.ws_connect(path) as websocket:
                await websocket.send_bytes(b"bytes\n")
                await websocket.send_str("text\n")
                received = b""
                while received.count(b"\n") < 2:
                    received += (await websocket.receive()).data
                return received

    assert asyncio.run(talk()) == b"got bytes\ngot text\n"
    assert engine.json("POST", f"/containers/{container}/wait")["StatusCode"] == 0


@pytest.mark.parametrize(("options", "keys"), [((), b"\x10\x11"), (("--detach-keys", "ctrl-a,x"), b"\x01x")])
def test_the_detach_keys_leave_the_container_running(docker: DockerCli, options: tuple[str, ...], keys: bytes) -> None:
    container = docker.ok("run", "-dit", "busybox", "sh")
    master, slave = pty.openpty()
    try:
        client = docker.start("attach", *options, container, stdin=slave, stdout=slave, stderr=slave)
        os.write(master, b"echo a$((20+2))\n")
        _read_until(master, b"a22")
        for key in keys:
            os.write(master, bytes([key]))
        client.wait(_WAIT_S)  # its exit code differs between versions of the CLI
    finally:
        os.close(master)
        os.close(slave)
    assert docker.ok("inspect", "-f", "{{.State.Running}}", container) == "true"


def _read_until(fd: int, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        assert select.select([fd], [], [], _WAIT_S)[0], seen
        seen += os.read(fd, 4096)


@pytest.mark.parametrize("command", ["head -c 1000000 /dev/zero | tr '\\0' x; echo", "head -c 300000 /dev/urandom"])
def test_binary_output_and_lines_of_any_length_survive(docker: DockerCli, command: str) -> None:
    container = docker.ok("create", "busybox", "sh", "-c", f"{command} > /out; cat /out")
    base = [docker.path, "-H", docker.daemon.url]
    run, logs = (
        subprocess.run([*base, *words, container], capture_output=True, check=True).stdout
        for words in (("start", "-a"), ("logs",))
    )
    assert len(run) > 250_000
    assert run == logs
