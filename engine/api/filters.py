"""The `filters` query parameter of lists, prunes and events.

It is JSON in one of two forms: `{"label": ["a=b"]}`, or Go's older `{"label": {"a=b": true}}`, which the docker CLI
and Compose still send. Values of one key are or-ed (labels: and-ed); keys are and-ed.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import orjson
from aiohttp import web
from msgspec import Struct, field

from engine.errors import InvalidArgument

_TRUE = frozenset({"1", "true", "True", "TRUE", "t", "T"})
_FALSE = frozenset({"0", "false", "False", "FALSE", "f", "F"})


class Filters(Struct, frozen=True):
    """What a client asked to see: key -> its values, in the order given."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        return bool(self.values)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def get(self, key: str) -> tuple[str, ...]:
        return self.values.get(key, ())

    def check_known(self, known: Iterable[str]) -> None:
        """Raise InvalidArgument for the first key that is not among `known`."""
        for key in self.values:
            if key not in known:
                raise InvalidArgument(f"invalid filter '{key}'")

    def flag(self, key: str, *, default: bool) -> bool:
        """The boolean value of `key`; raises InvalidArgument for anything else or for a contradiction."""
        given = set(self.get(key))
        if not given:
            return default
        if given <= _TRUE:
            return True
        if given <= _FALSE:
            return False
        raise InvalidArgument(f"invalid filter '{key}={sorted(given)}'")

    def match_labels(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` has every `label` asked for and none of `label!`; each is `key` or `key=value`."""
        return all(_has_label(labels, wanted) for wanted in self.get("label")) and not any(
            _has_label(labels, unwanted) for unwanted in self.get("label!")
        )

    def until(self) -> datetime | None:
        """The `until` of prunes: RFC 3339, unix seconds, or a Go duration back from now. None when absent."""
        given = self.get("until")
        if not given:
            return None
        if len(given) > 1:
            raise InvalidArgument("more than one until filter specified")
        return parse_instant(given[0])


def _has_label(labels: Mapping[str, str], wanted: str) -> bool:
    key, has_value, value = wanted.partition("=")
    return key in labels and (not has_value or labels[key] == value)


def parse_filters(request: web.Request) -> Filters:
    """The filters of a request; raises InvalidArgument for what is neither of the two forms."""
    text = request.query.get("filters", "")
    if not text:
        return Filters()
    try:
        document = orjson.loads(text)
        return Filters({str(key): _values_of(values) for key, values in ({} if document is None else document).items()})
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidArgument(f"invalid filters: {error}") from error


def _values_of(values: object) -> tuple[str, ...]:
    if isinstance(values, dict):
        return tuple(str(value) for value, wanted in values.items() if wanted)
    if isinstance(values, list):
        return tuple(str(value) for value in values)
    raise TypeError("each filter takes a list of values")


_UNIT_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def parse_instant(text: str) -> datetime:
    """A moment as clients give it (since, until): unix seconds with a fraction, RFC 3339, or a Go duration ago.

    Raises InvalidArgument.
    """
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() - _duration_s(text), UTC)


def _duration_s(text: str) -> float:
    parts = re.findall(r"(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InvalidArgument(f"invalid time {text!r}: give unix seconds, RFC 3339 or a duration such as 10m")
    return sum(float(number) * _UNIT_S[unit] for number, unit in parts)
