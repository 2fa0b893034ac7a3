"""Addresses of registries and names of images, as people and Docker write them. Pure.

The short forms are those of the distribution project's reference package: without an address it is Docker Hub, and
there without a folder `library/`.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

HUB: Final = "docker.io"
_HUB_NAMES: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com",
                               "hub.docker.com", "www.docker.com"})  # fmt: skip
# The host that answers for Docker Hub, and the word for it in X-Registry-Auth since docker's first days.
_HUB_HOST: Final = "registry-1.docker.io"
_HUB_SERVER: Final = "https://index.docker.io/v1/"
_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_ADDRESS: Final = re.compile(
    rf"(?P<name>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{{1,5}}))?", re.ASCII
)
_PART: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAMESPACE: Final = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImageName:
    """`address` and `path` are whole ("docker.io", "library/nginx"); `tag` is "" where none is named."""

    address: str
    path: str
    tag: str = ""


def image_name(reference: str) -> ImageName:
    """What an image's reference names. It need not be a right one: a name that is still being typed is read too.

    >>> image_name("nginx:1.27")
    ImageName(address='docker.io', path='library/nginx', tag='1.27')
    """
    name = reference.partition("@")[0]
    first, slash, rest = name.partition("/")
    is_address = slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first)
    address, path = (first.lower(), rest) if is_address else (HUB, name)
    head, slash, last = path.rpartition("/")
    last, _colon, tag = last.partition(":")
    path = head + slash + last
    if address in _HUB_NAMES:
        address = HUB
        path = path if "/" in path else f"library/{path}"
    return ImageName(address, path, tag)


def address_of(text: str) -> str:
    """The address as images name it: without https://, in lower case, Docker Hub by its one name.

    Raises ValueError, with words for a person.
    """
    address = text.strip().lower()
    for scheme in ("https://", "http://"):
        address = address.removeprefix(scheme)
    # What people copy: the addresses of the API and of Docker Hub's sign-in.
    address = re.sub(r"/(v[12]/?)?$", "", address)
    if address in _HUB_NAMES:
        return HUB
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match["port"] or 443) < 65536 or not _is_address(match["name"]):
        raise ValueError("Give a name or an address, with a port where it is not the usual one: ghcr.io, 10.0.0.5:5000")
    if "." not in address and ":" not in address and address != "localhost":
        raise ValueError(
            f"Docker would take “{address}” for a folder of Docker Hub. Give it with its port: {address}:443"
        )
    return address


def _is_address(name: str) -> bool:
    if not name.startswith("["):
        return True
    try:
        ipaddress.IPv6Address(name[1:-1])
    except ValueError:
        return False
    return True


def namespace_of(text: str) -> str:
    """A prefix of repositories without slashes around it; "" for all. Raises ValueError, with words for a person."""
    namespace = text.strip().strip("/")
    if namespace and not _NAMESPACE.fullmatch(namespace):
        raise ValueError("A folder of images is written in small letters: shop, or shop/tools.")
    return namespace


def is_within(path: str, namespace: str) -> bool:
    """Whether a repository lies in a namespace: `shop/web` does in `shop`, `shopping/web` does not."""
    return not namespace or path == namespace or path.startswith(f"{namespace}/")


def is_repository(path: str) -> bool:
    return len(path) <= 255 and _NAMESPACE.fullmatch(path) is not None


def server_of(address: str) -> str:
    """`serveraddress` of X-Registry-Auth."""
    return _HUB_SERVER if address == HUB else address


def place_of(address: str) -> tuple[str, int | None]:
    """The host that answers for a registry, and its port, None for the scheme's own."""
    if address == HUB:
        return _HUB_HOST, None
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(f"{address} is no address")
    return match["name"].strip("[]"), int(match["port"]) if match["port"] else None


def url_of(address: str, path: str, *, is_plain: bool) -> str:
    """`path` begins with a slash."""
    host = _HUB_HOST if address == HUB else address
    return f"{'http' if is_plain else 'https'}://{host}{path}"
