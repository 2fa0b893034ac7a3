"""Asking an address whether a Docker API answers there, and what it is: before a host is kept, and at first start."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from docker.errors import APIError, DockerException
from requests import RequestException

from webui.gate import Actor, HostUnreachable, docker_client

if TYPE_CHECKING:
    from webui.hosts.models import Host

_GREETING_S: Final = 10


@dataclass(frozen=True, slots=True)
class Greeting:
    """What answered: "Docker 20.10.24, API 1.41, Debian GNU/Linux 12"."""

    engine: str
    version: str
    api_version: str
    system: str

    def __str__(self) -> str:
        return ", ".join(
            filter(None, [f"{self.engine} {self.version}".strip(), f"API {self.api_version}", self.system])
        )


def greet(actor: Actor, host: "Host") -> Greeting:
    """Ask a host, kept or not, who it is. Raises HostUnreachable with words for a person."""
    try:
        client = docker_client(actor, host, timeout_s=_GREETING_S)
        try:
            version: dict[str, Any] = client.version()
            info: dict[str, Any] = client.info()
        finally:
            client.close()
    except (APIError, KeyError, TypeError, ValueError, RequestException, DockerException) as error:
        raise HostUnreachable(f"{host.url} answers, but not as a Docker API does: {error}") from error
    components = version.get("Components") or [{}]
    engine = str(components[0].get("Name") or "Docker").replace("Engine", "").strip()
    return Greeting(
        engine=engine or "Docker",
        version=str(version.get("Version", "")),
        api_version=str(version.get("ApiVersion", "")),
        system=str(info.get("OperatingSystem", "")),
    )
