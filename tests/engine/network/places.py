"""Places in the network of a test, and asking from one who answers in another."""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

from engine.linux import namespaces

HOST_ADDRESS, WORLD_ADDRESS = "203.0.113.2", "203.0.113.1"


@dataclass(frozen=True)
class Machine:
    """Where the test is (`None` as a place below), and the other machine that it can reach."""

    world: Path


def open_socket(place: Path | None, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """A socket in a network namespace, used from here."""
    if place is None:
        found = socket.socket(socket.AF_INET, kind)
    else:
        found = namespaces.in_network_namespace(place, lambda: socket.socket(socket.AF_INET, kind))
    found.setblocking(False)
    return found


async def ask(place: Path | None, address: str, port: int, *, timeout_s: float = 30) -> str:
    """What the server there answers: the address that it sees us under. Raises TimeoutError, ConnectionRefusedError."""
    loop = asyncio.get_running_loop()
    with open_socket(place) as client:
        async with asyncio.timeout(timeout_s):
            await loop.sock_connect(client, (address, port))
            return (await loop.sock_recv(client, 100)).decode()


async def is_silent(place: Path | None, address: str, port: int) -> bool:
    """Whether packets there are dropped."""
    try:
        await ask(place, address, port, timeout_s=0.4)
    except TimeoutError:
        return True
    return False
