"""Names of images as people write them: `busybox`, `host:5000/team/app:1.2`, `app@sha256:...`.

The grammar and the short forms are those of the distribution project's reference package and of docker.
"""

import re

from msgspec import Struct
from msgspec.structs import replace

from engine.errors import InvalidArgument

DOCKER_HUB = "docker.io"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_DOMAIN = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{64}")


class Reference(Struct, frozen=True):
    """`domain` and `path` are complete (docker.io, library/busybox); `familiar` is what people see."""

    domain: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def repository(self) -> str:
        return f"{self.domain}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """Without docker.io/ and library/."""
        if self.domain != DOCKER_HUB:
            return self.repository
        return self.path.removeprefix("library/") if self.path.count("/") == 1 else self.path

    @property
    def familiar(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.familiar_name}{tag}{digest}"

    def with_tag(self, tag: str) -> "Reference":
        return replace(self, tag=tag, digest=None)

    def with_digest(self, digest: str) -> "Reference":
        return replace(self, tag=None, digest=digest)

    def with_default_tag(self) -> "Reference":
        return self if self.tag or self.digest else self.with_tag("latest")


def parse_reference(text: str) -> Reference:
    """Raises InvalidArgument, in docker's words."""
    name, _, digest = text.partition("@")
    if digest and not _DIGEST.fullmatch(digest):
        raise InvalidArgument("invalid reference format: unsupported digest" if ":" in digest else _INVALID)
    slash = name.rfind("/")
    colon = name.find(":", slash + 1)
    name, tag = (name[:colon], name[colon + 1 :]) if colon >= 0 else (name, None)
    if tag is not None and not _TAG.fullmatch(tag):
        raise InvalidArgument(_INVALID)
    if _ID.fullmatch(name):
        raise InvalidArgument(f"invalid repository name ({name}), cannot specify 64-byte hexadecimal strings")
    domain, path = _split(name)
    if not path or not _DOMAIN.fullmatch(domain) or not _PATH.fullmatch(path):
        if path.lower() != path and _PATH.fullmatch(path.lower()):
            raise InvalidArgument("invalid reference format: repository name must be lowercase")
        raise InvalidArgument(_INVALID)
    if len(domain) + 1 + len(path) > 255:
        raise InvalidArgument("repository name must not be more than 255 characters")
    return Reference(domain, path, tag, digest or None)


_INVALID = "invalid reference format"


def _split(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first):
        domain, path = ("docker.io" if first == "index.docker.io" else first), rest
    else:
        domain, path = DOCKER_HUB, name
    if domain == DOCKER_HUB and "/" not in path and path:
        path = f"library/{path}"
    return domain, path
