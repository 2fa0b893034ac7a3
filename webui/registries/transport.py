"""Asking a registry over HTTP: only where it may be asked, within bounds of time and size, and never led elsewhere.

The name is resolved here and what is connected to is one of those very addresses, so that a name that means another
machine a moment later reaches nothing. Redirects, and the proxies of the environment, are not followed.
"""

import ipaddress
import math
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.utils.translation import gettext as _
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from webui.registries.errors import RegistryFailed
from webui.registries.models import Encryption

CONNECT_S: Final = 5.0
# For the whole of one question, from the first byte sent to the last one read.
ANSWER_S: Final = 10.0
LARGEST_BYTES: Final = 2 << 20
_CHUNK_BYTES: Final = 64 * 1024
_LONGEST_PAUSE_S: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Trust:
    """How a registry is spoken with. `may_be_here`: an administrator has said that it may be on this machine."""

    encryption: str = Encryption.VERIFIED
    ca: str = ""
    may_be_here: bool = False

    @property
    def is_plain(self) -> bool:
        return self.encryption == Encryption.PLAIN


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` have names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def retry_after_s(self) -> int:
        """What Retry-After says in seconds, 0 for a date or nothing."""
        text = self.headers.get("retry-after", "")
        return min(int(text), _LONGEST_PAUSE_S) if text.isdecimal() else 0


def ask(url: str, trust: Trust, *, headers: Mapping[str, str] | None = None, within_s: float = ANSWER_S) -> Reply:
    """GET one URL. Raises RegistryFailed where there is no answer, or one beyond the bounds."""
    within_s = max(0.1, min(within_s, ANSWER_S))
    parts = urlsplit(url)
    place = parts.netloc
    _check_scheme(parts.scheme, place, trust)
    allowed = _addresses(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), trust)
    with requests.Session() as session:
        session.trust_env = False
        try:
            session.mount(f"{parts.scheme}://", _Pinned(allowed, _context(trust) if parts.scheme == "https" else None))
            deadline = time.monotonic() + within_s
            answer = session.get(
                url, headers={"Accept": "application/json", "User-Agent": "quayside", **(headers or {})},
                timeout=(min(CONNECT_S, within_s), within_s), allow_redirects=False, stream=True,
            )  # fmt: skip
            body = _body(answer, deadline, place)
        except (requests.exceptions.SSLError, ssl.SSLError) as error:
            raise _tls_failure(place, error) from error
        except (requests.exceptions.Timeout, TimeoutError) as error:
            raise RegistryFailed(
                _("%(place)s did not answer within %(count)d seconds. Does a firewall stand between?")
                % {"place": place, "count": math.ceil(within_s)},
                why="silent",
            ) from error
        except (requests.exceptions.RequestException, OSError) as error:
            raise _no_connection(place, error) from error
    return Reply(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body)


def _check_scheme(scheme: str, place: str, trust: Trust) -> None:
    if scheme == "https" or (scheme == "http" and trust.is_plain):
        return
    words = _("%(place)s is named by %(scheme)s://, and only https:// is allowed here.")
    raise RegistryFailed(words % {"place": place[:200], "scheme": scheme[:20] or "?"}, why="address")


def _addresses(name: str, port: int, trust: Trust) -> list[str]:
    """The IP addresses behind a name. Raises RegistryFailed for none, and for one that may not be asked."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        words = _("No machine is called %s. Is the name spelled right, and does this machine's DNS answer?")
        raise RegistryFailed(words % name[:200], why="name") from error
    if not trust.may_be_here and any(is_closed(address) for address in found):
        words = _("%s is an address of this machine or of its network's own services: only administrators may add it.")
        raise RegistryFailed(words % name[:200], why="address")
    # IPv4 first, as most networks have it: a name with both would otherwise cost the whole patience.
    return sorted(found, key=lambda address: (":" in address, address))


def is_closed(address: str) -> bool:
    """Whether an IP address is this machine, its link, or where clouds tell their machines secrets."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    return ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved


def _context(trust: Trust) -> ssl.SSLContext:
    if trust.encryption == Encryption.OWN:
        return ssl.create_default_context(cadata=trust.ca)
    context = ssl.create_default_context()
    if trust.encryption == Encryption.UNVERIFIED:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _body(answer: requests.Response, deadline: float, place: str) -> bytes:
    read = bytearray()
    while chunk := answer.raw.read(_CHUNK_BYTES, decode_content=True):
        read += chunk
        if len(read) > LARGEST_BYTES:
            raise RegistryFailed(_("%s answered with more than a registry would.") % place, why="broken")
        if time.monotonic() > deadline:
            raise TimeoutError
    return bytes(read)


class _Pinned(HTTPAdapter):
    """Connects to these IP addresses whatever the name means by then; the name is what the certificate must be of."""

    def __init__(self, addresses: list[str], context: ssl.SSLContext | None) -> None:
        self._addresses, self._context = addresses, context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._context is not None:
            kwargs["ssl_context"] = self._context
        super().init_poolmanager(*args, **kwargs)
        addresses = self._addresses

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return _connected(self, addresses)

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return _connected(self, addresses)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

            def _validate_conn(self, conn: Any) -> None:
                # urllib3 would warn at each question of what an administrator has chosen.
                if conn.is_closed:
                    conn.connect()

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    def build_connection_pool_key_attributes(self, request: Any, _verify: Any, cert: Any = None) -> Any:
        # requests would add the public authorities to ours.
        host, keys = super().build_connection_pool_key_attributes(request, True, cert)
        return host, {name: value for name, value in keys.items() if not name.startswith(("ca_cert", "cert_reqs"))}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        if self._context is not None:
            conn.cert_reqs = "CERT_NONE" if self._context.verify_mode is ssl.CERT_NONE else "CERT_REQUIRED"


def _connected(connection: HTTPConnection, addresses: list[str]) -> socket.socket:
    failure: OSError | None = None
    for address in addresses[:4]:
        try:
            return socket.create_connection((address, connection.port), CONNECT_S)
        except OSError as error:
            failure = error
    raise NewConnectionError(connection, str(failure)) from failure


def _tls_failure(place: str, error: BaseException) -> RegistryFailed:
    reason = _innermost(error)
    if "WRONG_VERSION_NUMBER" in reason.upper() or "RECORD_LAYER" in reason.upper():
        words = _("%s does not speak TLS. If it is meant to be plain HTTP, an administrator can say so here.")
        return RegistryFailed(words % place, why="plain")
    words = _("The certificate of %(place)s is not one that is trusted here: %(why)s")
    return RegistryFailed(words % {"place": place, "why": reason}, why="certificate")


def _no_connection(place: str, error: BaseException) -> RegistryFailed:
    reason = _innermost(error)
    if "refused" in reason.lower():
        return RegistryFailed(
            _("Nothing listens at %s. Is the registry running, and is its port right?") % place, why="refused"
        )
    if "timed out" in reason.lower():
        words = _("%(place)s did not answer within %(count)d seconds. Does a firewall stand between?")
        return RegistryFailed(words % {"place": place, "count": math.ceil(CONNECT_S)}, why="silent")
    words = _("The connection to %(place)s broke: %(why)s")
    return RegistryFailed(words % {"place": place, "why": reason}, why="broken")


def _innermost(error: BaseException) -> str:
    """The innermost words of an error that wraps others."""
    while True:
        inner = getattr(error, "reason", None) or next((one for one in error.args if isinstance(one, Exception)), None)
        if not isinstance(inner, BaseException):
            return str(inner or error)[:200]
        error = inner
