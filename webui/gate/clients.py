"""docker-py whose every request passes the gate: for pages and jobs."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from json import dumps
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import requests
from docker import APIClient, DockerClient
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.utils import compare_version
from requests.adapters import HTTPAdapter

from webui.access import Operation
from webui.gate.actors import Actor
from webui.gate.addresses import CONNECT_TIMEOUT_S, base_url, read_address, tls_context, unreachable
from webui.gate.decision import may
from webui.gate.errors import NotVisible, Refused
from webui.gate.passage import Passage, begin
from webui.gate.paths import read_query

if TYPE_CHECKING:
    from webui.hosts.models import Host

# A question about the version for every page would be a second round trip; an engine changes its version rarely.
_VERSION_KEPT_S: Final = 120.0
_versions: dict[tuple[int | None, str], tuple[float, str]] = {}
_versions_lock = threading.Lock()


def docker_client(actor: Actor, host: "Host", *, timeout_s: float = 60) -> DockerClient:
    """docker-py for one actor on one host. One per thread; close it. `timeout_s` is between two bytes, not in all.

    Its calls raise Refused, HostUnreachable, or what docker-py raises. Raises HostUnreachable itself when the host's
    API version is not known yet and it does not answer.
    """
    api = GatedClient(actor, host, version=_version_of(actor, host), timeout_s=timeout_s)
    client = DockerClient.__new__(DockerClient)
    client.api = api
    return client


def _version_of(actor: Actor, host: "Host") -> str:
    """The highest API version that both sides speak."""
    key = (host.pk, host.url)
    with _versions_lock:
        known = _versions.get(key)
    if known and time.monotonic() - known[0] < _VERSION_KEPT_S:
        return known[1]
    with _closing(GatedClient(actor, host, version=DEFAULT_DOCKER_API_VERSION, timeout_s=CONNECT_TIMEOUT_S)) as api:
        theirs = api.their_version(by_ping=may(actor, host, Operation.SYSTEM_PING))
    version = theirs if compare_version(theirs, DEFAULT_DOCKER_API_VERSION) > 0 else DEFAULT_DOCKER_API_VERSION
    with _versions_lock:
        _versions[key] = (time.monotonic(), version)
    return version


@contextmanager
def _closing(api: "GatedClient") -> Iterator["GatedClient"]:
    try:
        yield api
    finally:
        api.close()


def _not_there(request: requests.PreparedRequest, words: NotVisible) -> requests.Response:
    response = requests.Response()
    response.request, response.url = request, request.url or ""
    response.status_code, response.reason = words.status, "Not Found"
    response.headers["Content-Type"] = "application/json"
    response._content = dumps({"message": str(words)}).encode()
    return response


class _TlsAdapter(HTTPAdapter):
    """Speaks TLS by the host's own context; requests would add the public CAs to it."""

    def __init__(self, context: Any) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def build_connection_pool_key_attributes(self, request: Any, _verify: Any, cert: Any = None) -> Any:
        host, keys = super().build_connection_pool_key_attributes(request, True, cert)
        return host, {name: value for name, value in keys.items() if not name.startswith("ca_cert")}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"


class GatedClient(APIClient):
    """docker-py's client with its one way out, `send`, led through the gate."""

    def __init__(self, actor: Actor, host: "Host", *, version: str, timeout_s: float) -> None:
        address = read_address(host.url)
        url = f"unix://{address.socket_path}" if address.socket_path else base_url(host)
        super().__init__(base_url=url, version=version, timeout=math.ceil(timeout_s))
        # Environment variables (proxies, REQUESTS_CA_BUNDLE, .netrc) must not redirect or weaken what we send.
        self.trust_env = False
        context = tls_context(host)
        if context is not None:
            self.mount("https://", _TlsAdapter(context))
        self._actor, self._host = actor, host

    @property
    def host(self) -> "Host":
        return self._host

    def their_version(self, *, by_ping: bool) -> str:
        """The highest API version that the host speaks, where it may be asked so by the header of its ping (API 1.24).

        For `GET /version` Podman asks the machine's package manager, which takes half a minute where that is busy.
        """
        answer = self.get(f"{self.base_url}/_ping", timeout=self.timeout) if by_ping else None
        told = answer.headers.get("Api-Version") if answer is not None and answer.ok else ""
        return told or str(self.version(api_version=False)["ApiVersion"])

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        is_streamed = request.body is not None and not isinstance(request.body, (bytes, str))
        try:
            passage = begin(
                self._actor, self._host, request.method or "GET", parts.path, query=read_query(parts.query),
                body=None if is_streamed else request.body, is_streamed=is_streamed,
                content_type=str(request.headers.get("Content-Type", "")),
            )  # fmt: skip
        except NotVisible as not_visible:
            # docker-py then says of it what it says of anything that is not there.
            return _not_there(request, not_visible)
        if passage.cuts_lines:
            passage.end(None, "refused")
            raise Refused("Events are read by the gate's own streams, which show what may be seen.", rule="ownership")
        request.url = f"{parts.scheme}://{parts.netloc}{passage.path}" + (f"?{parts.query}" if parts.query else "")
        if passage.body is not None:
            request.body = passage.body
            request.headers["Content-Length"] = str(len(passage.body))
        # A redirect would lead somewhere that nobody has decided about.
        kwargs["allow_redirects"] = False
        return self._sent(passage, request, kwargs)

    def _sent(self, passage: Passage, request: requests.PreparedRequest, kwargs: dict[str, Any]) -> requests.Response:
        try:
            response = super().send(request, **kwargs)
        except requests.ReadTimeout:
            passage.end(None, "no answer in time")
            raise
        except requests.ConnectionError as error:
            told = unreachable(self._host, error)
            passage.end(None, str(told))
            raise told from error
        if response.ok and passage.reads_whole:
            try:
                response._content = passage.answered(response.content)
            except Refused as refused:
                passage.end(None, str(refused))
                raise
        passage.end(response.status_code, "" if response.ok else str(response.reason))
        return response

    def _create_websocket_connection(self, url: str) -> Any:
        raise Refused(
            "docker-py's own websockets do not pass the gate; attach by its stream instead.", rule="websocket"
        )
