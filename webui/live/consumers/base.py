"""What every websocket does first: who it is, which host, whether they may; and it asks again later."""

import asyncio
import contextlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone

from webui.accounts.notices import EVERYBODY, group_of
from webui.live.rights import ADMINISTRATOR, Rights, rights_asked
from webui.ownership import LEDGER, Kind
from webui.ownership.notices import GROUP as OWNERS

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host

logger = logging.getLogger(__name__)

# Close codes in the range that is ours (RFC 6455, 7.4.2). The scripts do not connect again after these two.
SIGN_IN: Final = 4401
REFUSED: Final = 4403
GONE: Final = 4404
FAILED: Final = 4500

# A browser cannot tell a quiet stream from a line that is dead and was never ended, so it asks.
PING: Final = '{"ping":1}'
PONG: Final = {"t": "pong"}

# Notices say at once when rights change; this is for those that a broken store swallowed.
_ASK_AGAIN_S: Final = 30.0


class LiveConsumer(AsyncWebsocketConsumer):
    """Base of all websockets. A class declares `needs`: an operation of the gate's table, SIGNED_IN,
    ADMINISTRATOR, or BY_ITS_FEED.

    `watch` runs as a task from the moment the socket is open until it closes; when it returns, the socket is closed.
    """

    needs: ClassVar[str] = ""
    # What the `id` in the address names, where there is one.
    kind: ClassVar[Kind] = Kind.CONTAINER
    SIGNED_IN: ClassVar[str] = "signed-in"
    # The feed behind the socket names the operation; `required` then returns it.
    BY_ITS_FEED: ClassVar[str] = "by its feed"
    ADMINISTRATOR: ClassVar[str] = ADMINISTRATOR

    actor: "Actor"
    host: "Host"

    async def connect(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._groups: list[str] = []
        self._has_other_rights = asyncio.Event()
        # Accepted even when refused: a browser is told no close code of a handshake that fails. And before the rights
        # are asked for: when hundreds come at once, that takes longer than a handshake may. Nothing is sent or
        # taken until they are known, as Channels gives a socket one message after the other.
        await self.accept()
        rights = await self._rights()
        if rights.code:
            await self.close(rights.code)
            return
        self._take(rights)
        await self._join()
        self._tasks = [asyncio.create_task(self._guarded()), asyncio.create_task(self._ask_again())]

    async def watch(self) -> None:
        """What this socket does for as long as it is open."""
        raise NotImplementedError

    async def disconnect(self, code: int) -> None:
        for group in self._groups:
            await self.channel_layer.group_discard(group, self.channel_name)
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Most sockets only tell, and hear nothing but whether they are still there."""
        if text_data == PING:
            await self.send_json(PONG)

    async def send_json(self, message: Any) -> None:
        await self.send(text_data=orjson.dumps(message).decode())

    def required(self) -> str:
        """The operation that this socket needs; a list asks for its own."""
        return self.needs

    async def _rights(self) -> Rights:
        slug = self.scope["url_route"]["kwargs"].get("host")
        key = getattr(self.scope.get("session"), "session_key", None)
        reference = self.scope["url_route"]["kwargs"].get("id", "") if slug else ""
        return await rights_asked(
            self.scope["user"], slug, self.required(), session_key=key, kind=self.kind, reference=reference
        )

    async def _join(self) -> None:
        """Hear when the rights of this person, or of everybody, changed."""
        if self.channel_layer is None or self.actor.user_id is None:
            return
        self._groups = [group_of(self.actor.user_id), EVERYBODY, OWNERS]
        for group in self._groups:
            await self.channel_layer.group_add(group, self.channel_name)
        # What changed between the first question and this moment.
        await self._check()

    async def rights_changed(self, _event: dict[str, Any]) -> None:
        """A notice of the channel layer (webui.accounts.notices)."""
        await self._check()

    async def owners_changed(self, _event: dict[str, Any]) -> None:
        """What this socket is about may no longer be theirs to see (webui.ownership.notices). Lists look again.

        The change may be another process's: it is read here, before anybody looks.
        """
        await database_sync_to_async(LEDGER.refresh)(older_than_s=0)
        if self.scope["url_route"]["kwargs"].get("id"):
            await self._check()

    async def _ask_again(self) -> None:
        while True:
            self._has_other_rights.clear()
            try:
                async with asyncio.timeout(self._until_next_question_s()):
                    # With them another grant may be the next to end.
                    await self._has_other_rights.wait()
            except TimeoutError:
                await self._check()

    def _until_next_question_s(self) -> float:
        """Grants end by the clock, without a notice."""
        now = timezone.now()
        ends = [grant.ends_at for grant in self.actor.grants if grant.ends_at and grant.ends_at > now]
        until_end_s = (min(ends) - now).total_seconds() + 0.1 if ends else _ASK_AGAIN_S
        return min(_ASK_AGAIN_S, until_end_s)

    async def _check(self) -> None:
        rights = await self._rights()
        if rights.code:
            await self.close(rights.code)
        else:
            self._take(rights)

    def _take(self, rights: Rights) -> None:
        """What somebody sees and may do follows their role and grants from now on."""
        assert rights.actor is not None  # noqa: S101 - rights without a code have one
        address = str((self.scope.get("client") or ("",))[0])
        self.actor, self.host = replace(rights.actor, address=address), rights.host  # type: ignore[assignment]
        self.scope["user"] = rights.user
        self._has_other_rights.set()
        if rights.target:
            # A name may come to mean something else; the id never does.
            self.scope["url_route"]["kwargs"]["id"] = rights.target

    async def _guarded(self) -> None:
        try:
            await self.watch()
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("websocket %s failed", self.scope["path"])
            await self.close(FAILED)
        else:
            await self.close()
