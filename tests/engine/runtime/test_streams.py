"""Streams of containers and execs: attach packets, stdin, terminals."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config import EngineConfig
from engine.errors import Conflict
from engine.runtime import ExecHandle, Runtime, StartFailed, connect_attach
from engine.runtime.shim import Shim, ShimRecord
from engine.spec import HostFacts, ProcessUser, exec_process

pytestmark = pytest.mark.real

MakeTrial = Callable[..., Any]
STDOUT, STDERR = 2, 3


async def packets(connection: socket.socket) -> AsyncIterator[tuple[int, bytes]]:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(90):
        while packet := await loop.sock_recv(connection, 16384):
            yield packet[0], packet[1:]


async def output(connection: socket.socket, stream: int = STDOUT) -> str:
    return b"".join([payload async for kind, payload in packets(connection) if kind == stream]).decode()


async def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    received = b""
    async for _, payload in packets(connection):
        received += payload
        if wanted in received:
            return received
    raise AssertionError(f"the stream ended without {wanted!r}: {received!r}")


async def test_who_attaches_between_create_and_start_misses_nothing(trial: MakeTrial) -> None:
    container = trial(["sh", "-c", "echo out; echo err >&2"])
    await container.create()
    with connect_attach(container.runtime.attach_path(container.id)) as connection:
        await container.runtime.start(container.id)
        received = [packet async for packet in packets(connection)]
    assert sorted(received) == [(STDOUT, b"out\n"), (STDERR, b"err\n")]


async def test_everyone_who_is_attached_gets_everything(trial: MakeTrial) -> None:
    container = trial(["echo", "hello"])
    await container.create()
    path = container.runtime.attach_path(container.id)
    with connect_attach(path) as first, connect_attach(path) as second:
        await container.runtime.start(container.id)
        assert await asyncio.gather(output(first), output(second)) == ["hello\n", "hello\n"]


async def test_the_end_of_stdin_reaches_the_container_and_its_answer_still_comes(trial: MakeTrial) -> None:
    container = trial(["sh", "-c", "cat; echo done"])
    await container.create(open_stdin=True, stdin_once=True)
    with connect_attach(container.runtime.attach_path(container.id)) as connection:
        await container.runtime.start(container.id)
        connection.send(b"over\n")
        connection.shutdown(socket.SHUT_WR)
        assert await output(connection) == "over\ndone\n"
    assert (await container.end()).code == 0


async def test_without_stdin_once_the_next_client_can_go_on(trial: MakeTrial) -> None:
    container = trial(["sh", "-c", "read a; read b; echo $a-$b"])
    await container.create(open_stdin=True)
    path = container.runtime.attach_path(container.id)
    await container.runtime.start(container.id)
    with connect_attach(path) as connection:
        connection.send(b"one\n")
    with connect_attach(path) as connection:
        connection.send(b"two\n")
        assert await output(connection) == "one-two\n"


async def test_a_container_without_stdin_reads_its_end_at_once(trial: MakeTrial) -> None:
    _, written = await trial(["sh", "-c", "cat; echo end"]).run()
    assert written == "end"


async def test_a_terminal_has_the_size_that_it_was_given(trial: MakeTrial) -> None:
    container = trial(["sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"], tty=True)
    await container.create(tty=True, open_stdin=True)
    with connect_attach(container.runtime.attach_path(container.id)) as connection:
        await container.runtime.start(container.id)
        await read_until(connection, b"ready")
        await container.runtime.resize(container.id, 33, 111)
        assert await read_until(connection, b"33 111\r\n")


async def test_of_many_sizes_the_last_counts_however_late_they_are_read(trial: MakeTrial) -> None:
    container = trial(
        ["sh", "-c", 'echo ready; until [ "$(stty size)" = "30 109" ]; do sleep 0.05; done; echo fits'], tty=True
    )
    await container.create(tty=True, open_stdin=True)
    with connect_attach(container.runtime.attach_path(container.id)) as connection:
        await container.runtime.start(container.id)
        await read_until(connection, b"ready")
        record = ShimRecord.load(container.runtime.attach_path(container.id).with_name("shim.json"))
        assert record is not None
        os.kill(record.shim_pid, signal.SIGSTOP)
        try:
            for columns in range(60, 110):
                await container.runtime.resize(container.id, 30, columns)
            await container.runtime.reopen_log(container.id)
        finally:
            os.kill(record.shim_pid, signal.SIGCONT)
        assert await read_until(connection, b"fits")


async def test_resizing_what_has_ended_is_a_conflict(trial: MakeTrial) -> None:
    container = trial(["true"], tty=True)
    await container.run(tty=True)
    with pytest.raises(Conflict, match="not running"):
        await container.runtime.resize(container.id, 33, 111)


@pytest.fixture
async def running(trial: MakeTrial) -> Any:
    container = trial(["sleep", "600"], env=["COLOUR=blue"])
    await container.start()
    return container


async def run_exec(running: Any, args: list[str], *, stdin: bytes | None = None, **options: Any) -> tuple[int, str]:
    """Run an exec to its end: exit code and stdout."""
    tty = options.get("tty", False)
    process = exec_process(running.bundle.spec, args, facts=HostFacts.read(), **options)
    connections: list[socket.socket] = []

    async def attach(path: Path) -> None:
        connections.append(connect_attach(path))

    handle: ExecHandle = await running.runtime.exec(
        running.id, secrets.token_hex(32), process, tty=tty, stdin=stdin is not None, on_attachable=attach
    )
    with connections[0] as connection:
        if stdin is not None:
            connection.send(stdin)
            connection.shutdown(socket.SHUT_WR)
        text = await output(connection)
    return await handle.wait(), text


async def test_an_exec_misses_no_output_and_has_an_exit_code(running: Any) -> None:
    assert await run_exec(running, ["sh", "-c", "echo quick; exit 6"]) == (6, "quick\n")


async def test_an_exec_reads_its_stdin_to_the_end(running: Any) -> None:
    assert await run_exec(running, ["cat"], stdin=b"through\n") == (0, "through\n")


async def test_an_exec_has_the_environment_of_the_container_and_its_own(running: Any) -> None:
    _, text = await run_exec(running, ["sh", "-c", "echo $COLOUR $SIZE"], env=["SIZE=small"])
    assert text == "blue small\n"


async def test_an_exec_can_run_as_somebody_else_elsewhere(running: Any) -> None:
    user = ProcessUser(1000, 1000, (29,), "/home/olga")
    code, text = await run_exec(running, ["sh", "-c", "id -u; id -G; ls -d .; echo $HOME"], user=user, cwd="/tmp")
    assert (code, text) == (0, "1000\n1000 29\n.\n/home/olga\n")


async def test_an_exec_is_filtered_as_its_container_is(running: Any) -> None:
    _, text = await run_exec(running, ["grep", "^Seccomp:", "/proc/self/status"])
    assert text.split() == ["Seccomp:", "2"]


async def test_an_exec_with_a_terminal_has_one(running: Any) -> None:
    code, text = await run_exec(running, ["sh", "-c", "[ -t 0 ] && [ -t 1 ] && echo yes"], tty=True)
    assert (code, text) == (0, "yes\r\n")


async def test_the_terminal_of_an_exec_can_be_resized(running: Any) -> None:
    process = exec_process(running.bundle.spec, ["sh"], facts=HostFacts.read(), tty=True)
    connections: list[socket.socket] = []

    async def attach(path: Path) -> None:
        connections.append(connect_attach(path))

    handle = await running.runtime.exec(
        running.id, secrets.token_hex(32), process, tty=True, stdin=True, on_attachable=attach
    )
    with connections[0] as connection:
        await handle.resize(44, 99)
        connection.send(b"stty size; exit\n")
        assert b"44 99" in await read_until(connection, b"44 99")
    assert await handle.wait() == 0


async def test_an_exec_that_nobody_watches_runs_to_its_end(running: Any) -> None:
    process = exec_process(running.bundle.spec, ["sh", "-c", "exit 3"], facts=HostFacts.read())
    handle = await running.runtime.exec(running.id, secrets.token_hex(32), process)
    async with asyncio.timeout(90):
        assert await handle.wait() == 3


async def test_an_exec_can_be_killed(running: Any) -> None:
    process = exec_process(running.bundle.spec, ["sleep", "600"], facts=HostFacts.read())
    handle = await running.runtime.exec(running.id, secrets.token_hex(32), process)
    await handle.kill(9)
    async with asyncio.timeout(90):
        assert await handle.wait() == 137


@pytest.mark.parametrize("attached", [True, False])
async def test_an_exec_of_nothing_says_so_and_leaves_nothing(
    running: Any, config: EngineConfig, attached: bool
) -> None:
    process = exec_process(running.bundle.spec, ["nowhere"], facts=HostFacts.read())

    async def attach(path: Path) -> None:
        connect_attach(path).close()

    with pytest.raises(StartFailed, match="executable file not found in \\$PATH") as failure:
        await running.runtime.exec(
            running.id, secrets.token_hex(32), process, on_attachable=attach if attached else None
        )
    assert failure.value.exit_code == 127
    assert not list((config.exec_root / "execs").iterdir())


async def test_an_exec_whose_client_failed_to_attach_is_not_run(running: Any, config: EngineConfig) -> None:
    process = exec_process(running.bundle.spec, ["touch", "/tmp/was-run"], facts=HostFacts.read())

    async def refuse(_path: Path) -> None:
        raise ConnectionError("went away")

    with pytest.raises(ConnectionError):
        await running.runtime.exec(running.id, secrets.token_hex(32), process, on_attachable=refuse)
    assert not list((config.exec_root / "execs").iterdir())
    assert not (Path(running.bundle.spec["root"]["path"]) / "tmp/was-run").exists()


async def test_an_exec_in_a_container_that_has_ended_is_a_conflict(trial: MakeTrial, runtime: Runtime) -> None:
    container = trial(["true"])
    await container.run()
    process = exec_process(container.bundle.spec, ["true"], facts=HostFacts.read())
    with pytest.raises(Conflict, match="not running"):
        await runtime.exec(container.id, secrets.token_hex(32), process)


async def test_an_exec_ends_with_its_first_process_whatever_that_leaves_behind(running: Any) -> None:
    process = exec_process(running.bundle.spec, ["sh", "-c", "sleep 50 & exit 4"], facts=HostFacts.read())
    handle = await running.runtime.exec(running.id, secrets.token_hex(32), process)
    async with asyncio.timeout(90):
        assert await handle.wait() == 4


async def test_a_conmon_that_was_gone_before_we_looked_has_ended(tmp_path: Path) -> None:
    """Where init collects the dead at once, an exec of `true` and its conmon are gone when their pids are read."""
    process = subprocess.Popen(["true"])
    process.wait()
    record = ShimRecord(process.pid, 0, process.pid, 0, cgroup_path="", command="true", is_tty=False)
    shim = Shim(tmp_path, record)
    assert shim.has_ended
    assert await shim.wait(timeout_s=90)
    assert await shim.wait_process(timeout_s=90)
    shim.kill()
    shim.close()
