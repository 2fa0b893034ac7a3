"""Both ends of a terminal inside a container: an exec on the host, or the container's own main process."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from django.utils.translation import gettext as _

from webui import gate
from webui.audit import folding
from webui.gate.marks import MARK
from webui.live.execs import NOT_STARTED_CODES, NOT_STARTED_WORDS, says_not_started
from webui.live.hanging_up import hang_up_exec
from webui.live.lines import Demultiplexer
from webui.live.not_started import why_not
from webui.live.shared_size import Shared, shared_size
from webui.live.upstream import Upstream, UpstreamError

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host

Output = Callable[[bytes], Awaitable[None]]
# What docker(1) takes by default, written as its --detach-keys does.
DETACH_KEYS: Final = "ctrl-p,ctrl-q"
_DETACH_BYTES: Final = b"\x10\x11"
_CHUNK_BYTES: Final = 64 * 1024
# 128 and the number of SIGKILL: what every process of a container gets when its main process has ended.
_KILLED: Final = 137
# Of what an engine writes into the terminal of a program that it cannot start.
_MOST_SAID: Final = 300
# How long what is typed waits for a program to say something.
_LONGEST_SILENCE_S: Final = 0.5
# How long an engine may take from the end of a container's streams until it says that the container has stopped: it
# reaps the shim and takes the network down in between. Busy machines need seconds.
_STOPPED_WITHIN_S: Final = 5.0
_STOP_PAUSE_S: Final = 0.1
_BETWEEN_SIZES_S: Final = 0.05


class NotStarted(Exception):
    """Nothing runs; the text says why and what can be done. `is_for_now`: the same may start later."""

    def __init__(self, words: str, *, is_for_now: bool = False) -> None:
        super().__init__(words)
        self.is_for_now = is_for_now


@dataclass(frozen=True, slots=True)
class Ended:
    """How a terminal came to its end: the exit code where there is one, and words for a person."""

    code: int | None
    words: str
    # To ask for the same again would end the same way: the container has no such program, user or folder.
    is_useless: bool = False


class Terminal(Protocol):
    """What a session is about. `write`, `resize`, `unseen` and `hang_up` may be used while `run` is under way."""

    is_tty: bool
    # Whether a window that draws slowly makes the program wait, as a real terminal does. Else it loses a part.
    waits_for_window: bool
    # Called with what all windows that show it have in common, whenever that changes.
    on_shared: Callable[[Shared], None]

    async def run(self, output: Output) -> Ended:
        """Give every byte to `output` until the end. `output` may wait: then the host waits too, and nothing is lost.

        Raises NotStarted, or one of UPSTREAM_ERRORS.
        """

    async def write(self, data: bytes) -> None: ...

    async def resize(self, rows: int, columns: int) -> None:
        """The window has this size."""

    async def unseen(self) -> None:
        """Nobody looks any more: there is no window."""

    async def hang_up(self) -> None:
        """End what runs in it, where ending it is ours; after `run` was cancelled."""


class _Joined:
    """What execs and attached processes share: a connection that was handed over, and a size."""

    def __init__(self, actor: "Actor", host: "Host", container_id: str, *, rows: int, columns: int) -> None:
        self._upstream = Upstream(host, actor)
        self._container_id = container_id
        self._size = (rows, columns)
        # Sizes are told one after the other: of two that are under way at once an engine may take the older one last.
        self._telling = asyncio.Lock()
        self._duplex: gate.Duplex | None = None
        self._is_joined = asyncio.Event()
        # When the run of the container began that this terminal is part of; "" where nobody could tell.
        self._began = ""
        self.on_shared: Callable[[Shared], None] = lambda _shared: None

    async def unseen(self) -> None:
        """Its size stays for whoever comes back."""

    def _join_to(self, duplex: gate.Duplex) -> None:
        self._duplex = duplex
        self._is_joined.set()

    async def write(self, data: bytes) -> None:
        """Waits until there is somebody who takes it: people type before a shell stands."""
        await self._is_joined.wait()
        if self._duplex is not None:
            await self._duplex.write(data)

    async def _resize_at(self, path: str, rows: int, columns: int) -> None:
        if self._duplex is not None:
            # Before it began and after it ended there is nothing to resize; engines call that an error.
            with contextlib.suppress(UpstreamError):
                await self._upstream.call("POST", path, query={"h": str(rows), "w": str(columns)})

    async def _state_after(self, *, is_ending: bool) -> dict[str, Any]:
        """The container's state when a stream has ended: streams end before a container is seen to have stopped.

        Of one that was removed it is {}. One that was started anew meanwhile is running, in another run.
        """
        deadline = asyncio.get_running_loop().time() + (_STOPPED_WITHIN_S if is_ending else 0)
        while True:
            try:
                found = await self._upstream.get(f"/containers/{self._container_id}/json")
            except UpstreamError as error:
                if error.status != 404:
                    raise
                return {}
            state: dict[str, Any] = found["State"]
            is_settled = not state.get("Running") or self._is_other_run(state)
            if is_settled or asyncio.get_running_loop().time() >= deadline:
                return state
            await asyncio.sleep(_STOP_PAUSE_S)

    def _is_other_run(self, state: Mapping[str, Any]) -> bool:
        return bool(self._began) and state.get("StartedAt") != self._began


def _anew_words() -> str:
    return _("The container was started anew, which ended what ran here.")


def _detached_words() -> str:
    return _("Detached. The process goes on without you.")


def _stopped_words(state: Mapping[str, Any]) -> str:
    return _("The container has stopped.") if state else _("The container was removed.")


class ExecTerminal(_Joined):
    """A process of its own beside those of the container."""

    is_tty = True
    waits_for_window = True

    def __init__(
        self, actor: "Actor", host: "Host", container_id: str, argv: Sequence[str], *, rows: int, columns: int,
        user: str = "", folder: str = "",
    ) -> None:  # fmt: skip
        super().__init__(actor, host, container_id, rows=rows, columns=columns)
        self._argv, self._user, self._folder = list(argv), user, folder
        self._exec_id = ""
        self._mark = secrets.token_hex(8)
        self._is_used = False
        self._first_words = ""
        self._has_size = asyncio.Event()

    async def run(self, output: Output) -> Ended:
        body: dict[str, Any] = {
            "AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": True, "Cmd": self._argv,
            "Env": ["TERM=xterm-256color", f"{MARK}={self._mark}"],
        }  # fmt: skip
        body |= {key: value for key, value in (("User", self._user), ("WorkingDir", self._folder)) if value}
        path = f"/containers/{self._container_id}/exec"
        created, self._began = await asyncio.gather(self._upstream.call("POST", path, json=body), self._run_began())
        self._exec_id = str(created["Id"])
        refusal = await self._join(output)
        if refusal:
            raise await self._not_started(refusal)
        try:
            state = await self._exec_after()
        except UpstreamError:
            # Engines forget an exec along with the run of its container, and Podman at once.
            return await self._ended(None)
        if state.get("Running"):
            return Ended(None, _detached_words())
        code = int(state.get("ExitCode") or 0)
        if code in NOT_STARTED_CODES and not self._is_used:
            # Nobody has typed and it has ended so: whatever words the engine found for it, it never began.
            raise await self._not_started(self._first_words)
        return await self._ended(code)

    async def _exec_after(self) -> dict[str, Any]:
        """The exec when its stream has ended: on dockerd that may be before it is seen to have ended."""
        deadline = asyncio.get_running_loop().time() + _STOPPED_WITHIN_S
        while True:
            state = await self._upstream.get(f"/exec/{self._exec_id}/json")
            if not state.get("Running") or asyncio.get_running_loop().time() >= deadline:
                return dict(state)
            await asyncio.sleep(_STOP_PAUSE_S)

    async def _ended(self, code: int | None) -> Ended:
        state = await self._state_after(is_ending=code is None or code == _KILLED)
        if not state.get("Running"):
            return Ended(code if state else None, _stopped_words(state))
        if code is None or self._is_other_run(state):
            return Ended(None, _anew_words())
        return Ended(code, _("%(program)s has ended, exit code %(code)s.") % {"program": self._argv[0], "code": code})

    async def _run_began(self) -> str:
        try:
            found = await self._upstream.get(f"/containers/{self._container_id}/json")
        except UpstreamError:
            return ""
        return str(found["State"].get("StartedAt") or "")

    async def _not_started(self, said: str) -> NotStarted:
        why = await why_not(
            self._upstream, self._container_id, self._argv, user=self._user, folder=self._folder, said=said
        )
        return NotStarted(why.words, is_for_now=why.is_for_now)

    async def _join(self, output: Output) -> str:
        """Join the exec until it ends; what the engine said where it could not be started, else ""."""
        path = f"/exec/{self._exec_id}/start"
        start = {"Detach": False, "Tty": True, "ConsoleSize": list(self._size)}
        is_first = True
        folding.next_is_head()
        try:
            async with gate.hijack(self._upstream.actor, self._upstream.host, "POST", path, json=start) as duplex:
                self._join_to(duplex)
                await self.resize(*self._size)
                while data := await duplex.read(_CHUNK_BYTES):
                    if is_first and any(words in data[:200] for words in NOT_STARTED_WORDS):
                        return data.decode(errors="replace").strip()
                    if is_first:
                        self._first_words = data[:_MOST_SAID].decode(errors="replace").strip()
                        # A size that is told before the terminal stands is lost; engines from API 1.42 on take it
                        # from the body.
                        is_first = False
                        await self.resize(*self._size)
                        self._has_size.set()
                    await output(data)
        except gate.HostRefused as error:
            # Engines that notice before they hand over the connection answer 400 or 500 with the same words.
            if says_not_started(str(error).encode()):
                return str(error)
            raise
        finally:
            self._duplex = None
        return ""

    async def write(self, data: bytes) -> None:
        """Also waits for the terminal's size, which older engines take only once it stands: it prompts then, mostly."""
        self._is_used = True
        await self._is_joined.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_SILENCE_S):
                await self._has_size.wait()
        self._has_size.set()
        await super().write(data)

    async def resize(self, rows: int, columns: int) -> None:
        self._size = (rows, columns)
        async with self._telling:
            await self._resize_at(f"/exec/{self._exec_id}/resize", *self._size)

    async def hang_up(self) -> None:
        """Engines leave an exec running when its connection ends; no shell of a closed tab should stay behind."""
        if self._exec_id:
            await hang_up_exec(self._upstream.host, self._exec_id, self._mark)


class AttachTerminal(_Joined):
    """The container's main process. It goes on when nobody is attached any more, and waits for nobody's window: what it
    does is not only for those who look.
    """

    waits_for_window = False

    def __init__(self, actor: "Actor", host: "Host", container_id: str, *, rows: int, columns: int) -> None:
        super().__init__(actor, host, container_id, rows=rows, columns=columns)
        self.is_tty = self.takes_input = False
        self._last_typed = b""
        self._shared = shared_size((host.pk, container_id))
        self._telling = self._shared.telling
        self._told: Shared | None = None

    async def look(self) -> None:
        """Ask what kind of process it is. Raises NotStarted where there is none, or one of UPSTREAM_ERRORS."""
        found = await self._upstream.get(f"/containers/{self._container_id}/json")
        if not found["State"].get("Running"):
            raise NotStarted(_("The container is not running. Start it, then attach again."), is_for_now=True)
        self._began = str(found["State"].get("StartedAt") or "")
        self.is_tty = bool(found["Config"].get("Tty"))
        self.takes_input = bool(found["Config"].get("OpenStdin"))

    async def run(self, output: Output) -> Ended:
        query = {"stream": "1", "stdout": "1", "stderr": "1", "detachKeys": DETACH_KEYS}
        if self.takes_input:
            query["stdin"] = "1"
        path = f"/containers/{self._container_id}/attach"
        try:
            async with gate.hijack(self._upstream.actor, self._upstream.host, "POST", path, query=query) as duplex:
                self._join_to(duplex)
                if self.is_tty:
                    self._shared.show(self, self._size, self._tell)
                    await self._redrawn()
                cutter = Demultiplexer(is_terminal=self.is_tty)
                while data := await duplex.read(_CHUNK_BYTES):
                    for _stream, payload, _goes_on in cutter.feed(data):
                        await output(payload)
        finally:
            self._duplex = None
            self._shared.leave(self)
        state = await self._state_after(is_ending=not self._last_typed.endswith(_DETACH_BYTES))
        if state.get("Running"):
            is_anew = self._is_other_run(state)
            return Ended(None, _anew_words() if is_anew else _detached_words())
        if not state:
            return Ended(None, _stopped_words(state))
        code = int(state.get("ExitCode") or 0)
        return Ended(code, _("The main process has ended, exit code %s.") % code)

    async def _redrawn(self) -> None:
        """Programs draw themselves anew when their size changes: one that did not change is changed twice."""
        async with self._telling:
            rows, columns = self._shared.size or self._size
            await self._resize_at(self._resize_path, rows, max(1, columns - 1))
            # The program is to see the one before the other comes, as is Podman's conmon before 2.2.0: of two that it
            # reads at once it takes the first. Another window may have come meanwhile.
            await asyncio.sleep(_BETWEEN_SIZES_S)
            await self._resize_at(self._resize_path, *(self._shared.size or self._size))

    @property
    def _resize_path(self) -> str:
        return f"/containers/{self._container_id}/resize"

    def _tell(self, shared: Shared) -> None:
        if self._told != shared:
            self._told = shared
            self.on_shared(shared)

    async def write(self, data: bytes) -> None:
        if self.takes_input:
            self._last_typed = (self._last_typed + data)[-len(_DETACH_BYTES) :]
            await super().write(data)

    async def resize(self, rows: int, columns: int) -> None:
        self._size = (rows, columns)
        if self.is_tty and self._duplex is not None:
            self._shared.show(self, self._size, self._tell)
            async with self._telling:
                await self._resize_at(self._resize_path, *(self._shared.size or self._size))

    async def unseen(self) -> None:
        self._shared.leave(self)

    async def hang_up(self) -> None:
        """Nothing: the process is not ours to end."""
