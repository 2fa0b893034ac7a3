"""A program run to its end inside a container, without a terminal: its exit code and what it wrote, within bounds."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from webui import gate
from webui.live.lines import STDOUT, Demultiplexer
from webui.live.upstream import Upstream

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host

# How an engine says, in the stream or in its answer, that a program could not be started.
NOT_STARTED_WORDS: Final = (b"OCI runtime exec failed", b"exec failed", b"crun:", b"runc:", b"cannot exec")
# What only says so as an answer of its own: a program may write the same.
_REFUSAL_WORDS: Final = (b"not found", b"no such file", b"unable to find user", b"unable to find group")
# "Cannot be executed" and "not found" (docker-run(1), Exit Status).
NOT_STARTED_CODES: Final = frozenset({126, 127})
_CHUNK_BYTES: Final = 64 * 1024


class TooMuchOutput(OSError):
    """A program wrote more than was asked to be kept."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended. `was_started` is False where the image has no such program."""

    code: int
    out: bytes = b""
    err: bytes = b""
    was_started: bool = True


async def ran(
    actor: "Actor", host: "Host", container_id: str, argv: Sequence[str], *, stdin: bytes | None = None, user: str = "",
    most_bytes: int = 1 << 20, timeout_s: float = 30,
) -> Ran:  # fmt: skip
    """Run `argv` (no shell reads it), give it `stdin` and the end of it, and wait.

    Raises TimeoutError and TooMuchOutput (the program is then cut off from its output, and not waited for), or another
    of UPSTREAM_ERRORS. An exec cannot be ended by the API: what ignores its closed pipe runs on.
    """
    upstream = Upstream(host, actor)
    body: dict[str, Any] = {
        "AttachStdin": stdin is not None, "AttachStdout": True, "AttachStderr": True, "Tty": False, "Cmd": list(argv),
    }  # fmt: skip
    if user:
        body["User"] = user
    async with asyncio.timeout(timeout_s):
        created = await upstream.call("POST", f"/containers/{container_id}/exec", json=body)
        exec_id = str(created["Id"])
        try:
            out, err = await _streams(upstream, exec_id, stdin, most_bytes)
        except gate.HostRefused as error:
            if says_not_started(str(error).encode()):
                return Ran(127, err=str(error).encode(), was_started=False)
            raise
        state = await upstream.get(f"/exec/{exec_id}/json")
    code = int(state.get("ExitCode") or 0)
    was_started = not (code in NOT_STARTED_CODES and says_not_started(out + err, alone=False))
    return Ran(code, out, err, was_started)


def says_not_started(words: bytes, *, alone: bool = True) -> bool:
    """Whether these words say that a program could not be started. `alone`: they are an answer, not a program's."""
    known = (*NOT_STARTED_WORDS, *_REFUSAL_WORDS) if alone else NOT_STARTED_WORDS
    return not words or any(one in words for one in known)


async def _streams(upstream: Upstream, exec_id: str, stdin: bytes | None, most_bytes: int) -> tuple[bytes, bytes]:
    kept = {True: bytearray(), False: bytearray()}
    start = {"Detach": False, "Tty": False}
    async with gate.hijack(upstream.actor, upstream.host, "POST", f"/exec/{exec_id}/start", json=start) as duplex:
        writing = asyncio.create_task(_write(duplex, stdin)) if stdin is not None else None
        try:
            cutter = Demultiplexer(is_terminal=False)
            size = 0
            while data := await duplex.read(_CHUNK_BYTES):
                size += len(data)
                if size > most_bytes:
                    raise TooMuchOutput(f"it wrote more than {most_bytes} bytes")
                for stream, payload, _goes_on in cutter.feed(data):
                    kept[stream == STDOUT] += payload
        finally:
            if writing is not None:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
    return bytes(kept[True]), bytes(kept[False])


async def _write(duplex: gate.Duplex, data: bytes) -> None:
    await duplex.write(data)
    await duplex.write_end()
