"""A server on a unix socket, with routes of the test's own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from engine.api.server import ApiServer, Route
from engine.config import EngineConfig

Serve = Callable[[list[Route]], Awaitable[aiohttp.ClientSession]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Start a server with these routes; the session that comes back talks to it (base URL http://engine)."""
    async with AsyncExitStack() as stack:

        async def start(routes: list[Route]) -> aiohttp.ClientSession:
            path = tmp_path / "docker.sock"
            server = ApiServer(routes)
            config = EngineConfig(root=tmp_path, exec_root=tmp_path, hosts=(f"unix://{path}",))
            await server.start(config)
            stack.push_async_callback(server.stop)
            connector = aiohttp.UnixConnector(path=str(path))
            return await stack.enter_async_context(aiohttp.ClientSession("http://engine", connector=connector))

        yield start
