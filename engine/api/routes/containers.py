"""Containers: create, the moves of their life, list, inspect, logs, stats, wait."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

import orjson
from aiohttp import web

from engine.api.filters import Filters, parse_filters, parse_instant
from engine.api.server import Route
from engine.api.wire import (
    ASKED_VERSION,
    MULTIPLEXED_STREAM,
    RAW_STREAM,
    bool_query,
    empty,
    frame_head,
    int_query,
    json_response,
    path_param,
    raw_json_response,
    read_json,
)
from engine.errors import EngineError, InvalidArgument


class EndedLike(Protocol):
    """How a run ended."""

    @property
    def exit_code(self) -> int: ...
    @property
    def error(self) -> str | None: ...


class Containers(Protocol):
    """The containers room. A reference is an id, a unique prefix of one, or a name."""

    async def create(self, body: Mapping[str, Any], *, name: str | None, platform: str) -> tuple[str, list[str]]:
        """Returns the id and warnings."""

    async def start(self, reference: str) -> None: ...
    async def stop(self, reference: str, *, timeout_s: int | None, signal: str | None) -> None: ...
    async def restart(self, reference: str, *, timeout_s: int | None, signal: str | None) -> None: ...
    async def kill(self, reference: str, *, signal: str) -> None: ...
    async def pause(self, reference: str) -> None: ...
    async def unpause(self, reference: str) -> None: ...
    async def remove(self, reference: str, *, force: bool, volumes: bool, link: bool) -> None: ...
    async def rename(self, reference: str, name: str) -> None: ...
    async def update(self, reference: str, body: Mapping[str, Any]) -> list[str]: ...
    async def prune(self, filters: Filters) -> tuple[list[str], int]: ...
    async def resize(self, reference: str, rows: int, columns: int) -> None: ...
    def wait(self, reference: str, condition: str) -> "asyncio.Future[Any]": ...
    async def list_json(self, *, show_all: bool, limit: int | None, size: bool, filters: Filters) -> bytes: ...
    async def inspect(self, reference: str, *, size: bool) -> dict[str, Any]: ...
    async def top(self, reference: str, ps_args: str) -> dict[str, Any]: ...
    async def changes(self, reference: str) -> list[dict[str, Any]]: ...
    async def stats_once(self, reference: str, *, one_shot: bool) -> dict[str, Any]: ...
    def stats_stream(self, reference: str) -> AsyncIterator[dict[str, Any]]: ...
    def is_tty(self, reference: str) -> bool: ...
    def logs(
        self,
        reference: str,
        *,
        stdout: bool,
        stderr: bool,
        since_ns: int,
        until_ns: int,
        tail: int | None,
        follow: bool,
        timestamps: bool,
        details: bool,
    ) -> AsyncIterator[Sequence[tuple[int, bytes]]]:
        """Batches of (1 for stdout, 2 for stderr; bytes)."""


def routes(containers: Containers) -> list[Route]:
    """Every operation on containers but the hijacked ones."""
    return [*_run_routes(containers), *_object_routes(containers), *_read_routes(containers)]


def _run_routes(containers: Containers) -> list[Route]:
    async def start(request: web.Request) -> web.StreamResponse:
        await containers.start(_id(request))
        return empty()

    async def stop(request: web.Request) -> web.StreamResponse:
        await containers.stop(_id(request), timeout_s=int_query(request, "t"), signal=_signal(request))
        return empty()

    async def restart(request: web.Request) -> web.StreamResponse:
        await containers.restart(_id(request), timeout_s=int_query(request, "t"), signal=_signal(request))
        return empty()

    async def kill(request: web.Request) -> web.StreamResponse:
        await containers.kill(_id(request), signal=_signal(request) or "KILL")
        return empty()

    async def pause(request: web.Request) -> web.StreamResponse:
        await containers.pause(_id(request))
        return empty()

    async def unpause(request: web.Request) -> web.StreamResponse:
        await containers.unpause(_id(request))
        return empty()

    async def resize(request: web.Request) -> web.StreamResponse:
        await containers.resize(_id(request), *terminal_size(request))
        return empty(200)

    return [
        Route("POST", "/containers/{id}/start", start),
        Route("POST", "/containers/{id}/stop", stop),
        Route("POST", "/containers/{id}/restart", restart),
        Route("POST", "/containers/{id}/kill", kill),
        Route("POST", "/containers/{id}/pause", pause),
        Route("POST", "/containers/{id}/unpause", unpause),
        Route("POST", "/containers/{id}/resize", resize),
    ]


def _object_routes(containers: Containers) -> list[Route]:
    async def create(request: web.Request) -> web.StreamResponse:
        body = await read_json(request)
        container_id, warnings = await containers.create(
            body, name=request.query.get("name") or None, platform=request.query.get("platform", "")
        )
        return json_response({"Id": container_id, "Warnings": warnings}, 201)

    async def rename(request: web.Request) -> web.StreamResponse:
        await containers.rename(_id(request), request.query.get("name", ""))
        return empty()

    async def update(request: web.Request) -> web.StreamResponse:
        return json_response({"Warnings": await containers.update(_id(request), await read_json(request))})

    async def remove(request: web.Request) -> web.StreamResponse:
        force, volumes, link = (bool_query(request, name) for name in ("force", "v", "link"))
        await containers.remove(_id(request), force=force, volumes=volumes, link=link)
        return empty()

    async def prune(request: web.Request) -> web.StreamResponse:
        removed, freed = await containers.prune(parse_filters(request))
        return json_response({"ContainersDeleted": removed or None, "SpaceReclaimed": freed})

    return [
        Route("POST", "/containers/create", create),
        Route("POST", "/containers/prune", prune),
        Route("POST", "/containers/{id}/rename", rename),
        Route("POST", "/containers/{id}/update", update),
        Route("DELETE", "/containers/{id}", remove),
        Route("DELETE", "/containers/{id:.*}", remove),  # `container/alias`, a link
    ]


def _read_routes(containers: Containers) -> list[Route]:
    async def list_all(request: web.Request) -> web.StreamResponse:
        limit = int_query(request, "limit")
        body = await containers.list_json(
            show_all=bool_query(request, "all"),
            limit=limit if limit is not None and limit > 0 else None,
            size=bool_query(request, "size"),
            filters=parse_filters(request),
        )
        return raw_json_response(body)

    async def inspect(request: web.Request) -> web.StreamResponse:
        return json_response(await containers.inspect(_id(request), size=bool_query(request, "size")))

    async def top(request: web.Request) -> web.StreamResponse:
        return json_response(await containers.top(_id(request), request.query.get("ps_args", "")))

    async def changes(request: web.Request) -> web.StreamResponse:
        return json_response(await containers.changes(_id(request)) or None)

    async def stats(request: web.Request) -> web.StreamResponse:
        if not bool_query(request, "stream", default=True):
            return json_response(await containers.stats_once(_id(request), one_shot=bool_query(request, "one-shot")))
        return await _stream_stats(request, containers)

    async def wait(request: web.Request) -> web.StreamResponse:
        return await _answer_end(request, containers.wait(_id(request), request.query.get("condition", "")))

    async def logs(request: web.Request) -> web.StreamResponse:
        return await _stream_logs(request, containers)

    return [
        Route("GET", "/containers/json", list_all),
        Route("GET", "/containers/{id}/json", inspect),
        Route("GET", "/containers/{id}/top", top),
        Route("GET", "/containers/{id}/changes", changes),
        Route("GET", "/containers/{id}/stats", stats),
        Route("GET", "/containers/{id}/logs", logs),
        Route("POST", "/containers/{id}/wait", wait, is_abandonable=True),
    ]


async def _answer_end(request: web.Request, ended: "asyncio.Future[EndedLike]") -> web.StreamResponse:
    """Headers at once, for the client waits for them before it starts the container; the body when it has ended."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    try:
        await response.prepare(request)
        outcome = await ended
    finally:
        ended.cancel()
    error = None if outcome.error is None else {"Message": outcome.error}
    await response.write(orjson.dumps({"StatusCode": outcome.exit_code, "Error": error}) + b"\n")
    return response


async def _stream_stats(request: web.Request, containers: Containers) -> web.StreamResponse:
    samples = containers.stats_stream(_id(request))
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    async for sample in samples:
        if not response.prepared:  # not before the first sample: an unknown container is a plain 404
            await response.prepare(request)
        await response.write(orjson.dumps(sample) + b"\n")
    if not response.prepared:
        await response.prepare(request)
    return response


async def _stream_logs(request: web.Request, containers: Containers) -> web.StreamResponse:
    stdout, stderr = bool_query(request, "stdout"), bool_query(request, "stderr")
    if not (stdout or stderr):
        raise InvalidArgument("Bad parameters: you must choose at least one stream")
    is_tty = containers.is_tty(_id(request))
    batches = containers.logs(
        _id(request),
        stdout=stdout,
        stderr=stderr,
        since_ns=moment_ns(request, "since"),
        until_ns=moment_ns(request, "until"),
        tail=_tail(request),
        follow=bool_query(request, "follow"),
        timestamps=bool_query(request, "timestamps"),
        details=bool_query(request, "details"),
    )
    response = web.StreamResponse(headers={"Content-Type": stream_type(request, is_tty=is_tty)})
    await response.prepare(request)
    try:
        async for batch in batches:
            if batch:
                await response.write(encode(batch, is_tty=is_tty))
    except EngineError as error:
        await response.write(encode([(3, f"{error.message}\n".encode())], is_tty=is_tty))
    return response


def encode(batch: Sequence[tuple[int, bytes]], *, is_tty: bool) -> bytes:
    """Output as it goes over the wire: raw from a terminal, framed otherwise."""
    if is_tty:
        return b"".join(payload for _, payload in batch)
    return b"".join([part for stream, payload in batch for part in (frame_head(stream, len(payload)), payload)])


def stream_type(request: web.Request, *, is_tty: bool) -> str:
    """The content type of output; before API 1.42 it is the same with and without frames."""
    return RAW_STREAM if is_tty or request[ASKED_VERSION] < (1, 42) else MULTIPLEXED_STREAM


def terminal_size(request: web.Request) -> tuple[int, int]:
    """Rows and columns of a resize request. Raises InvalidArgument."""
    rows, columns = int_query(request, "h"), int_query(request, "w")
    if rows is None or columns is None:
        raise InvalidArgument("resize needs the height h and the width w")
    if not (0 <= rows <= 65535 and 0 <= columns <= 65535):
        raise InvalidArgument(f"no terminal has {rows} rows and {columns} columns")
    return rows, columns


def moment_ns(request: web.Request, name: str) -> int:
    """`since` or `until` as unix nanoseconds; 0 when absent."""
    text = request.query.get(name) or "0"
    seconds, _, fraction = text.partition(".")
    if seconds.lstrip("-").isdigit() and (fraction.isdigit() or not fraction):
        # A float loses nanoseconds, and clients hand back the very time that they saw last.
        return max(0, int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9]))
    return int(parse_instant(text).timestamp() * 1e9)


def _tail(request: web.Request) -> int | None:
    text = request.query.get("tail") or "all"
    # dockerd reads whatever is no number as all of it; negative ones too.
    return int(text) if text.isdigit() else None


def _signal(request: web.Request) -> str | None:
    return request.query.get("signal") or None


def _id(request: web.Request) -> str:
    return path_param(request, "id")
