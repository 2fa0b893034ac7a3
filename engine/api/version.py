"""Versions of the API in the path: which are served, and which one a request speaks."""

import re

from engine.config import API_VERSION, MIN_API_VERSION
from engine.errors import InvalidArgument

_PREFIX = re.compile(r"^/v(\d{1,3})\.(\d{1,3})(?=/)")


def parse_version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


NEWEST = parse_version(API_VERSION)
OLDEST = parse_version(MIN_API_VERSION)


def split_version(path: str) -> tuple[tuple[int, int], str]:
    """Split `/v1.41/containers/json` into (1, 41) and `/containers/json`; without a prefix it is the newest version.

    Raises InvalidArgument, in dockerd's words, for a version that is not served.
    """
    match = _PREFIX.match(path)
    if match is None:
        return NEWEST, path
    version = int(match[1]), int(match[2])
    if version > NEWEST:
        raise InvalidArgument(
            f"client version {match[1]}.{match[2]} is too new. Maximum supported API version is {API_VERSION}"
        )
    if version < OLDEST:
        raise InvalidArgument(
            f"client version {match[1]}.{match[2]} is too old. Minimum supported API version is {MIN_API_VERSION}, "
            "please upgrade your client to a newer version"
        )
    return version, path[match.end() :]
