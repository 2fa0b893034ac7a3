"""Who we are to a registry: X-Registry-Auth, and the answers to its challenges (basic, bearer token)."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import orjson
from msgspec import Struct

from engine.errors import InvalidArgument

_PARAMETER = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Credentials(Struct, frozen=True):
    username: str = ""
    password: str = ""
    identity_token: str = ""
    registry_token: str = ""

    def __bool__(self) -> bool:
        return bool(self.username or self.identity_token or self.registry_token)

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


def credentials_of(document: Mapping[str, Any]) -> Credentials:
    """From docker's AuthConfig; `auth` is base64 of user:password."""
    username, password = str(document.get("username") or ""), str(document.get("password") or "")
    if not username and document.get("auth"):
        try:
            username, _, password = base64.b64decode(str(document["auth"])).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidArgument(f"invalid auth configuration: {error}") from error
    return Credentials(
        username, password, str(document.get("identitytoken") or ""), str(document.get("registrytoken") or "")
    )


def parse_auth_header(text: str | None) -> Credentials:
    """X-Registry-Auth: base64 JSON in either alphabet, padded or not; absent is nobody. Raises InvalidArgument."""
    if not text:
        return Credentials()
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        document = orjson.loads(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except ValueError as error:
        raise InvalidArgument(f"invalid X-Registry-Auth header: {error}") from error
    return credentials_of(document) if isinstance(document, dict) else Credentials()


class Challenge(Struct, frozen=True):
    """WWW-Authenticate (RFC 9110 and the token specification of the distribution project)."""

    scheme: str
    realm: str
    service: str
    scope: str


def parse_challenge(header: str) -> Challenge:
    scheme, _, rest = header.partition(" ")
    parameters = dict(_PARAMETER.findall(rest))
    return Challenge(
        scheme.lower(), parameters.get("realm", ""), parameters.get("service", ""), parameters.get("scope", "")
    )
