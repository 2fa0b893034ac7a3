"""The name server on real sockets, beside an upstream of the test's own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Address, ip_address

import pytest

from engine.dns import Server, Sockets
from engine.dns.message import Address


class Zone:
    def addresses(self, name: str) -> Sequence[Address] | None:
        many = [IPv4Address(f"10.0.1.{number}") for number in range(60)]
        return {"db": [ip_address("10.0.0.1")], "many": many}.get(name)

    def name_of(self, address: Address) -> str | None:
        return "db.app" if str(address) == "10.0.0.1" else None


def question(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00\x00" + bytes([kind]) + b"\x00\x01"


@pytest.fixture
async def sockets() -> AsyncIterator[Sockets]:
    opened = Sockets(*(socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)))
    for listener in (opened.udp, opened.tcp):
        listener.setblocking(False)
        listener.bind(("127.0.0.1", 0))
    opened.tcp.listen()
    server = Server(opened, Zone(), ())
    yield opened
    server.close()
    server.close()


async def ask_udp(sockets: Sockets, message: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as client:
        await loop.sock_connect(client, sockets.udp.getsockname())
        await loop.sock_sendall(client, message)
        async with asyncio.timeout(90):
            return await loop.sock_recv(client, 65535)


async def ask_tcp(sockets: Sockets, message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*sockets.tcp.getsockname())
    writer.write(len(message).to_bytes(2, "big") + message)
    async with asyncio.timeout(90):
        answer = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    writer.close()
    return answer


async def test_a_container_is_answered_for(sockets: Sockets) -> None:
    assert (await ask_udp(sockets, question("db"))).endswith(b"\x0a\x00\x00\x01")
    assert (await ask_tcp(sockets, question("DB"))).endswith(b"\x0a\x00\x00\x01")
    assert b"\x02db\x03app\x00" in await ask_udp(sockets, question("1.0.0.10.in-addr.arpa", 12))


async def test_an_answer_too_long_for_a_datagram_is_to_be_asked_for_over_tcp(sockets: Sockets) -> None:
    assert (await ask_udp(sockets, question("many")))[2] & 0x02
    assert int.from_bytes((await ask_tcp(sockets, question("many")))[6:8], "big") == 60


async def test_a_name_that_nobody_knows_does_not_exist(sockets: Sockets) -> None:
    assert (await ask_udp(sockets, question("example.org")))[3] & 0x0F == 3


async def test_nonsense_does_not_disturb_it(sockets: Sockets) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"\xff" * 40, sockets.udp.getsockname())
        client.sendto(b"", sockets.udp.getsockname())
    _, writer = await asyncio.open_connection(*sockets.tcp.getsockname())
    writer.write(b"\xff\xff\x00")
    writer.close()

    assert (await ask_udp(sockets, question("db"))).endswith(b"\x0a\x00\x00\x01")
