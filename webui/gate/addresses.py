"""Where a host is and how it is spoken to: unix socket, TCP, TLS; and what to say when nobody answers there."""

import http.client
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import aiohttp

from webui.gate.errors import HostUnreachable
from webui.tls_streams import load_identity

if TYPE_CHECKING:
    from webui.hosts.models import Host

CONNECT_TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True)
class Address:
    """`socket_path` for unix://, else `name` and `port`."""

    socket_path: str = ""
    name: str = ""
    port: int = 0

    @property
    def authority(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


def read_address(url: str) -> Address:
    """The address in a URL. Raises ValueError, in words, for one that is neither unix:///PATH nor tcp://HOST:PORT."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        if parts.netloc or not parts.path.startswith("/"):
            raise ValueError("A socket is written with its full path: unix:///var/run/docker.sock")
        return Address(socket_path=parts.path)
    if parts.scheme != "tcp":
        raise ValueError("Write unix:///path/to/docker.sock or tcp://host:port.")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise ValueError("Write tcp://host:port and nothing else.")
    if parts.port is None:
        raise ValueError("The port is missing: Docker listens on 2376 with TLS, on 2375 without.")
    return Address(name=parts.hostname, port=parts.port)


def base_url(host: "Host") -> str:
    """The host as an HTTP client writes it. For a socket the name means nothing."""
    address = read_address(host.url)
    if address.socket_path:
        return "http://docker"
    return f"{'https' if host.uses_tls else 'http'}://{address.authority}"


def tls_context(host: "Host") -> ssl.SSLContext | None:
    """TLS with exactly the host's own CA and our certificate for it; None where none is configured."""
    if not host.uses_tls or host.url.startswith("unix:"):
        return None
    context = ssl.create_default_context(cadata=host.tls_ca or None)
    if host.tls_certificate:
        load_identity(context, host.tls_certificate, host.tls_key)
    return context


def unreachable(host: "Host", error: BaseException) -> HostUnreachable:
    """What to say about a host that could not be asked: which, why, what to do."""
    return HostUnreachable(f"{host.name} cannot be reached at {host.url}: {_why(error)}")


_WORDS: Final = (
    (socket.gaierror, "its name is not known. Check the address."),
    (TimeoutError, "it did not answer in time. Is it switched on, and is a firewall between?"),
    (PermissionError, "Quayside may not open this socket. Run it as root, or as a member of the socket's group."),
    (FileNotFoundError, "there is no such socket. Is its engine running?"),
    (ConnectionRefusedError, "nothing listens there. Is its engine running?"),
    (ConnectionError, "it broke off before it answered; what was asked may or may not have happened."),
)


def _why(error: BaseException) -> str:
    cause = _cause_of(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted ({cause.verify_message}). Check the CA that is given for it."
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed ({cause.reason or cause}). Check the certificate and key that are given for it."
    return next((words for kind, words in _WORDS if isinstance(cause, kind)), f"{cause}.")


# What HTTP clients say when the other side closes without a word.
_CUT: Final = (EOFError, aiohttp.ServerDisconnectedError, http.client.RemoteDisconnected)


def _cause_of(error: BaseException) -> BaseException:
    """The operating system's own error inside what HTTP libraries wrap around it."""
    seen: list[BaseException] = []
    queue: list[BaseException] = [error]
    while queue:
        one = queue.pop(0)
        if one in seen:
            continue
        seen.append(one)
        inner = (
            getattr(one, "os_error", None),
            getattr(one, "reason", None),
            one.__cause__,
            one.__context__,
            *one.args,
        )
        queue += [part for part in inner if isinstance(part, BaseException)]
    cut = [one for one in seen if isinstance(one, _CUT)]
    systems = [
        one for one in seen if isinstance(one, OSError) and type(one).__module__ in {"builtins", "ssl", "socket"}
    ]
    timeouts = [one for one in seen if "Timeout" in type(one).__name__]
    return systems[0] if systems else ConnectionResetError() if cut else TimeoutError() if timeouts else seen[-1]
