"""Networks: list, inspect, create, remove, prune, connect and disconnect."""

from typing import Any, Protocol

from aiohttp import web

from engine.api.filters import Filters, parse_filters
from engine.api.server import Route
from engine.api.wire import bool_query, empty, json_response, path_param, read_json
from engine.errors import InvalidArgument


class Networks(Protocol):
    """The network room, in wire JSON. A reference is a name, an id, or the beginning of an id."""

    def list_wire(self, filters: Filters) -> list[dict[str, Any]]: ...
    def inspect(self, reference: str, *, scope: str = "") -> dict[str, Any]: ...
    async def create(self, request: dict[str, Any]) -> tuple[str, str]:
        """Returns the id and a warning."""

    async def remove(self, reference: str) -> None: ...
    async def prune(self, filters: Filters) -> list[str]:
        """Returns the names of the networks that are gone."""


class Attachments(Protocol):
    """Who knows the containers, running or not, and what networks they are to be on."""

    async def connect_network(self, container: str, network: str, settings: dict[str, Any]) -> None: ...
    async def disconnect_network(self, container: str, network: str, *, force: bool) -> None: ...


def routes(networks: Networks, attachments: Attachments) -> list[Route]:
    async def list_networks(request: web.Request) -> web.StreamResponse:
        return json_response(networks.list_wire(parse_filters(request)))

    async def inspect(request: web.Request) -> web.StreamResponse:
        bool_query(request, "verbose")  # it tells more of swarm networks only
        document = networks.inspect(path_param(request, "id"), scope=request.query.get("scope", ""))
        return json_response(document)

    async def create(request: web.Request) -> web.StreamResponse:
        network_id, warning = await networks.create(await read_json(request))
        return json_response({"Id": network_id, "Warning": warning}, 201)

    async def remove(request: web.Request) -> web.StreamResponse:
        await networks.remove(path_param(request, "id"))
        return empty()

    async def prune(request: web.Request) -> web.StreamResponse:
        return json_response({"NetworksDeleted": await networks.prune(parse_filters(request))})

    async def connect(request: web.Request) -> web.StreamResponse:
        body = await read_json(request)
        settings = body.get("EndpointConfig") or {}
        await attachments.connect_network(_container(body), path_param(request, "id"), settings)
        return empty(200)

    async def disconnect(request: web.Request) -> web.StreamResponse:
        body = await read_json(request)
        force = bool(body.get("Force"))
        await attachments.disconnect_network(_container(body), path_param(request, "id"), force=force)
        return empty(200)

    return [
        Route("GET", "/networks", list_networks),
        Route("POST", "/networks/create", create),
        Route("POST", "/networks/prune", prune),
        Route("GET", "/networks/{id}", inspect),
        Route("DELETE", "/networks/{id}", remove),
        Route("POST", "/networks/{id}/connect", connect),
        Route("POST", "/networks/{id}/disconnect", disconnect),
    ]


def _container(body: dict[str, Any]) -> str:
    container = body.get("Container")
    if not isinstance(container, str) or not container:
        raise InvalidArgument("no container given: say which one in Container")
    return container
