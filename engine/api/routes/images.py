"""Images: list, inspect, history, pull, import, load, save, tag, push, remove, prune."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol

from aiohttp import web

from engine.api.filters import Filters, parse_filters
from engine.api.server import Route
from engine.api.wire import ASKED_VERSION, bool_query, empty, json_response, ndjson_stream, path_param
from engine.errors import EngineError, InvalidArgument, Unsupported

log = logging.getLogger(__name__)

_QUEUED = 1000
_CHUNK = 1 << 18

Progress = Callable[[dict[str, Any]], None]


class Images(Protocol):
    """The images room; `auth` is the X-Registry-Auth header."""

    def list_wire(
        self, filters: Filters, *, shared_size: bool = False, api_version: tuple[int, int] = ...
    ) -> list[dict[str, Any]]: ...
    def inspect(self, reference: str, api_version: tuple[int, int] = ...) -> dict[str, Any]: ...
    def history(self, reference: str) -> list[dict[str, Any]]: ...
    def tag(self, reference: str, repository: str, tag: str) -> None: ...
    def remove(self, reference: str, *, force: bool = False) -> list[dict[str, str]]: ...
    def prune(self, filters: Filters) -> tuple[list[dict[str, str]], int]: ...
    async def pull(self, reference: str, *, platform: str = "", auth: str | None, progress: Progress) -> Any: ...
    async def push(self, reference: str, tag: str, *, auth: str | None, progress: Progress) -> None: ...
    async def load(self, stream: AsyncIterator[bytes], progress: Progress) -> None: ...
    async def save(self, names: Sequence[str]) -> AsyncIterator[bytes]: ...
    async def import_(
        self, stream: AsyncIterator[bytes], *, repository: str, tag: str, message: str, changes: Sequence[str]
    ) -> str: ...


def routes(images: Images) -> list[Route]:
    return [*_reading(images), *_changing(images), *_transfers(images)]


def _reading(images: Images) -> list[Route]:
    async def list_images(request: web.Request) -> web.StreamResponse:
        filters = parse_filters(request)
        if request.query.get("filter"):  # before API 1.41 a parameter of its own
            filters = Filters({**filters.values, "reference": (request.query["filter"],)})
        shared = bool_query(request, "shared-size")
        return json_response(images.list_wire(filters, shared_size=shared, api_version=request[ASKED_VERSION]))

    async def inspect(request: web.Request) -> web.StreamResponse:
        return json_response(images.inspect(path_param(request, "name"), request[ASKED_VERSION]))

    async def history(request: web.Request) -> web.StreamResponse:
        return json_response(images.history(path_param(request, "name")))

    async def search(request: web.Request) -> web.StreamResponse:
        raise Unsupported("searching Docker Hub is not supported by this engine: look there in a browser")

    return [
        Route("GET", "/images/json", list_images),
        Route("GET", "/images/search", search),
        Route("GET", "/images/{name:.*}/json", inspect),
        Route("GET", "/images/{name:.*}/history", history),
    ]


def _changing(images: Images) -> list[Route]:
    async def tag(request: web.Request) -> web.StreamResponse:
        repository = request.query.get("repo", "")
        if not repository:
            raise InvalidArgument("repository name must have at least one component")
        images.tag(path_param(request, "name"), repository, request.query.get("tag", ""))
        return empty(201)

    async def remove(request: web.Request) -> web.StreamResponse:
        return json_response(images.remove(path_param(request, "name"), force=bool_query(request, "force")))

    async def prune(request: web.Request) -> web.StreamResponse:
        removed, size_bytes = images.prune(parse_filters(request))
        return json_response({"ImagesDeleted": removed or None, "SpaceReclaimed": size_bytes})

    return [
        Route("POST", "/images/prune", prune),
        Route("POST", "/images/{name:.*}/tag", tag),
        Route("DELETE", "/images/{name:.*}", remove),
    ]


def _transfers(images: Images) -> list[Route]:
    async def create(request: web.Request) -> web.StreamResponse:
        return await (_import(images, request) if request.query.get("fromSrc") else pull(request))

    async def pull(request: web.Request) -> web.StreamResponse:
        name, tag = request.query.get("fromImage", ""), request.query.get("tag", "")
        if not name:
            raise InvalidArgument("fromImage or fromSrc must be given")
        reference = _with_tag(name, tag)
        auth, platform = request.headers.get("X-Registry-Auth"), request.query.get("platform", "")
        return await _with_progress(
            request, lambda progress: images.pull(reference, platform=platform, auth=auth, progress=progress)
        )

    async def push(request: web.Request) -> web.StreamResponse:
        auth = request.headers.get("X-Registry-Auth")
        name, tag = path_param(request, "name"), request.query.get("tag", "")
        return await _with_progress(request, lambda progress: images.push(name, tag, auth=auth, progress=progress))

    async def load(request: web.Request) -> web.StreamResponse:
        quiet = bool_query(request, "quiet")
        body = request.content.iter_chunked(_CHUNK)
        return await _with_progress(
            request,
            lambda progress: images.load(body, _without_bars(progress) if quiet else progress),
            # Clients take the 200 for granted and read a failure out of the stream.
            answers_at_once=True,
        )

    async def save_one(request: web.Request) -> web.StreamResponse:
        return await _save(request, await images.save([path_param(request, "name")]))

    async def save_many(request: web.Request) -> web.StreamResponse:
        names = [name for value in request.query.getall("names", []) for name in value.split(",") if name]
        return await _save(request, await images.save(names))

    return [
        # A client that goes away ends its pull, push or load, as with dockerd: what is not complete leaves nothing.
        Route("POST", "/images/create", create, is_abandonable=True),
        Route("POST", "/images/load", load, is_abandonable=True),
        Route("GET", "/images/get", save_many),
        Route("GET", "/images/{name:.*}/get", save_one),
        Route("POST", "/images/{name:.*}/push", push, is_abandonable=True),
    ]


def _with_tag(name: str, tag: str) -> str:
    if not tag:
        return name
    return f"{name}@{tag}" if tag.startswith("sha256:") else f"{name}:{tag}"


async def _import(images: Images, request: web.Request) -> web.StreamResponse:
    if request.query["fromSrc"] != "-":
        raise Unsupported("import from a URL is not supported: download it and send it as the body (fromSrc=-)")
    image_id = await images.import_(
        request.content.iter_chunked(_CHUNK),
        repository=request.query.get("repo", ""),
        tag=request.query.get("tag", ""),
        message=request.query.get("message", ""),
        changes=request.query.getall("changes", []),
    )
    async with ndjson_stream(request) as (stream, response):
        await stream.send({"status": image_id})
    return response


def _without_bars(progress: Progress) -> Progress:
    def filtered(document: dict[str, Any]) -> None:
        if "stream" in document:
            progress(document)

    return filtered


async def _save(request: web.Request, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-tar"})
    await response.prepare(request)
    async for data in pieces:
        await response.write(data)
    return response


async def _with_progress(
    request: web.Request, work: Callable[[Progress], Awaitable[Any]], *, answers_at_once: bool = False
) -> web.StreamResponse:
    """Run `work` and stream what it reports; a slow client misses bars, never words.

    When the client goes away the work is cancelled.
    """
    queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def report(document: dict[str, Any]) -> None:
        if queue.qsize() < _QUEUED or not document.get("progress"):
            queue.put_nowait(document)

    async def run() -> None:
        try:
            await work(report)
        except (EngineError, ConnectionError):
            raise
        except Exception as error:
            # The headers are out: only an EngineError still reaches the client, as errorDetail.
            log.exception("%s %s failed", request.method, request.path)
            raise EngineError(f"{type(error).__name__}: {error}") from error
        finally:
            queue.put_nowait(None)

    async with ndjson_stream(request) as (stream, response):
        if answers_at_once:
            await stream.start()
        task = asyncio.create_task(run())
        try:
            while (document := await queue.get()) is not None:
                await stream.send(document)
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    return response
