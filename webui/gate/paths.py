"""A path as it was asked for, made into the one path that is both matched and sent.

What could be read in two ways (encoded slashes, dots, empty parts, double encoding) is refused, never repaired.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from webui.gate.errors import Refused

# One prefix, as the API has them; anything else that looks like one is part of the path, and no path begins so.
_VERSION: Final = re.compile(r"/v[0-9]{1,3}\.[0-9]{1,3}(?=/)")
_ENCODED_STRUCTURE: Final = re.compile(r"%(2f|2e|5c|25|00|3f|23)", re.IGNORECASE)
_FORBIDDEN: Final = re.compile(r"[^!-~]|[%\\?#]")
_SAFE: Final = "/:@+~!$&'()*,;=-._"


@dataclass(frozen=True, slots=True)
class ApiPath:
    """`version` is "" or "/v1.41"; `path` is decoded and without it: what the table matches."""

    version: str
    path: str

    @property
    def sent(self) -> str:
        """What goes over the wire: made from what was matched, not from what was asked."""
        return self.version + quote(self.path, safe=_SAFE)


def read_path(asked: str) -> ApiPath:
    """Raises Refused for a path that a host might read in another way than we do."""
    if not asked.startswith("/"):
        raise _refusal(asked, "it does not begin with a slash")
    if _ENCODED_STRUCTURE.search(asked):
        raise _refusal(asked, "it holds an encoded slash, dot or percent sign")
    try:
        path = unquote_to_bytes(asked).decode("ascii")
    except UnicodeDecodeError:
        raise _refusal(asked, "it holds characters outside ASCII") from None
    if _FORBIDDEN.search(path):
        raise _refusal(asked, "it holds a blank, a control character, or one that ends a path")
    if any(part in {"", ".", ".."} for part in path.split("/")[1:]):
        raise _refusal(asked, "it holds an empty part or dots")
    version = _VERSION.match(path)
    prefix = version.group() if version else ""
    return ApiPath(prefix, path.removeprefix(prefix))


def _refusal(asked: str, why: str) -> Refused:
    return Refused(f"The path {asked[:200]!r} is refused: {why}.", rule="path")


# Parameters that a host takes every value of; of any other it takes the first (Go's url.Values.Get).
TAKEN_WHOLE: Final = ("names", "t")


def read_query(text: str) -> dict[str, str]:
    """A query string as the table reads it, and the host. Several names or tags become one value, with commas."""
    return query_of(parse_qsl(text, keep_blank_values=True))


def query_of(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The same for parameters that were read already."""
    query = dict(reversed(pairs))
    return query | {
        name: ",".join(value for key, value in pairs if key == name) for name in TAKEN_WHOLE if name in query
    }
