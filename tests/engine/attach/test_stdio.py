"""The process's side is the other end of a real packet socket, as conmon's is."""

import asyncio
import socket

import pytest

from engine.attach import AttachSession, Stdio
from tests.waiting import PATIENCE_S


@pytest.fixture
def process() -> "tuple[socket.socket, socket.socket]":
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    theirs.settimeout(90)
    return ours, theirs


def join(stdio: Stdio, *, stdin: bool = True, keys: bytes = b"") -> AttachSession:
    return stdio.join(stdin=stdin, stdout=True, stderr=True, detach_keys=keys)


async def everything(session: AttachSession) -> list[tuple[int, bytes]]:
    return [piece async for piece in session.output()]


async def test_who_joins_before_the_start_misses_nothing(process: "tuple[socket.socket, socket.socket]") -> None:
    ours, theirs = process
    stdio = Stdio(is_tty=False, closes_stdin=True)
    with join(stdio) as first, join(stdio, stdin=False) as second:
        theirs.send(b"\x02out")
        theirs.send(b"\x03err")
        theirs.close()
        stdio.connect(ours)
        assert await everything(first) == await everything(second) == [(1, b"out"), (2, b"err")]


async def test_input_that_comes_before_the_start_waits_for_it(process: "tuple[socket.socket, socket.socket]") -> None:
    ours, theirs = process
    stdio = Stdio(is_tty=False, closes_stdin=True)

    async def type_and_end(session: AttachSession) -> None:
        await session.send(b"typed early")
        await session.end_input()

    with join(stdio) as session:
        typing = asyncio.create_task(type_and_end(session))
        await asyncio.sleep(0)
        stdio.connect(ours)
        await asyncio.wait_for(typing, PATIENCE_S)
        assert theirs.recv(100) == b"typed early"
        assert theirs.recv(100) == b""
        theirs.send(b"\x02answer")
        theirs.close()
        assert await everything(session) == [(1, b"answer")]


async def test_the_end_of_input_is_the_process_s_only_where_stdin_is_once(
    process: "tuple[socket.socket, socket.socket]",
) -> None:
    ours, theirs = process
    stdio = Stdio(is_tty=False, closes_stdin=False)
    with join(stdio) as session, join(stdio) as other:
        stdio.connect(ours)
        await session.end_input()
        await other.send(b"more")
        assert theirs.recv(100) == b"more"


async def test_detaching_ends_the_session_and_not_the_process(process: "tuple[socket.socket, socket.socket]") -> None:
    ours, theirs = process
    stdio = Stdio(is_tty=True, closes_stdin=False)
    with join(stdio, keys=b"\x10\x11") as session, join(stdio) as other:
        stdio.connect(ours)
        assert not await session.send(b"x\x10\x11y")
        assert await everything(session) == []
        assert theirs.recv(100) == b"x"
        theirs.send(b"\x02on")
        theirs.close()
        assert await everything(other) == [(1, b"on")]


async def test_a_slow_reader_slows_the_process_and_loses_nothing(
    process: "tuple[socket.socket, socket.socket]",
) -> None:
    ours, theirs = process
    theirs.setblocking(False)
    stdio = Stdio(is_tty=False, closes_stdin=False)
    loop = asyncio.get_running_loop()
    with join(stdio) as session:
        stdio.connect(ours)

        async def write() -> None:
            for _ in range(1000):
                await loop.sock_sendall(theirs, b"\x02" + b"x" * 8000)
            theirs.close()

        writing = asyncio.create_task(write())
        while not session.is_full:
            await asyncio.sleep(0)
        assert not writing.done()
        assert sum(len(payload) for _, payload in await everything(session)) == 8_000_000


async def test_where_all_only_type_the_shim_may_stop_sending(process: "tuple[socket.socket, socket.socket]") -> None:
    ours, theirs = process
    stdio = Stdio(is_tty=False, closes_stdin=False)
    with stdio.join(stdin=True, stdout=False, stderr=False, detach_keys=b"") as session:
        stdio.connect(ours)
        with pytest.raises(BrokenPipeError):
            theirs.send(b"\x02for nobody")
        await session.send(b"typed")
        assert theirs.recv(100) == b"typed"
        stdio.process_ended()
        assert await everything(session) == []
    assert theirs.recv(100) == b""


async def test_who_listens_later_hears_by_a_connection_of_its_own(
    process: "tuple[socket.socket, socket.socket]",
) -> None:
    for_input, theirs = process
    for_output, their_output = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for_output.setblocking(False)
    stdio = Stdio(is_tty=False, closes_stdin=True)
    with stdio.join(stdin=True, stdout=False, stderr=False, detach_keys=b"") as typist:
        stdio.connect(for_input)
        assert not stdio.is_missed
        with join(stdio, stdin=False) as listener:
            assert stdio.is_missed
            stdio.listen(for_output)
            assert not stdio.is_missed
            await typist.send(b"typed")
            assert theirs.recv(100) == b"typed"
            await typist.end_input()
            assert theirs.recv(100) == their_output.recv(100) == b""  # it ends with the last client's
            their_output.send(b"\x02last words")
            stdio.process_ended()  # what was said before is still to be heard
            their_output.close()
            assert await everything(listener) == [(1, b"last words")]
            assert await everything(typist) == []
    assert theirs.recv(100) == b""
