"""The fields of the run form that fill one place of the create body each: which place, and how they are written there.

A field shows a text and reads it back; lists and maps are one entry a line, in the words of the docker CLI. What a
text cannot hold (an entry of several lines) is not shown and stays as it is.
"""

import copy
import json
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from webui.containers.dialects import DialectError, Raw, mounts, values

Kind = Literal["text", "code", "switch", "choice", "lines", "map"]


@dataclass(frozen=True, slots=True)
class RunField:
    """`path` is the place in the create body, from its top. `read` raises DialectError, for one line or entry."""

    name: str
    section: str
    path: tuple[str, ...]
    label: str
    kind: Kind = "text"
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    placeholder: str = ""
    hint: str = ""
    choices: Sequence[tuple[str, str]] = ()

    def shown(self, body: Raw) -> str | bool:
        """What the form shows of a body."""
        value = found_at(body, self.path)
        if self.kind == "switch":
            return bool(value)
        if self.kind in {"lines", "map"}:
            return "\n".join(line for line, _ in self._entries(value) if "\n" not in line)
        return "" if value in (None, "", 0, []) and not self._is_zero_said(value) else self.write(value)

    def _is_zero_said(self, value: Any) -> bool:
        return value is not None and self.name in {"swappiness", "stop_timeout", "init"}

    def _entries(self, value: Any) -> Iterable[tuple[str, Any]]:
        """Each entry of a list or map as its line and itself."""
        entries = (value or {}).items() if self.kind == "map" else value or []
        return [(self.write(entry), entry) for entry in entries]

    def value_of(self, text: str, before: Any) -> Any:
        """What a text means. Entries whose line stood there `before` are what they were, word for word."""
        if self.kind not in {"lines", "map"}:
            return self.read(text) if text else None
        held = self._entries(before)
        known = dict(held)
        hidden = [entry for line, entry in held if "\n" in line]
        lines = [line for line in map(str.strip, text.splitlines()) if line]
        entries = [known[line] if line in known else self.read(line) for line in lines]
        entries += hidden
        return dict(entries) if self.kind == "map" else entries

    def put(self, body: Raw, value: Any) -> None:
        """Write a value at its place; nothing takes the place away."""
        put_at(body, self.path, value if value not in ("", [], {}) else None)


def found_at(body: Raw, path: Sequence[str]) -> Any:
    held: Any = body
    for key in path:
        held = held.get(key) if isinstance(held, dict) else None
    return held


def put_at(body: Raw, path: Sequence[str], value: Any) -> None:
    held = body
    for key in path[:-1]:
        if not isinstance(held.get(key), dict):
            if value is None:
                return
            held[key] = {}
        held = held[key]
    if value is None:
        held.pop(path[-1], None)
    else:
        held[path[-1]] = copy.deepcopy(value)


def read_command(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise DialectError(f"A quotation mark is not closed ({error}).") from error


def read_test(text: str) -> list[str]:
    """A command line for a shell, or a list in brackets as it is."""
    if not text.startswith("["):
        return ["CMD-SHELL", text]
    try:
        test = json.loads(text)
    except ValueError as error:
        raise DialectError(f'A list such as ["CMD", "curl", "-f", "http://localhost/"] ({error}).') from error
    if not isinstance(test, list) or not test or test[0] not in {"NONE", "CMD", "CMD-SHELL"}:
        raise DialectError("The list begins with CMD, CMD-SHELL or NONE.")
    return [str(word) for word in test]


def write_test(test: Sequence[str]) -> str:
    if len(test) == 2 and test[0] == "CMD-SHELL" and not str(test[1]).startswith("["):
        return str(test[1])
    return json.dumps(list(test), ensure_ascii=False)


def write_pair(pair: tuple[str, str]) -> str:
    return f"{pair[0]}={pair[1]}"


def write_tmpfs(entry: tuple[str, str]) -> str:
    return f"{entry[0]}:{entry[1]}" if entry[1] else entry[0]


def read_size(text: str) -> int:
    return -1 if text == "-1" else values.read_bytes(text)


def write_size(size_bytes: int) -> str:
    return values.write_bytes(int(size_bytes))


def read_memory(text: str) -> int:
    """Bytes of "512m". Raises DialectError, also for less than any container can run in."""
    size_bytes = values.read_bytes(text)
    if 0 < size_bytes < 6 << 20:
        raise DialectError("At least 6m: with less no container starts. Did you leave out the unit?")
    return size_bytes


def write_ulimit(limit: Raw) -> str:
    soft, hard = limit.get("Soft", 0), limit.get("Hard", 0)
    return f"{limit['Name']}={soft}" if soft == hard else f"{limit['Name']}={soft}:{hard}"


def one_of(*words: str, joins: bool = True) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in words or (joins and text.startswith("container:") and text != "container:"):
            return text
        raise DialectError(f"“{text}” is not {', '.join(words)}{' or container:NAME' if joins else ''}.")

    return read


def whole_path(text: str) -> str:
    return mounts.absolute(text, text)
