"""A terminal inside a container: an exec on the host, with the shell that the image has, joined to a browser."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from webui import gate
from webui.live.upstream import Upstream, UpstreamError

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host

# One exec for the usual case: bash where there is one, else sh. The second is for images that have bash and no sh.
SHELLS: Final[tuple[tuple[str, ...], ...]] = (
    ("/bin/sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi"),
    ("/bin/bash",),
    ("sh",),
)
# How an engine says in the stream itself that the command could not be started: the connection is handed over by then.
_REFUSALS: Final = (b"OCI runtime exec failed", b"exec failed", b"crun:", b"runc:", b"cannot exec")
# "Cannot be executed" and "not found" (docker-run(1), Exit Status).
_NOT_STARTED: Final = frozenset({126, 127})
_CHUNK: Final = 64 * 1024


class NoShell(Exception):
    """The container holds no shell to type in; the text says so and what can be done."""


class Terminal:
    """One exec with a terminal. `write`, `resize` and `close` may be used while `run` is under way."""

    def __init__(
        self, actor: "Actor", host: "Host", container_id: str, *, rows: int, columns: int, user: str = ""
    ) -> None:
        self._upstream = Upstream(host, actor)
        self._container_id, self._user = container_id, user
        self._size = (rows, columns)
        self._duplex: gate.Duplex | None = None
        self._exec_id = ""
        self._is_used = False

    async def run(self, output: Callable[[bytes], Awaitable[None]], *, command: Sequence[str] | None = None) -> int:
        """Give every byte of the terminal to `output` until the shell ends; returns its exit code.

        `output` may wait: then the host waits too, and nothing is lost. Raises NoShell, or one of UPSTREAM_ERRORS.
        """
        for argv in [tuple(command)] if command else SHELLS:
            code = await self._attempt(argv, output)
            if code is not None:
                return code
        raise NoShell(
            _(
                "This container has no shell: neither bash nor sh is in its image. Its files and processes can still "
                "be seen from the other pages; an image with a shell (busybox) can share its namespaces."
            )
        )

    async def _attempt(self, argv: Sequence[str], output: Callable[[bytes], Awaitable[None]]) -> int | None:
        """The exit code, or None when this command could not be started."""
        body: dict[str, Any] = {
            "AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": True,
            "Cmd": list(argv), "Env": ["TERM=xterm-256color"],
        }  # fmt: skip
        if self._user:
            body["User"] = self._user
        created = await self._upstream.call("POST", f"/containers/{self._container_id}/exec", json=body)
        self._exec_id = str(created["Id"])
        self._is_used = False
        if await self._join(output):
            return None
        state = await self._upstream.get(f"/exec/{self._exec_id}/json")
        code = int(state.get("ExitCode") or 0)
        # Nobody has typed and it has ended so: whatever words the engine found for it, it never began.
        return None if code in _NOT_STARTED and not self._is_used else code

    async def _join(self, output: Callable[[bytes], Awaitable[None]]) -> bool:
        """Join the exec until it ends; whether all that came was the engine's word that it could not be started."""
        path = f"/exec/{self._exec_id}/start"
        start = {"Detach": False, "Tty": True, "ConsoleSize": list(self._size)}
        is_first = True
        try:
            async with gate.hijack(self._upstream.actor, self._upstream.host, "POST", path, json=start) as duplex:
                self._duplex = duplex
                await self.resize(*self._size)
                # A size that is told before the terminal stands is lost; engines from API 1.42 on take it from the
                # body.
                while data := await duplex.read(_CHUNK):
                    if is_first and any(words in data[:200] for words in _REFUSALS):
                        return True
                    if is_first:
                        is_first = False
                        await self.resize(*self._size)
                    await output(data)
        except gate.HostRefused as error:
            # Engines that notice before they hand over the connection answer 400 or 500 with the same words.
            if any(words in str(error).encode() for words in (*_REFUSALS, b"not found", b"no such file")):
                return True
            raise
        finally:
            self._duplex = None
        return False

    async def write(self, data: bytes) -> None:
        if self._duplex is not None:
            self._is_used = True
            await self._duplex.write(data)

    async def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal its size; between two attempts it is kept for the next."""
        self._size = (rows, columns)
        if self._duplex is not None:
            query = {"h": str(rows), "w": str(columns)}
            # Before it began and after it ended there is nothing to resize; engines call that an error.
            with contextlib.suppress(UpstreamError):
                await self._upstream.call("POST", f"/exec/{self._exec_id}/resize", query=query)
