"""The shapes of values in a compose file: a list or a map, a number or its text, variables to be filled in."""

import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

from webui.containers.dialects import DialectError, Raw
from webui.containers.dialects.values import read_bytes, read_cpus, read_duration

_VARIABLE: Final = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?P<sign>:?[-?+])?(?P<word>(?:[^{}]|\{[^{}]*\})*)\})"
)


def filled_in(value: Any, missing: list[str]) -> Any:
    """The value with `${NAME:-default}` replaced; names without a default are added to `missing` and become empty."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _replacement(match, missing), value) if "$" in value else value
    if isinstance(value, list):
        return [filled_in(one, missing) for one in value]
    if isinstance(value, dict):
        return {key: filled_in(one, missing) for key, one in value.items()}
    return value


def _replacement(match: re.Match[str], missing: list[str]) -> str:
    if match["escaped"]:
        return "$"
    name, sign, word = match["bare"] or match["name"], match["sign"] or "", match["word"] or ""
    if sign.endswith("-"):
        return str(filled_in(word, missing))
    if sign.endswith("+"):
        return ""
    if name not in missing:
        missing.append(name)
    return ""


def texts(value: Any, what: str) -> list[str]:
    """A list of texts, also of one alone."""
    if value is None:
        return []
    if isinstance(value, list):
        return [text(one, what) for one in value]
    return [text(value, what)]


def text(value: Any, what: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise DialectError(f"{what} is a text, not {_kind(value)}.")


def pairs(value: Any, what: str) -> dict[str, str | None]:
    """`[A=1, B]` and `{A: 1, B: }` alike; None where there is no value."""
    if isinstance(value, Mapping):
        return {str(key): None if one is None else text(one, f"{what} {key}") for key, one in value.items()}
    found: dict[str, str | None] = {}
    for line in texts(value, what):
        key, sign, one = line.partition("=")
        found[key] = one if sign else None
    return found


def mapping(value: Any, what: str) -> Raw:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DialectError(f"{what} holds settings by name, not {_kind(value)}.")
    return {str(key): one for key, one in value.items()}


def command(value: Any, what: str) -> list[str] | None:
    """A list as it is, a text as a shell would cut it; None keeps the image's."""
    if value is None:
        return None
    if isinstance(value, list):
        return texts(value, what)
    try:
        return shlex.split(text(value, what))
    except ValueError as error:
        raise DialectError(f"{what}: a quotation mark is not closed ({error}).") from error


def switch(value: Any, what: str) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in {"true", "yes", "on", "false", "no", "off"}:
        return str(value).lower() in {"true", "yes", "on"}
    raise DialectError(f"{what} is true or false.")


def number(value: Any, what: str) -> int:
    try:
        return int(str(value), 0)
    except ValueError:
        raise DialectError(f"{what} is a whole number, not “{value}”.") from None


def size(value: Any, what: str) -> int:
    if str(value) == "-1":
        return -1
    return int(named(read_bytes, value, what))


def cpus(value: Any, what: str) -> int:
    return int(named(read_cpus, value, what))


def duration(value: Any, what: str) -> int:
    return int(named(read_duration, value, what))


def named(read: Any, value: Any, what: str) -> Any:
    """What `read` makes of the text of a value, or an error that says which setting it is about."""
    try:
        return read(text(value, what))
    except DialectError as error:
        raise DialectError(f"{what}: {error}") from None


def _kind(value: Any) -> str:
    return {dict: "settings by name", list: "a list", type(None): "nothing"}.get(type(value), f"“{value}”")
