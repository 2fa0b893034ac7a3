"""The language of the filter box: words that must all be there, and terms that ask about one thing.

    stack:shop health:unhealthy label:env=prod !name:worker web

A term is `key:value` or `key=value`, `!` before it turns it round, a comma stands for "or", and quotes hold blanks
together. A key that there is not is just a word: image names have colons too.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from webui.containers.rows import Condition, ContainerRow

Matcher = Callable[[ContainerRow], bool]

_PIECE: Final = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_TERM: Final = re.compile(r"([a-z]+)[:=](.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """One piece of what was typed. `key` is "" for a plain word; `typed` is the piece as it stands in the box."""

    typed: str
    key: str
    value: str
    is_negated: bool = False


def terms_of(text: str) -> list[Term]:
    """What a person typed, piece by piece."""
    return [_term(piece) for piece in _PIECE.findall(text)]


def _term(piece: str) -> Term:
    bare = piece.replace('"', "")
    is_negated = bare.startswith("!") and len(bare) > 1
    word = (bare[1:] if is_negated else bare).lower()
    match = _TERM.fullmatch(word)
    if match and match[1] in KEYS:
        return Term(piece, match[1], match[2], is_negated)
    return Term(piece, "", word, is_negated)


def matcher(text: str) -> Matcher:
    """A test for rows from what a person typed: every piece must hold."""
    tests = [_test(term) for term in terms_of(text)]
    if not tests:
        return lambda _row: True
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


def _test(term: Term) -> Matcher:
    test = KEYS[term.key].test(term.value) if term.key else _word(term.value)
    return (lambda row: not test(row)) if term.is_negated else test


def _image_name(row: ContainerRow) -> str:
    """With the tag that is meant where none is written."""
    has_tag = ":" in row.image.rpartition("/")[2]
    return row.image if has_tag or not row.image else f"{row.image}:latest"


def _word(word: str) -> Matcher:
    is_id = len(word) >= 4
    return lambda row: (
        word in row.name.lower()
        or word in _image_name(row).lower()
        or word in row.stack.lower()
        or (is_id and row.id.startswith(word))
    )


def without(text: str, term: Term) -> str:
    """The text without one piece."""
    return " ".join(other.typed for other in terms_of(text) if other.typed != term.typed)


def toggled(text: str, key: str, value: str) -> str:
    """The text with `key:value` put in, or taken out where it stands; a second value of a key is an "or"."""
    value = value.lower()
    pieces, was_there = [], False
    for term in terms_of(text):
        if term.key != key or term.is_negated or not KEYS[key].has_alternatives:
            pieces.append(term.typed)
            continue
        was_there = True
        held = [one for one in term.value.split(",") if one]
        held = [one for one in held if one != value] if value in held else [*held, value]
        if held:
            pieces.append(written(key, ",".join(held)))
    if not was_there:
        piece = written(key, value)
        pieces = [one for one in pieces if one != piece] if piece in pieces else [*pieces, piece]
    return " ".join(pieces)


def written(key: str, value: str) -> str:
    """A term as it stands in the box."""
    return f'{key}:"{value}"' if re.search(r"\s", value) else f"{key}:{value}"


def holds(text: str, key: str, value: str) -> bool:
    """Whether the text asks for this value."""
    value = value.lower()
    return any(
        term.key == key and not term.is_negated and (term.value == value or value in term.value.split(","))
        for term in terms_of(text)
    )


@dataclass(frozen=True, slots=True)
class Key:
    """What can be asked about: the test that a value makes, and whether commas in it stand for "or"."""

    test: Callable[[str], Matcher]
    words: Any
    example: str
    has_alternatives: bool = False


def _one_of(read: Callable[[ContainerRow], str]) -> Callable[[str], Matcher]:
    def test(value: str) -> Matcher:
        wanted = set(value.split(","))
        return lambda row: read(row).lower() in wanted

    return test


def _part_of(read: Callable[[ContainerRow], str]) -> Callable[[str], Matcher]:
    def test(value: str) -> Matcher:
        wanted = value.split(",")
        return lambda row: any(one in read(row).lower() for one in wanted)

    return test


def _state(value: str) -> Matcher:
    # The words of the chips mean what the chips show: an unhealthy one does not count as running.
    conditions, states = _split(set(value.split(",")))
    return lambda row: row.condition.value in conditions or row.state in states


def _split(wanted: set[str]) -> tuple[set[str], set[str]]:
    conditions = {condition.value for condition in Condition}
    return wanted & conditions, wanted - conditions


def _label(value: str) -> Matcher:
    name, equals, wanted = value.partition("=")

    def test(row: ContainerRow) -> bool:
        for key, text in row.labels.items():
            if key.lower() == name:
                return text.lower() == wanted if equals else True
        return False

    return test


def _port(value: str) -> Matcher:
    return lambda row: any(value in {str(port.host_port), str(port.container_port)} for port in row.ports)


def _network(value: str) -> Matcher:
    wanted = set(value.split(","))
    return lambda row: any(name.lower() in wanted for name in row.networks)


def _volume(value: str) -> Matcher:
    return lambda row: value in {mount.source.lower() for mount in row.mounts}


def _ip(value: str) -> Matcher:
    return lambda row: any(ip.startswith(value) for _network, ip in row.addresses)


def _update(value: str) -> Matcher:
    is_wanted = value not in {"no", "false", "0"}
    return lambda row: row.has_update == is_wanted


KEYS: Final[Mapping[str, Key]] = {
    "name": Key(_part_of(lambda row: row.name), _("part of its name"), "name:web"),
    "state": Key(_state, _("running, paused, exited, unhealthy, failing, stopped…"), "state:running", True),
    "health": Key(_one_of(lambda row: row.health or "none"), _("healthy, unhealthy, starting, none"),
                  "health:unhealthy", True),
    "stack": Key(_one_of(lambda row: row.stack), _("its stack"), "stack:shop", True),
    "service": Key(_one_of(lambda row: row.service), _("its service in the stack"), "service:web", True),
    "image": Key(_part_of(_image_name), _("part of its image"), "image:postgres", True),
    "label": Key(_label, _("a label, with its value or without"), "label:env=prod"),
    "port": Key(_port, _("a port, inside or outside"), "port:8080"),
    "network": Key(_network, _("a network"), "network:edge", True),
    "ip": Key(_ip, _("the beginning of an address"), "ip:172.20."),
    "volume": Key(_volume, _("a volume, or a path on the host"), "volume:data"),
    "exit": Key(_one_of(lambda row: "" if row.exit_code is None else str(row.exit_code)), _("its exit code"),
                "exit:137", True),
    "host": Key(lambda value: lambda row: bool({row.host.lower(), row.host_name.lower()} & set(value.split(","))),
                _("its host"), "host:local", True),
    "owner": Key(_one_of(lambda row: row.owner), _("who it belongs to"), "owner:olga", True),
    "update": Key(_update, _("whether its registry has a newer image"), "update:yes"),
    "id": Key(lambda value: lambda row: row.id.startswith(value), _("the beginning of its id"), "id:4be2"),
}  # fmt: skip
