"""Volumes: list, inspect, create, remove, prune."""

from typing import Any, Protocol

from aiohttp import web

from engine.api.filters import Filters, parse_filters
from engine.api.server import Route
from engine.api.wire import ASKED_VERSION, bool_query, empty, json_response, path_param, read_json


class Volumes(Protocol):
    """The volumes room, in wire JSON."""

    def list_wire(self, filters: Filters) -> list[dict[str, Any]]: ...
    def inspect(self, name: str) -> dict[str, Any]: ...
    async def create_wire(self, request: dict[str, Any]) -> dict[str, Any]: ...
    async def remove(self, name: str, *, force: bool = False) -> None: ...
    async def prune(self, filters: Filters, *, only_anonymous: bool) -> tuple[list[str], int]:
        """Returns the names of the volumes that are gone, and how many bytes they held."""


def routes(volumes: Volumes) -> list[Route]:
    async def list_volumes(request: web.Request) -> web.StreamResponse:
        return json_response({"Volumes": volumes.list_wire(parse_filters(request)), "Warnings": None})

    async def inspect(request: web.Request) -> web.StreamResponse:
        return json_response(volumes.inspect(path_param(request, "name")))

    async def create(request: web.Request) -> web.StreamResponse:
        return json_response(await volumes.create_wire(await read_json(request)), 201)

    async def remove(request: web.Request) -> web.StreamResponse:
        await volumes.remove(path_param(request, "name"), force=bool_query(request, "force"))
        return empty()

    async def prune(request: web.Request) -> web.StreamResponse:
        # Until API 1.42 pruning took every unused volume; since then named ones only with the filter all=true.
        only_anonymous = request[ASKED_VERSION] >= (1, 42)
        names, size_bytes = await volumes.prune(parse_filters(request), only_anonymous=only_anonymous)
        return json_response({"VolumesDeleted": names, "SpaceReclaimed": size_bytes})

    return [
        Route("GET", "/volumes", list_volumes),
        Route("POST", "/volumes/create", create),
        Route("POST", "/volumes/prune", prune),
        Route("GET", "/volumes/{name}", inspect),
        Route("DELETE", "/volumes/{name}", remove),
    ]
