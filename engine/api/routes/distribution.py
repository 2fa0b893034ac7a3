"""What a registry says of an image, without pulling it."""

from typing import Any, Protocol

from aiohttp import web

from engine.api.server import Route
from engine.api.wire import json_response, path_param


class Distribution(Protocol):
    async def distribution(self, reference: str, auth: str | None) -> dict[str, Any]: ...


def routes(images: Distribution) -> list[Route]:
    async def inspect(request: web.Request) -> web.StreamResponse:
        auth = request.headers.get("X-Registry-Auth")
        return json_response(await images.distribution(path_param(request, "name"), auth))

    return [Route("GET", "/distribution/{name:.*}/json", inspect)]
