"""A machine's network of the test's own: a namespace with an uplink to another one, `world`, and an engine in it."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from engine.api.filters import Filters
from engine.config import EngineConfig
from engine.linux import namespaces, syscalls
from engine.linux.rtnetlink import RouteSocket
from engine.linux.syscalls import CloneFlag
from engine.network import NetworkController
from tests.engine.network.places import HOST_ADDRESS, WORLD_ADDRESS, Machine, open_socket


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    world = tmp_path / "world"
    syscalls.unshare(CloneFlag.NEWNET)
    try:
        with namespaces.create_network_namespace(world, RouteSocket) as routes:
            routes.set_up(1)
        _wire(world)
        yield Machine(world)
    finally:
        syscalls.setns(before)
        os.close(before)
        namespaces.remove_network_namespace(world)


def _wire(world: Path) -> None:
    inside = f"nsenter --net={world}"
    script = f"""set -e
        ip link set lo up
        ip link add up0 type veth peer name wan0
        ip link set wan0 netns {world}
        ip address add {HOST_ADDRESS}/24 dev up0 && ip link set up0 up
        {inside} ip address add {WORLD_ADDRESS}/24 dev wan0 && {inside} ip link set wan0 up
        ip route add default via {WORLD_ADDRESS}"""
    subprocess.run(["sh", "-c", script], check=True)


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    (tmp_path / "root").mkdir()
    return EngineConfig(root=tmp_path / "root", exec_root=tmp_path / "run")


async def _end(controller: NetworkController) -> None:
    for network in controller.list(Filters()):
        for container_id in controller.inspect(network.id)["Containers"]:
            await controller.close_sandbox(container_id)
    await controller.stop()


Start = Callable[[], Awaitable[NetworkController]]


@pytest.fixture
async def start_engine(machine: Machine, config: EngineConfig) -> AsyncIterator[Start]:
    """Start a network room; a second one finds what the first has left."""
    async with AsyncExitStack() as stack:

        async def start() -> NetworkController:
            controller = NetworkController(config, lambda *event: None)
            stack.push_async_callback(_end, controller)
            await controller.start()
            return controller

        yield start


@pytest.fixture
async def controller(start_engine: Start) -> NetworkController:
    started = await start_engine()
    await started.restore([])
    return started


@pytest.fixture
async def serve(machine: Machine) -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """Answer connections in a namespace with the address that they come from."""
    async with AsyncExitStack() as stack:

        async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(str(writer.get_extra_info("peername")[0]).encode())
            writer.close()

        async def start(place: Path | None, port: int) -> None:
            listener = open_socket(place)
            listener.bind(("0.0.0.0", port))
            await stack.enter_async_context(await asyncio.start_server(reply, sock=listener))

        yield start
