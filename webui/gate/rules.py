"""What a row of the table is made of, and how a path finds its row."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from webui.access import Operation
from webui.ownership.rules import Rules

Query = Mapping[str, str]
# Says what is wrong with a body, or None. The body is what the host will read: JSON, decoded.
BodyRule = Callable[[Mapping[str, Any]], str | None]
# The same, as the rules of a host make it.
HostRule = Callable[[Rules], BodyRule]
# Some paths are two operations, told apart by a parameter.
Choose = Callable[[Query], Operation]


class Audit(IntEnum):
    """Whether an entry is written when the operation is allowed. A refusal always is."""

    NOTHING = 0
    CHANGE = 1
    SENSITIVE = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a method and path, what it means, what it is done to, what its body must be like, how it is audited.

    `target` names the part of the path that holds the object's id or name; "?x" takes it from the query, "" is none.
    `body_rules` apply to JSON bodies; `restricted_rules` and `restricted_query` only for who does not rule the host.
    `is_json` is False where the body is a tar or a stream. `lesser` is what it may be for who may not do the operation:
    then what is asked for is looked at against what is there (webui.gate.redeploying).
    """

    method: str
    path: str
    operation: Operation | Choose
    resource: str
    target: str = ""
    audit: Audit = Audit.NOTHING
    body_rules: Sequence[BodyRule] = ()
    is_json: bool = True
    restricted_rules: Sequence[HostRule] = ()
    restricted_query: Sequence[HostRule] = ()
    lesser: Operation | None = None

    def operation_for(self, query: Query) -> Operation:
        return self.operation if isinstance(self.operation, Operation) else self.operation(query)


@dataclass(frozen=True, slots=True)
class Never:
    """A path that hosts know and that we let nobody use. `why` is for a person."""

    method: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Match:
    rule: Rule | Never
    parts: Mapping[str, str]


# An object's id or name, as Docker's daemon restricts names (daemon/names) with what ids, sha256: and plugins add.
_ONE_PART: Final = r"[A-Za-z0-9][A-Za-z0-9_.:+-]*"
# An image or plugin reference (distribution/reference): parts with slashes between, a tag, a digest.
_REFERENCE: Final = r"[A-Za-z0-9][A-Za-z0-9_.:@+-]*(?:/[A-Za-z0-9][A-Za-z0-9_.:@+-]*)*"


def _pattern(path: str) -> re.Pattern[str]:
    pattern = re.sub(r"\{(\w+):\.\*\}", lambda part: f"(?P<{part[1]}>{_REFERENCE})", path)
    return re.compile(re.sub(r"\{(\w+)\}", lambda part: f"(?P<{part[1]}>{_ONE_PART})", pattern))


@dataclass(slots=True)
class Table:
    """All rows, found by method and first part of the path. Rows with fixed paths win over rows with variables."""

    rows: Sequence[Rule]
    never: Sequence[Never] = ()
    _index: dict[tuple[str, str], list[tuple[re.Pattern[str], Rule | Never]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        every: list[Rule | Never] = [*self.rows, *self.never]
        for rule in sorted(every, key=lambda rule: rule.path.count("{")):
            self._index.setdefault((rule.method, rule.path.split("/")[1]), []).append((_pattern(rule.path), rule))

    def match(self, method: str, path: str) -> Match | None:
        """The row for a method and a path from `read_path`; None for what the table does not know."""
        for pattern, rule in self._index.get((method, path.split("/")[1]), ()):
            found = pattern.fullmatch(path)
            if found:
                return Match(rule, found.groupdict())
        return None
