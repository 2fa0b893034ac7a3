"""One container's name server: sockets inside its namespace, served on the daemon's event loop.

Questions that are not about containers are passed on, unread, to the upstream servers, from the host's namespace.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Coroutine, Sequence
from ipaddress import IPv4Address
from typing import Protocol

from msgspec import Struct

from engine.dns import message
from engine.dns.message import Address, MalformedMessage, Question
from engine.linux import nftables

log = logging.getLogger(__name__)

ADDRESS = "127.0.0.11"
_PORT = 53
_TABLE = "quayside-dns"
_TCP, _UDP = 6, 17
_UPSTREAM_TIMEOUT_S = 3.0
_MAX_IN_FLIGHT = 100
_MAX_MESSAGE = 65535
_MAX_DATAGRAM = 512  # what every resolver takes (RFC 1035 section 4.2.1)


class Zone(Protocol):
    """What is known of names, seen from one container."""

    def addresses(self, name: str) -> Sequence[Address] | None:
        """Where `name` (lower case) is; None when it is not a container's, () when it has no address to give."""

    def name_of(self, address: Address) -> str | None: ...


class Sockets(Struct, frozen=True):
    """Listening sockets inside a namespace, to which port 53 of 127.0.0.11 leads."""

    udp: socket.socket
    tcp: socket.socket

    def close(self) -> None:
        self.udp.close()
        self.tcp.close()


def open_sockets() -> Sockets:
    """Listen in the calling thread's network namespace, whose loopback is up, and lead port 53 here.

    Not on port 53 itself: a container may run a name server of its own there, on all addresses.
    """
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    sockets = Sockets(udp, tcp)
    try:
        udp.bind((ADDRESS, 0))
        tcp.bind((ADDRESS, 0))
        tcp.listen(16)
        table = nftables.Table(_TABLE, nftables.FAMILY_IPV4)
        try:
            table.make_output_nat(
                nftables.Redirection(protocol, IPv4Address(ADDRESS), _PORT, listener.getsockname()[1])
                for protocol, listener in ((_UDP, udp), (_TCP, tcp))
            )
        finally:
            table.close()
    except BaseException:
        sockets.close()
        raise
    return sockets


class Server:
    """Answers on `sockets`, which it owns, until `close`."""

    def __init__(self, sockets: Sockets, zone: Zone, upstreams: Sequence[str]) -> None:
        """Without `upstreams` a name that is no container's does not exist. Needs a running event loop."""
        self._sockets = sockets
        self._zone = zone
        self._upstreams = tuple(upstreams)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sockets.udp, self._read_udp)
        self._loop.add_reader(sockets.tcp, self._accept_tcp)

    def close(self) -> None:
        """Answer no more; a second call is fine."""
        if self._sockets.udp.fileno() < 0:
            return
        self._loop.remove_reader(self._sockets.udp)
        self._loop.remove_reader(self._sockets.tcp)
        for task in self._tasks:
            task.cancel()
        self._sockets.close()

    def _read_udp(self) -> None:
        try:
            query, client = self._sockets.udp.recvfrom(_MAX_MESSAGE)
        except (BlockingIOError, ConnectionError):
            return
        try:
            question = message.parse_question(query)
        except MalformedMessage:
            return
        own = self._own_answer(question)
        if own is not None:
            fits = len(own) <= _MAX_DATAGRAM
            self._send_udp(own if fits else message.answer_truncated(question), client)
        else:
            self._start(self._forward_udp(question, query, client))

    async def _forward_udp(self, question: Question, query: bytes, client: tuple[str, int]) -> None:
        self._send_udp(await self._ask_upstream(question, query, over_tcp=False), client)

    def _send_udp(self, answer: bytes, client: tuple[str, int]) -> None:
        try:
            self._sockets.udp.sendto(answer, client)
        except OSError as error:
            log.debug("dns answer to %s not sent: %s", client, error)

    def _accept_tcp(self) -> None:
        try:
            connection, _ = self._sockets.tcp.accept()
        except (BlockingIOError, ConnectionError):
            return
        connection.setblocking(False)
        if not self._start(self._serve_tcp(connection)):
            connection.close()

    async def _serve_tcp(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            async with asyncio.timeout(2 * _UPSTREAM_TIMEOUT_S):
                query = await _read_tcp(reader)
                question = message.parse_question(query)
                answer = self._own_answer(question) or await self._ask_upstream(question, query, over_tcp=True)
                writer.write(struct.pack(">H", len(answer)) + answer)
                await writer.drain()
        except (MalformedMessage, TimeoutError, OSError, asyncio.IncompleteReadError):
            pass  # the client asks again, or does not
        finally:
            writer.close()

    def _own_answer(self, question: Question) -> bytes | None:
        """The answer about a container; None when the question is about something else."""
        if question.record_class != message.CLASS_IN:
            return None
        if question.record_type == message.TYPE_PTR:
            address = message.reverse_address(question.name)
            name = self._zone.name_of(address) if address else None
            return message.answer_name(question, name) if name else None
        addresses = self._zone.addresses(question.name)
        return None if addresses is None else message.answer_addresses(question, addresses)

    async def _ask_upstream(self, question: Question, query: bytes, *, over_tcp: bool) -> bytes:
        ask = _ask_tcp if over_tcp else _ask_udp
        for server in self._upstreams:
            try:
                async with asyncio.timeout(_UPSTREAM_TIMEOUT_S):
                    return await ask(server, query)
            except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                log.debug("dns server %s did not answer: %s", server, error)
        code = message.SERVER_FAILURE if self._upstreams else message.NAME_ERROR
        return message.answer_error(question, code)

    def _start(self, work: Coroutine[None, None, None]) -> bool:
        """Do `work` beside the rest; a container that asks faster than it is answered is not served further."""
        if len(self._tasks) >= _MAX_IN_FLIGHT:
            work.close()
            return False
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True


async def _ask_udp(server: str, query: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    # Connected, so that only this server can answer; a port of its own for each question, so that none can be guessed.
    with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as asker:
        await loop.sock_connect(asker, (server, _PORT))
        await loop.sock_sendall(asker, query)
        while True:
            answer = await loop.sock_recv(asker, _MAX_MESSAGE)
            if answer[:2] == query[:2]:
                return answer


async def _ask_tcp(server: str, query: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(server, _PORT)
    try:
        writer.write(struct.pack(">H", len(query)) + query)
        return await _read_tcp(reader)
    finally:
        writer.close()


async def _read_tcp(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack(">H", await reader.readexactly(2))
    return await reader.readexactly(length)
