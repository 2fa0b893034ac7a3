"""The mark that an exec carries in its environment, by which it is found again inside its container.

A console's is made at random for each; that of what somebody runs through the proxy is the same for all of a token on
a host, and can be made again by any process.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

import orjson
from django.conf import settings

MARK: Final = "QUAYSIDE_CONSOLE"


def mark_of_token(token_id: int, host_id: int | None) -> str:
    made = hmac.new(settings.SECRET_KEY.encode(), f"exec:{token_id}:{host_id}".encode(), hashlib.sha256)
    return made.hexdigest()[:16]


def marked(body: Mapping[str, Any], mark: str) -> bytes:
    """The body of `POST /containers/{id}/exec` with the mark in the environment that it asks for."""
    name = next((key for key in body if key.casefold() == "env"), "Env")
    given = body.get(name)
    environment = [one for one in given if not str(one).startswith(f"{MARK}=")] if isinstance(given, list) else []
    return orjson.dumps({**body, name: [*environment, f"{MARK}={mark}"]})
