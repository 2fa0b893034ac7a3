"""What every websocket does first: who it is, which host, whether they may; and it asks again later."""

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from webui.live.rights import Rights, rights_of

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host

logger = logging.getLogger(__name__)

# Close codes in the range that is ours (RFC 6455, 7.4.2). The scripts do not connect again after these two.
SIGN_IN: Final = 4401
REFUSED: Final = 4403
GONE: Final = 4404
FAILED: Final = 4500

_ASK_AGAIN_S: Final = 30.0


class LiveConsumer(AsyncWebsocketConsumer):
    """Base of all websockets. A class declares `needs`: an operation of the gate's table, or SIGNED_IN.

    `watch` runs as a task from the moment the socket is open until it closes; when it returns, the socket is closed.
    """

    needs: ClassVar[str] = ""
    SIGNED_IN: ClassVar[str] = "signed-in"

    actor: "Actor"
    host: "Host"

    async def connect(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        rights = await self._rights()
        # Accepted even when refused: a browser is told no close code of a handshake that fails.
        await self.accept()
        if rights.code:
            await self.close(rights.code)
            return
        self.actor, self.host = rights.actor, rights.host  # type: ignore[assignment]
        self._tasks = [asyncio.create_task(self._guarded()), asyncio.create_task(self._ask_again())]

    async def watch(self) -> None:
        """What this socket does for as long as it is open."""
        raise NotImplementedError

    async def disconnect(self, code: int) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def send_json(self, message: Any) -> None:
        await self.send(text_data=orjson.dumps(message).decode())

    def required(self) -> str:
        """The operation that this socket needs; a list asks for its own."""
        return self.needs

    async def _rights(self) -> Rights:
        slug = self.scope["url_route"]["kwargs"].get("host")
        rights: Rights = await database_sync_to_async(rights_of)(self.scope["user"], slug, self.required())
        return rights

    async def _ask_again(self) -> None:
        while True:
            await asyncio.sleep(_ASK_AGAIN_S)
            await self._check()

    async def _check(self) -> None:
        rights = await self._rights()
        if rights.code:
            await self.close(rights.code)

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
