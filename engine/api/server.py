"""The daemon's HTTP server: sockets, versions, routing, errors.

Every answer carries the headers from which clients negotiate. A path of the API that this engine has not built
answers 501 and says so; any other unknown path answers 404, as dockerd does.
"""

import asyncio
import grp
import logging
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from aiohttp import web
from msgspec import Struct

from engine.api import wire
from engine.api.operations import OPERATIONS
from engine.api.status import status_of
from engine.api.version import NEWEST, split_version
from engine.api.wire import error_response
from engine.config import API_VERSION, ENGINE_VERSION, EngineConfig, TlsFiles
from engine.errors import EngineError, InvalidArgument, Unavailable

log = logging.getLogger(__name__)

_CLIENT_GONE = 499  # nginx's number for it

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

COMMON_HEADERS = {
    "Api-Version": API_VERSION,
    "Docker-Experimental": "false",
    "Ostype": "linux",
    "Server": f"Docker/{ENGINE_VERSION} (linux)",
}
_UNVERSIONED = ("/_ping", "/version")


class Route(Struct, frozen=True):
    """A method and a path, with `{name}` for one segment and `{name:.*}` for several, and who answers it.

    `is_abandonable` says that the handler may be cancelled when its client goes away. That is so for everything that
    only reads; a change runs to its end, so that a lost client leaves nothing half made.
    """

    method: str
    path: str
    handler: Handler
    is_abandonable: bool | None = None

    @property
    def ends_with_client(self) -> bool:
        return self.method in ("GET", "HEAD") if self.is_abandonable is None else self.is_abandonable


class Router:
    """Finds the route of a method and path: literal paths by dictionary, the rest by pattern in the order given.

    Patterns are compiled when they are first needed: a daemon that starts has no time for hundreds.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._literal: dict[tuple[str, str], Route] = {}
        self._others: dict[tuple[str, str], list[Route]] = {}
        self._compiled: dict[tuple[str, str], list[tuple[re.Pattern[str], Route]]] = {}
        for route in routes:
            if "{" not in route.path:
                self._literal[route.method, route.path] = route
            else:
                key = route.method, route.path.split("/")[1]
                self._others.setdefault(key, []).append(route)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        literal = self._literal.get((method, path))
        if literal is not None:
            return literal, {}
        for pattern, route in self._patterns(method, path[1:].partition("/")[0]):
            match = pattern.fullmatch(path)
            if match:
                return route, match.groupdict()
        return None

    def _patterns(self, method: str, first_segment: str) -> list[tuple[re.Pattern[str], Route]]:
        key = method, first_segment
        if key in self._others and key not in self._compiled:
            self._compiled[key] = [(_compile(route.path), route) for route in self._others[key]]
        return self._compiled.get(key, [])


def _compile(path: str) -> re.Pattern[str]:
    pattern = re.sub(r"\\{(\w+):\\\.\\\*\\}", r"(?P<\1>.+)", re.escape(path))
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", pattern))


async def _not_built(request: web.Request) -> web.StreamResponse:
    return error_response(f"{request.method} {request[wire.PATH]}: this engine does not have it yet", 501)


def _not_built_routes() -> list[Route]:
    return [Route(method, path, _not_built) for method, path in OPERATIONS]


class ApiServer:
    """Serves `routes` on the sockets of the configuration until `stop`."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._router = Router(routes)
        self._known = Router(_not_built_routes())
        self._changes: set[asyncio.Task[web.StreamResponse]] = set()
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{tail:.*}", self._dispatch)
        application.on_response_prepare.append(_add_common_headers)
        # A client that goes away cancels its handler; changes are shielded below.
        self._runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, keepalive_timeout=300, shutdown_timeout=2
        )
        self._sockets: list[Path] = []

    async def start(self, config: EngineConfig) -> None:
        """Listen on every host of the configuration; raises Unavailable when one cannot be had."""
        await self._runner.setup()
        for host in config.hosts:
            await self._listen(host, config.tls)

    async def stop(self) -> None:
        """Stop listening, let changes under way finish, close what is left."""
        for site in list(self._runner.sites):
            await site.stop()
        if self._changes:
            await asyncio.wait(self._changes, timeout=10)
        await self._runner.cleanup()
        for path in self._sockets:
            path.unlink(missing_ok=True)

    async def _listen(self, host: str, tls: TlsFiles | None) -> None:
        scheme, _, address = host.partition("://")
        try:
            if scheme == "unix":
                sock = _bind_unix(Path(address))
                self._sockets.append(Path(address))
                await web.SockSite(self._runner, sock, backlog=1024).start()
            elif scheme == "tcp":
                name, _, port = address.rpartition(":")
                context = _tls_context(tls) if tls else None
                await web.TCPSite(self._runner, name.strip("[]"), int(port), ssl_context=context, backlog=1024).start()
            else:
                raise InvalidArgument(f"-H {host}: give unix://PATH or tcp://HOST:PORT")
        except OSError as error:
            raise Unavailable(f"cannot listen on {host}: {error.strerror or error}") from error
        log.info("API listens on %s", host)

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        request[wire.COMMON_HEADERS] = COMMON_HEADERS
        request[wire.PATH] = request.path
        request[wire.ASKED_VERSION] = NEWEST
        try:
            version, path = split_version(request.path)
            request[wire.ASKED_VERSION], request[wire.PATH] = version, path
            return await self._route(request, path)
        except EngineError as error:
            if isinstance(error, Unavailable) or type(error) is EngineError:
                log.warning("%s %s: %s", request.method, request.path, error.message)
            response = error_response(error.message, status_of(error))
            if isinstance(error, Unavailable) and error.retry_after_s:
                response.headers["Retry-After"] = str(error.retry_after_s)
            return response
        except ConnectionError:
            if request.transport is not None and not request.transport.is_closing():
                raise
            log.debug("%s %s: the client went away", request.method, request.path)
            return web.Response(status=_CLIENT_GONE)  # for the server's books: nobody reads it
        except web.HTTPException:
            raise
        except Exception as error:
            log.exception("%s %s failed", request.method, request.path)
            return error_response(f"{type(error).__name__}: {error}", 500)

    async def _route(self, request: web.Request, path: str) -> web.StreamResponse:
        found = self._router.find(request.method, path)
        if found is None:
            known = self._known.find(request.method, path)
            return await _not_built(request) if known else error_response("page not found", 404)
        route, request[wire.PATH_PARAMS] = found
        if route.ends_with_client:
            return await route.handler(request)
        return await self._run_change(route, request)

    async def _run_change(self, route: Route, request: web.Request) -> web.StreamResponse:
        """Run a change to its end, even when its client goes away in the middle."""
        task = asyncio.ensure_future(route.handler(request))
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_log_abandoned)
            raise


def _log_abandoned(task: asyncio.Task[web.StreamResponse]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, ConnectionError):
        log.warning("a request whose client went away failed: %s", error)


async def _add_common_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(COMMON_HEADERS)


def _bind_unix(path: Path) -> socket.socket:
    """A listening socket at `path`, mode 0660 and owned by group `docker` where there is one, as dockerd's.

    A socket left by a dead daemon is replaced; one that answers raises Unavailable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            if probe.connect_ex(str(path)) == 0:
                raise Unavailable(f"another daemon answers on {path}: stop it first, or give another -H")
        path.unlink()
    sock = socket.socket(socket.AF_UNIX)
    old_umask = os.umask(0o117)
    try:
        sock.bind(str(path))
    finally:
        os.umask(old_umask)
    try:
        os.chown(path, -1, grp.getgrnam("docker").gr_gid)
    except (KeyError, PermissionError):
        log.debug("%s stays with its group: there is no group docker that we may give it to", path)
    sock.listen(1024)
    sock.setblocking(False)
    return sock


def _tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Mutual TLS: a client without a certificate of our authority is refused in the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    context.load_verify_locations(files.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context
