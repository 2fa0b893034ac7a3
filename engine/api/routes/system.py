"""Ping, version, info, df, auth: what a client asks before it does anything."""

from typing import Any, Protocol

from aiohttp import web

from engine.api.server import Route
from engine.api.wire import json_response, path_param, read_json
from engine.errors import InvalidArgument, NotFound, Unavailable

_SWARM = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm '
    "and try again."
)
_SWARM_ROUTES = (
    ("GET", "/swarm"),
    ("GET", "/swarm/unlockkey"),
    ("POST", "/swarm/leave"),
    ("POST", "/swarm/update"),
    ("POST", "/swarm/unlock"),
    *((method, f"/{kind}") for kind in ("nodes", "services", "tasks", "secrets", "configs") for method in ("GET",)),
    *(("GET", f"/{kind}/{{id}}") for kind in ("nodes", "services", "tasks", "secrets", "configs")),
    *(("POST", f"/{kind}/create") for kind in ("services", "secrets", "configs")),
)


class System(Protocol):
    """What the whole daemon knows of itself."""

    def version(self) -> dict[str, Any]: ...
    async def info(self) -> dict[str, Any]: ...
    async def disk_usage(self, types: frozenset[str]) -> dict[str, Any]: ...
    async def check_credentials(self, credentials: dict[str, Any]) -> str: ...


def routes(system: System) -> list[Route]:
    async def ping(request: web.Request) -> web.StreamResponse:
        headers = {
            "Builder-Version": "1",
            "Cache-Control": "no-cache, no-store, must-revalidate",
            "Pragma": "no-cache",
            "Swarm": "inactive",
        }
        return web.Response(text="" if request.method == "HEAD" else "OK", headers=headers)

    async def version(request: web.Request) -> web.StreamResponse:
        return json_response(system.version())

    async def info(request: web.Request) -> web.StreamResponse:
        return json_response(await system.info())

    async def disk_usage(request: web.Request) -> web.StreamResponse:
        types = frozenset(request.query.getall("type", []))
        unknown = types - {"container", "image", "volume", "build-cache"}
        if unknown:
            raise InvalidArgument(f"unknown object type: {sorted(unknown)[0]}")
        return json_response(await system.disk_usage(types))

    async def auth(request: web.Request) -> web.StreamResponse:
        token = await system.check_credentials(await read_json(request))
        return json_response({"Status": "Login Succeeded", "IdentityToken": token})

    async def plugins(request: web.Request) -> web.StreamResponse:
        return json_response([])

    async def plugin(request: web.Request) -> web.StreamResponse:
        raise NotFound(f'plugin "{path_param(request, "name")}" not found')

    return [
        Route("GET", "/_ping", ping),
        Route("HEAD", "/_ping", ping),
        Route("GET", "/version", version),
        Route("GET", "/info", info),
        Route("GET", "/system/df", disk_usage),
        Route("POST", "/auth", auth),
        Route("GET", "/plugins", plugins),
        # `docker inspect NAME` asks here last, and takes a 404 for "there is nothing of that name".
        Route("GET", "/plugins/{name:.*}/json", plugin),
        *(Route(method, path, _not_a_manager) for method, path in _SWARM_ROUTES),
    ]


async def _not_a_manager(request: web.Request) -> web.StreamResponse:
    raise Unavailable(_SWARM)
