"""What moves whole file systems: copy into and out of a container, export, commit."""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, Protocol
from urllib.parse import parse_qs

import orjson
from aiohttp import web

from engine.api.server import Route
from engine.api.wire import as_text, bool_query, empty, json_response, path_param, read_json
from engine.errors import EngineError, InvalidArgument

_CHUNK = 1 << 18
_DRAINED = 1 << 18


class Files(Protocol):
    """The files of containers; a reference is an id, a unique prefix of one, or a name."""

    async def stat_path(self, reference: str, path: str) -> Mapping[str, Any]: ...

    def archive(
        self, reference: str, path: str
    ) -> AbstractAsyncContextManager[tuple[Mapping[str, Any], AsyncIterator[bytes]]]:
        """What stat_path tells, and a tar."""

    async def extract(
        self, reference: str, path: str, stream: AsyncIterator[bytes], *, keeps_kind: bool, takes_owner: bool
    ) -> None: ...

    def export(self, reference: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...

    async def commit(
        self,
        reference: str,
        *,
        repository: str,
        tag: str,
        comment: str,
        author: str,
        pauses: bool,
        changes: Sequence[str],
        config: Mapping[str, Any],
    ) -> str:
        """Returns the image's id."""


def routes(files: Files) -> list[Route]:
    return [*_archive_routes(files), *_image_routes(files)]


def _archive_routes(files: Files) -> list[Route]:
    async def head(request: web.Request) -> web.StreamResponse:
        found = await files.stat_path(path_param(request, "id"), _path(request))
        return web.Response(headers=_stat_header(found))

    async def get(request: web.Request) -> web.StreamResponse:
        async with files.archive(path_param(request, "id"), _path(request)) as (found, pieces):
            return await _send_tar(request, pieces, _stat_header(found))

    async def put(request: web.Request) -> web.StreamResponse:
        try:
            await files.extract(
                path_param(request, "id"),
                _path(request),
                request.content.iter_chunked(_CHUNK),
                keeps_kind=bool_query(request, "noOverwriteDirNonDir"),
                takes_owner=bool_query(request, "copyUIDGID"),
            )
        except EngineError:
            await _drain(request)
            raise
        return empty(200)

    return [
        Route("HEAD", "/containers/{id}/archive", head),
        Route("GET", "/containers/{id}/archive", get),
        Route("PUT", "/containers/{id}/archive", put),
    ]


def _image_routes(files: Files) -> list[Route]:
    async def export(request: web.Request) -> web.StreamResponse:
        async with files.export(path_param(request, "id")) as pieces:
            return await _send_tar(request, pieces, {})

    async def commit(request: web.Request) -> web.StreamResponse:
        query = request.query
        config = await read_json(request, optional=True)
        image_id = await files.commit(
            query.get("container", ""),
            repository=query.get("repo", ""),
            tag=query.get("tag", ""),
            comment=query.get("comment", ""),
            author=query.get("author", ""),
            pauses=bool_query(request, "pause", default=True),
            changes=query.getall("changes", []),
            config=config,
        )
        return json_response({"Id": image_id}, 201)

    return [Route("GET", "/containers/{id}/export", export), Route("POST", "/commit", commit)]


async def _send_tar(
    request: web.Request, pieces: AsyncIterator[bytes], headers: Mapping[str, str]
) -> web.StreamResponse:
    kind = "application/x-tar" if headers else "application/octet-stream"
    response = web.StreamResponse(headers={"Content-Type": kind, **headers})
    await response.prepare(request)
    async with aclosing(pieces):  # type: ignore[type-var]
        async for data in pieces:
            await response.write(data)
    return response


async def _drain(request: web.Request) -> None:
    """Read what is left of a small body: a client that is still sending would see a broken pipe, not our answer."""
    left = _DRAINED
    while left > 0 and (data := await request.content.readany()):
        left -= len(data)


def _stat_header(found: Mapping[str, Any]) -> dict[str, str]:
    text = {name: as_text(value) if isinstance(value, str) else value for name, value in found.items()}
    return {"X-Docker-Container-Path-Stat": base64.b64encode(orjson.dumps(text)).decode()}


def _path(request: web.Request) -> str:
    # A path is bytes, which Go takes as they come; yarl would leave what is no UTF-8 percent-encoded (PEP 383).
    path = parse_qs(request.rel_url.raw_query_string, errors="surrogateescape").get("path", [""])[0]
    if not path:
        raise InvalidArgument("bad parameter: path cannot be empty")
    return path
