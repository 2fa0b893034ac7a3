"""Image references as people write them: what is one, and under which name Docker lists it."""

import re
from typing import Final

_PART: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
# The grammar of the distribution spec: [host[:port]/]path[:tag][@digest].
_REFERENCE: Final = re.compile(
    rf"(?:[a-zA-Z0-9.-]+(?::\d+)?/)?{_PART}(?:/{_PART})*(?::[\w][\w.-]{{0,127}})?(?:@[a-z0-9]+:[a-f0-9]{{32,}})?",
    re.ASCII,
)
_ID: Final = re.compile(r"(?:sha256:)?[a-f0-9]{12,64}")


def is_reference(text: str) -> bool:
    return _REFERENCE.fullmatch(text) is not None


def is_id(text: str) -> bool:
    """Whether this is an image's id, whole or short; a name of only hexadecimal digits looks the same."""
    return _ID.fullmatch(text) is not None


def listed_name(reference: str) -> str:
    """The name under which Docker lists an image: `busybox` is `busybox:latest`, Docker Hub goes without its host."""
    for prefix in ("docker.io/library/", "docker.io/"):
        reference = reference.removeprefix(prefix)
    last = reference.rpartition("/")[2]
    return reference if ":" in last or "@" in last else f"{reference}:latest"
