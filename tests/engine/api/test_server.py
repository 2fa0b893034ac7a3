"""Versions, routing, errors: what every answer of the daemon has in common."""

import asyncio
import socket
from pathlib import Path

import pytest
from aiohttp import web

from engine.api.server import ApiServer, Route, Router
from engine.api.wire import ASKED_VERSION, PATH, empty, hijack, json_response, ndjson_stream, path_param, read_json
from engine.config import EngineConfig
from engine.errors import Conflict, NotModified, Unavailable
from tests.engine.api.conftest import Serve
from tests.waiting import PATIENCE_S


async def _echo(request: web.Request) -> web.StreamResponse:
    return json_response({"path": request[PATH], "version": request[ASKED_VERSION]})


async def test_a_versioned_and_an_unversioned_path_are_the_same_route(serve: Serve) -> None:
    session = await serve([Route("GET", "/info", _echo)])
    async with session.get("/v1.41/info") as old, session.get("/info") as new:
        assert (await old.json()) == {"path": "/info", "version": [1, 41]}
        assert (await new.json()) == {"path": "/info", "version": [1, 51]}
        assert new.headers["Api-Version"] == "1.51"
        assert new.headers["Ostype"] == "linux"


@pytest.mark.parametrize(("path", "words"), [("/v1.99/info", "is too new"), ("/v1.12/info", "is too old")])
async def test_a_version_that_is_not_served_is_refused_with_the_one_that_is(
    serve: Serve, path: str, words: str
) -> None:
    session = await serve([Route("GET", "/info", _echo)])
    async with session.get(path) as response:
        assert response.status == 400
        assert words in (await response.json())["message"]


async def test_an_operation_that_is_not_built_answers_501_and_an_unknown_path_404(serve: Serve) -> None:
    session = await serve([])
    async with session.post("/v1.41/build") as known, session.get("/v1.41/nonsense") as unknown:
        assert known.status == 501
        assert unknown.status == 404
        assert await unknown.read() == b'{"message":"page not found"}\n'


async def test_an_error_kind_becomes_its_status_and_a_message(serve: Serve) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        raise Conflict("the name is taken")

    session = await serve([Route("POST", "/containers/create", refuse)])
    async with session.post("/containers/create") as response:
        assert response.status == 409
        assert await response.json() == {"message": "the name is taken"}


async def test_what_is_not_there_now_says_when_to_come_again_where_that_is_known(serve: Serve) -> None:
    async def later(request: web.Request) -> web.StreamResponse:
        raise Unavailable("the registry has had enough", retry_after_s=120)

    async def whenever(request: web.Request) -> web.StreamResponse:
        raise Unavailable("it is down")

    session = await serve([Route("GET", "/later", later), Route("GET", "/whenever", whenever)])
    async with session.get("/later") as told, session.get("/whenever") as untold:
        assert (told.status, told.headers["Retry-After"]) == (503, "120")
        assert (untold.status, untold.headers.get("Retry-After")) == (503, None)


async def test_not_modified_has_no_body(serve: Serve) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        raise NotModified("it runs already")

    session = await serve([Route("POST", "/containers/{id}/start", refuse)])
    async with session.post("/containers/web/start") as response:
        assert response.status == 304
        assert await response.read() == b""


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b'"text"', b"\xff"])
async def test_a_body_that_is_no_json_object_is_a_400(serve: Serve, body: bytes) -> None:
    async def create(request: web.Request) -> web.StreamResponse:
        return json_response(await read_json(request))

    session = await serve([Route("POST", "/volumes/create", create)])
    async with session.post("/volumes/create", data=body, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 400
        assert (await response.json())["message"]


async def test_an_error_after_the_first_progress_object_is_told_in_the_stream(serve: Serve) -> None:
    async def pull(request: web.Request) -> web.StreamResponse:
        async with ndjson_stream(request) as (stream, response):
            await stream.send({"status": "Pulling"})
            raise Conflict("it broke")
        return response

    session = await serve([Route("POST", "/images/create", pull)])
    async with session.post("/images/create") as response:
        assert response.status == 200
        text = await response.text()
    assert text.splitlines()[1] == '{"errorDetail":{"code":409,"message":"it broke"},"error":"it broke"}'


async def test_an_error_before_the_first_progress_object_is_a_plain_status(serve: Serve) -> None:
    async def pull(request: web.Request) -> web.StreamResponse:
        async with ndjson_stream(request) as (_, response):
            raise Conflict("it never began")
        return response

    session = await serve([Route("POST", "/images/create", pull)])
    async with session.post("/images/create") as response:
        assert response.status == 409


async def test_a_change_runs_to_its_end_when_its_client_goes_away(serve: Serve, tmp_path: Path) -> None:
    started, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def start(request: web.Request) -> web.StreamResponse:
        started.set()
        await may_end.wait()
        ended.set()
        return empty()

    session = await serve([Route("POST", "/containers/{id}/start", start)])
    request = asyncio.ensure_future(session.post("/containers/web/start"))
    await asyncio.wait_for(started.wait(), PATIENCE_S)
    request.cancel()
    await session.close()
    may_end.set()
    await asyncio.wait_for(ended.wait(), PATIENCE_S)


async def test_a_hijacked_connection_keeps_talking_after_the_client_has_closed_its_half(
    serve: Serve, tmp_path: Path
) -> None:
    async def attach(request: web.Request) -> web.StreamResponse:
        async with hijack(request) as (stream, response):
            received = await stream.reader.read()
            await stream.write(b"got " + received + b" from " + path_param(request, "id").encode())
        return response

    await serve([Route("POST", "/containers/{id}/attach", attach)])
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "docker.sock"))
    writer.write(
        b"POST /v1.41/containers/web/attach HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    assert (await asyncio.wait_for(reader.readline(), PATIENCE_S)) == b"HTTP/1.1 101 UPGRADED\r\n"
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
    writer.write(b"input")
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b"got input from web"
    writer.close()


async def test_a_client_without_upgrade_gets_200_and_the_raw_stream(serve: Serve, tmp_path: Path) -> None:
    async def start(request: web.Request) -> web.StreamResponse:
        await read_json(request)
        async with hijack(request) as (stream, response):
            await stream.write(b"hello")
        return response

    await serve([Route("POST", "/exec/{id}/start", start)])
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "docker.sock"))
    writer.write(b"POST /exec/1/start HTTP/1.1\r\nHost: docker\r\nContent-Length: 2\r\n\r\n{}")
    answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhello")
    writer.close()


async def test_a_socket_of_a_living_daemon_is_not_taken_and_that_of_a_dead_one_is(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    config = EngineConfig(root=tmp_path, exec_root=tmp_path, hosts=(f"unix://{path}",))
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    first, second = ApiServer([]), ApiServer([])
    await first.start(config)
    with pytest.raises(Unavailable, match="another daemon answers"):
        await second.start(config)
    await first.stop()
    assert not path.exists()


def test_a_name_with_slashes_is_one_parameter() -> None:
    router = Router([Route("GET", "/images/{name:.*}/json", _echo), Route("DELETE", "/images/{name:.*}", _echo)])
    found = router.find("GET", "/images/registry.example/team/web:1/json")
    assert found is not None
    assert found[1] == {"name": "registry.example/team/web:1"}
    assert router.find("GET", "/images/json") is None


async def test_a_client_that_leaves_in_the_middle_of_an_answer_is_no_error(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    left = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        finally:
            left.set()

    session = await serve([Route("GET", "/events", endless)])
    async with session.get("/events") as response:
        assert await response.content.read(10) == b"x" * 10
        response.close()
    async with asyncio.timeout(90):
        await left.wait()
    await asyncio.sleep(0)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
