"""One conversation with one registry: manifests and blobs in and out.

Plain HTTP only for loopback addresses and registries that were named insecure. A cut download goes on where it
stopped. Redirects are followed without our credentials.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin

import aiohttp
import orjson
from aiohttp import ClientResponse, ClientSession, ClientTimeout
from msgspec import Struct

from engine.config import ENGINE_VERSION, EngineConfig
from engine.errors import EngineError, Forbidden, NotFound, Unauthorized, Unavailable
from engine.registry import certificates
from engine.registry.auth import Challenge, Credentials, parse_challenge
from engine.registry.reference import DOCKER_HUB, Reference

MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
_TIMEOUT = ClientTimeout(total=None, sock_connect=15, sock_read=60)
_TRIES = 5
_CHUNK = 1 << 18
_MAX_MANIFEST = 4 << 20


class RegistryError(EngineError):
    """The registry answered with an error that has no better kind."""


class Blob(Struct, frozen=True):
    digest: str
    size: int
    media_type: str


class Manifest(Struct, frozen=True):
    body: bytes
    media_type: str
    digest: str


class RegistryClient:
    """Use it as an async context manager. `actions` are what tokens are asked for: `pull` or `pull,push`."""

    def __init__(
        self, config: EngineConfig, reference: Reference, credentials: Credentials, *, actions: str = "pull"
    ) -> None:
        self._name = reference.path
        self._credentials = credentials
        self._scope = f"repository:{reference.path}:{actions}"
        host = "registry-1.docker.io" if reference.domain == DOCKER_HUB else reference.domain
        self._host = host
        self._certs_d = (config.root / "certs.d", certificates.SYSTEM_FOLDER)
        insecure = _is_insecure(host, config.insecure_registries)
        self._bases = [f"https://{host}", *([f"http://{host}"] if insecure else [])]
        self._mirrors = list(config.registry_mirrors) if reference.domain == DOCKER_HUB and actions == "pull" else []
        self._insecure = insecure
        self._base = ""
        self._authorization = ""
        self._lock = asyncio.Lock()
        self._session: ClientSession | None = None

    async def __aenter__(self) -> "RegistryClient":
        # `trust_env`: a registry may be reachable by the proxy of the environment only; aiohttp honours no_proxy.
        self._session = ClientSession(
            timeout=_TIMEOUT,
            trust_env=True,
            auto_decompress=False,
            headers={"User-Agent": f"quayside/{ENGINE_VERSION}"},
            connector=aiohttp.TCPConnector(limit=16, ssl=await asyncio.to_thread(self._trust)),
        )
        try:
            await self._find_base()
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._session is not None:
            await self._session.close()

    def _trust(self) -> ssl.SSLContext | bool:
        """Whose certificates are believed. Reads files: call it in a thread."""
        folder = certificates.folder_of(self._host, self._certs_d)
        if folder is not None:
            return certificates.context_of(folder, verifies=not self._insecure)
        # Not aiohttp's own: they are made where no authorities are known (engine.__main__).
        return False if self._insecure else ssl.create_default_context()

    @property
    def _http(self) -> ClientSession:
        if self._session is None:
            raise RuntimeError("the client is used outside of its context")
        return self._session

    async def _find_base(self) -> None:
        """The first address that speaks the protocol; also answers its challenge in advance."""
        failure: Exception | None = None
        for base in [*(mirror.rstrip("/") for mirror in self._mirrors), *self._bases]:
            try:
                async with self._http.get(f"{base}/v2/") as response:
                    if response.status == 401:
                        self._base = base
                        await self._answer(parse_challenge(response.headers.get("WWW-Authenticate", "")), self._scope)
                    elif response.status not in (200, 404, 405):
                        raise await _error(response)
                self._base = base
                return
            except (EngineError, aiohttp.ClientError, TimeoutError, OSError) as error:
                failure = (
                    failure
                    if isinstance(failure, (aiohttp.ClientSSLError, EngineError)) and base.startswith("http:")
                    else error
                )
        if isinstance(failure, EngineError):
            raise failure
        address = f"{self._bases[-1]}/v2/"
        raise Unavailable(f'Get "{address}": {_reason(failure)}')

    async def check(self) -> None:
        """Raise Unauthorized unless the registry takes our credentials."""
        async with self._http.get(f"{self._base}/v2/", headers=self._headers()) as response:
            if response.status >= 400:
                raise await _error(response)

    async def _answer(self, challenge: Challenge, scope: str) -> None:
        if self._credentials.registry_token:
            self._authorization = f"Bearer {self._credentials.registry_token}"
        elif challenge.scheme == "basic":
            self._authorization = self._credentials.basic if self._credentials else ""
        elif challenge.scheme == "bearer":
            self._authorization = f"Bearer {await self._token(challenge, scope)}"

    async def _token(self, challenge: Challenge, scope: str) -> str:
        if self._credentials.identity_token:
            form = {
                "service": challenge.service,
                "scope": scope,
                "grant_type": "refresh_token",
                "refresh_token": self._credentials.identity_token,
                "client_id": "quayside",
            }
            request = self._http.post(challenge.realm, data=form)
        else:
            headers = {"Authorization": self._credentials.basic} if self._credentials else {}
            # A mount needs a right on two repositories: each is a parameter of its own here, unlike in the form.
            parameters = [("service", challenge.service), *(("scope", one) for one in scope.split())]
            request = self._http.get(challenge.realm, params=parameters, headers=headers)
        async with request as response:
            if response.status >= 400:
                raise await _error(response)
            document = parse_document(await response.read(), f"the token server {challenge.realm}")
        return str(document.get("token") or document.get("access_token") or "")

    def _headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {**({"Authorization": self._authorization} if self._authorization else {}), **(more or {})}

    @asynccontextmanager
    async def _request(self, method: str, path: str, **options: Any) -> AsyncIterator[ClientResponse]:
        """Send; answers one challenge; raises the kind of what the registry says is wrong."""
        url = path if "://" in path else f"{self._base}/v2/{self._name}/{path}"
        headers = options.pop("headers", None)
        for attempt in (1, 2):
            authorization = self._authorization
            response = await self._send(method, url, headers=self._headers(headers), **options)
            if response.status == 401 and attempt == 1 and not hasattr(options.get("data"), "__aiter__"):
                challenge = parse_challenge(response.headers.get("WWW-Authenticate", ""))
                async with self._lock:
                    if self._authorization == authorization:
                        await self._answer(challenge, challenge.scope or self._scope)
                if self._authorization != authorization:
                    response.release()
                    continue
            break
        try:
            if response.status >= 400:
                raise await _error(response)
            yield response
        finally:
            response.release()

    async def _send(self, method: str, url: str, **options: Any) -> ClientResponse:
        try:
            return await self._http.request(method, url, **options)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f'{method.capitalize()} "{url}": {_reason(error)}') from error

    async def manifest(self, reference: str) -> Manifest:
        """The manifest or index of a tag or digest. Raises NotFound."""
        headers = {"Accept": ", ".join(MANIFEST_TYPES)}
        async with self._request("GET", f"manifests/{reference}", headers=headers) as response:
            body = await response.content.read(_MAX_MANIFEST + 1)
            while more := await response.content.read(_MAX_MANIFEST):
                body += more
                if len(body) > _MAX_MANIFEST:
                    raise RegistryError(f"the manifest of {reference} is over {_MAX_MANIFEST} bytes")
            digest = response.headers.get("Docker-Content-Digest", "")
            return Manifest(body, response.content_type, digest)

    async def put_manifest(self, reference: str, body: bytes, media_type: str) -> None:
        headers = {"Content-Type": media_type}
        async with self._request("PUT", f"manifests/{reference}", data=body, headers=headers):
            pass

    async def has_blob(self, digest: str) -> int | None:
        """The blob's size where the registry has it, else None."""
        try:
            async with self._request("HEAD", f"blobs/{digest}") as response:
                return int(response.headers.get("Content-Length", "0"))
        except NotFound:
            return None

    async def blob(self, digest: str) -> AsyncIterator[bytes]:
        """The blob in pieces; goes on by itself, from where it was, when the connection is cut."""
        offset, failures = 0, 0
        while True:
            headers = {"Range": f"bytes={offset}-"} if offset else {}
            try:
                async with self._request("GET", f"blobs/{digest}", headers=headers) as response:
                    skip = offset if response.status == 200 else 0
                    async for data in response.content.iter_chunked(_CHUNK):
                        piece = data[skip:]
                        skip = max(0, skip - len(data))
                        offset += len(piece)
                        if piece:
                            failures = 0
                            yield piece
                return
            except (aiohttp.ClientError, TimeoutError, OSError, Unavailable) as error:
                failures += 1
                if failures >= _TRIES:
                    raise Unavailable(f"download of {digest} failed after {offset} bytes: {_reason(error)}") from error
                await asyncio.sleep(0.2 * 2**failures)

    async def mount_blob(self, digest: str, source: str) -> bool:
        """Ask the registry to take the blob from its repository `source`; False where it will not."""
        async with self._request("POST", "blobs/uploads/", params={"mount": digest, "from": source}) as response:
            return response.status == 201

    async def upload_blob(self, data: AsyncIterator[bytes]) -> "Upload":
        """Send a blob whose digest is known at its end only; finish it with `Upload.finish`."""
        async with self._request("POST", "blobs/uploads/") as response:
            location = urljoin(str(response.url), response.headers["Location"])
        headers = {"Content-Type": "application/octet-stream"}
        async with self._request("PATCH", location, data=data, headers=headers) as response:
            location = urljoin(str(response.url), response.headers["Location"])
        return Upload(self, location)

    async def finish(self, location: str, digest: str) -> None:
        separator = "&" if "?" in location else "?"
        async with self._request("PUT", f"{location}{separator}digest={digest}", data=b""):
            pass


class Upload(Struct, frozen=True):
    client: RegistryClient
    location: str

    async def finish(self, digest: str) -> None:
        await self.client.finish(self.location, digest)


def parse_document(body: bytes, sender: str) -> dict[str, Any]:
    """A JSON object from the network. Raises RegistryError for anything else, naming who sent it."""
    try:
        document = orjson.loads(body)
    except ValueError as error:
        raise RegistryError(f"{sender} answered with something that is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise RegistryError(f"{sender} answered with JSON that is no object")
    return document


def _is_insecure(host: str, insecure: tuple[str, ...]) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name == "localhost" or host in insecure or name in insecure:
        return True
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    networks = [ipaddress.ip_network(item, strict=False) for item in insecure if "/" in item]
    return address.is_loopback or any(address in network for network in networks)


def _reason(error: Exception | None) -> str:
    if isinstance(error, TimeoutError):
        return "timed out while waiting for the registry"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dial tcp: lookup {error.host}: no such host"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return f"dial tcp {error.host}:{error.port}: connect: connection refused"
    return str(error) or type(error).__name__


async def _error(response: ClientResponse) -> EngineError:
    """The registry's error as docker words it: code in lower case, then its message."""
    body = await response.content.read(1 << 16)
    code, message = "", ""
    try:
        first = orjson.loads(body)["errors"][0]
        code, message = str(first.get("code", "")), str(first.get("message", ""))
    except (ValueError, KeyError, IndexError, TypeError):
        message = (
            f"unexpected status from {response.method} request to {response.url}: {response.status} {response.reason}"
        )
    words = code.lower().replace("_", " ")
    text = f"{words}: {message}" if words else message
    if response.status == 401:
        return Unauthorized(
            "no basic auth credentials"
            if "Basic" in response.headers.get("WWW-Authenticate", "")
            and not response.request_info.headers.get("Authorization")
            else text
        )
    if response.status == 429:
        wait = response.headers.get("Retry-After", "")
        return Unavailable(text, retry_after_s=int(wait) if wait.isdecimal() else 0)
    kinds: dict[int, type[EngineError]] = {403: Forbidden, 404: NotFound}
    kind = kinds.get(response.status, Unavailable if response.status >= 500 else RegistryError)
    return kind(text)
