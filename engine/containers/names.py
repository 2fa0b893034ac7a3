"""Names of containers: which are allowed, and making one up when none is given."""

import re
import secrets
from collections.abc import Callable

from engine.errors import InvalidArgument

_ALLOWED = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")

_QUALITIES = (
    "amber", "breezy", "calm", "dapper", "early", "fleet", "glad", "hardy", "ivory", "jaunty", "keen", "level",
    "mellow", "nimble", "open", "patient", "quick", "ready", "steady", "tidal", "upright", "vivid", "warm", "young",
)  # fmt: skip
_THINGS = (
    "anchor", "barge", "crane", "dock", "estuary", "ferry", "gangway", "harbour", "inlet", "jetty", "keel",
    "lighthouse", "mast", "nautilus", "oar", "pier", "quay", "rudder", "sail", "tugboat", "vessel", "wharf", "yawl",
)  # fmt: skip


def check_name(name: str) -> str:
    """The name without its slash. Raises InvalidArgument when it is not one."""
    bare = name.removeprefix("/")
    if not _ALLOWED.fullmatch(bare):
        raise InvalidArgument(f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
    return bare


def make_up_name(is_taken: Callable[[str], bool]) -> str:
    """A name that nobody has yet."""
    for _ in range(8):
        name = f"{secrets.choice(_QUALITIES)}_{secrets.choice(_THINGS)}"
        if not is_taken(name):
            return name
    return f"{name}_{secrets.token_hex(4)}"
