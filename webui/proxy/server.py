"""Listening with TLS, and being told to stop."""

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import uvloop

from webui.gate import in_thread
from webui.proxy.client import Client, ClientProtocol
from webui.proxy.connection import House, serve_client
from webui.tls_streams import TlsWire, load_identity
from webui.tokens.certificates import authority, server_identity

if TYPE_CHECKING:
    import socket

_MOST_CLIENTS: Final = 2000
_LAST_WORDS_S: Final = 2.0


def serve(listener: "socket.socket", names: Iterable[str]) -> None:
    """Serve on a socket that listens, under these names, until SIGTERM or SIGINT."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(listener, names))


async def _until_told(listener: "socket.socket", names: Iterable[str]) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with serving(listener, names):
        await told.wait()


@asynccontextmanager
async def serving(listener: "socket.socket", names: Iterable[str]) -> AsyncIterator[None]:
    """The proxy beside other things; leaving the block ends every connection."""
    context = await in_thread(tls_context, list(names))
    house, clients = House(), set[asyncio.Task[None]]()

    def accepted() -> asyncio.Protocol:
        return TlsWire(context, ClientProtocol(begin), is_server=True)

    def begin(protocol: ClientProtocol, writer: asyncio.StreamWriter) -> None:
        if len(clients) >= _MOST_CLIENTS:
            writer.transport.abort()
            return
        task = asyncio.create_task(serve_client(Client(protocol, writer), house))
        clients.add(task)
        task.add_done_callback(clients.discard)

    listener.setblocking(False)
    server = await asyncio.get_running_loop().create_server(accepted, sock=listener)
    try:
        yield
    finally:
        server.close()
        for task in clients:
            task.cancel()
        if clients:
            await asyncio.wait(clients, timeout=_LAST_WORDS_S)


def tls_context(names: Iterable[str]) -> ssl.SSLContext:
    """Who shows a certificate must show one of ours; who shows none needs a bearer token."""
    above, own = authority(), server_identity(names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=above.certificate)
    load_identity(context, own.certificate, own.key)
    return context
