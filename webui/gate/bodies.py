"""What a JSON body must be like before it is sent: of one reading, the same for us and for the host."""

from collections.abc import Mapping
from json import JSONDecodeError, loads
from typing import Any, Final

from webui.gate.errors import Refused

# Docker's daemon (Go) matches the names of fields without regard to case, and of two that are the same takes the last;
# so `"privileged"` beside `"Privileged"` is a way to be read differently. Only in these objects are the names fields;
# labels, options and the like are a user's own, where case matters.
_FIELD_OBJECTS: Final = frozenset(
    {"", "hostconfig", "networkingconfig", "healthcheck", "tasktemplate", "containerspec", "resources", "ipam"}
)


class _Object(dict[str, Any]):
    """A JSON object that remembers whether a name stood in it twice."""

    repeated: str = ""


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        made.repeated = next(name for name, _value in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return made


def read_body(body: bytes | str | Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The body as one JSON object, {} for none. Raises Refused for one that could be read in two ways, or is none."""
    if not body:
        return {}
    if isinstance(body, Mapping):
        made: Any = body
    else:
        try:
            made = loads(body, object_pairs_hook=_object)
        except (JSONDecodeError, UnicodeDecodeError, RecursionError):
            raise Refused("The body is not JSON.", rule="body") from None
    if made is None:
        return {}
    if not isinstance(made, Mapping):
        raise Refused("The body is not a JSON object.", rule="body")
    _check_names(made, "")
    return made


def _check_names(made: Any, name: str) -> None:
    if isinstance(made, list):
        for one in made:
            _check_names(one, name)
    if not isinstance(made, Mapping):
        return
    repeated = getattr(made, "repeated", "")
    if repeated:
        raise Refused(f"The body holds {repeated!r} twice.", rule="body")
    if name.lower() in _FIELD_OBJECTS and len({key.casefold() for key in made}) != len(made):
        raise Refused(f"The body holds a field of {name or 'the request'} twice, in different case.", rule="body")
    for key, value in made.items():
        _check_names(value, key)
