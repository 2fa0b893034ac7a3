"""How this room asks a host: through the gate, as Quayside itself for pictures, as the viewer for everything else."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import orjson
from django.utils.translation import gettext as _

from webui import gate

if TYPE_CHECKING:
    from webui.hosts.models import Host

# What a host that is down, slow, cut off or talking nonsense ends in. The last two: JSON that is none, or another
# shape.
UPSTREAM_ERRORS: Final = (
    gate.HostUnreachable,
    gate.Refused,
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    ValueError,
    LookupError,
)


class UpstreamError(OSError):
    """The host answered, and said no. `status` is its HTTP status, the text its own message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Upstream:
    """One host, asked by one actor."""

    def __init__(self, host: "Host", actor: gate.Actor | None = None) -> None:
        self.host = host
        self.actor = actor or gate.system_actor()

    async def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Any:
        """The JSON at a path. Raises one of UPSTREAM_ERRORS."""
        return await self.call("GET", path, query=query)

    async def call(self, method: str, path: str, *, query: Mapping[str, str] | None = None, json: Any = None) -> Any:
        reply = await gate.request(self.actor, self.host, method, path, query=query, json=json)
        if reply.status >= 400:
            raise UpstreamError(reply.status, message_of(reply))
        return reply.json() if reply.body else None

    @asynccontextmanager
    async def stream(
        self, path: str, *, query: Mapping[str, str] | None = None, as_sent: bool = False
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The chunks of a streamed answer, as they come. `as_sent`: see gate.stream."""
        async with gate.stream(self.actor, self.host, "GET", path, query=query, as_sent=as_sent) as chunks:
            yield chunks


def message_of(reply: "gate.Reply") -> str:
    """What the host said was wrong."""
    try:
        return str(reply.json()["message"])
    except (ValueError, LookupError, TypeError):
        return f"the host answered {reply.status}"


def words_of(error: BaseException) -> str:
    """The first real error in a group, as a sentence for a person: what happened, never how a library writes it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, (gate.HostUnreachable, gate.Refused, gate.HostRefused, UpstreamError)):
        return str(error)
    if isinstance(error, TimeoutError):
        return _("The host did not answer in time.")
    if isinstance(error, (aiohttp.ClientError, ConnectionError)):
        return _("The connection to the host broke off in the middle of its answer.")
    if isinstance(error, (orjson.JSONDecodeError, UnicodeDecodeError, LookupError)):
        return _("What the host answered cannot be understood. Is it an engine that speaks Docker's API?")
    return str(error) or type(error).__name__
