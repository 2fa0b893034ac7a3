"""What in a filter asks for something that there is not, a key or a value; and what may have been meant."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _

from webui.containers import filtering
from webui.containers.filtering import KEYS, Term
from webui.containers.rows import Condition, ContainerRow
from webui.pages import Doubt

_STATES: Final = ("created", "running", "paused", "restarting", "removing", "exited", "dead")
# What these can ever be.
_CLOSED: Final[Mapping[str, Sequence[str]]] = {
    "state": tuple(dict.fromkeys([*(condition.value for condition in Condition), *_STATES])),
    "health": ("healthy", "unhealthy", "starting", "none"),
    "update": ("yes", "no"),
}
# What these are is what containers have.
_OPEN: Final[Mapping[str, Callable[[ContainerRow], Iterable[str]]]] = {
    "stack": lambda row: (row.stack,),
    "service": lambda row: (row.service,),
    "host": lambda row: (row.host, row.host_name),
    "owner": lambda row: (row.owner,),
    "network": lambda row: row.networks,
}
_MOST_OFFERS: Final = 3
_LOOKS_LIKE_TERM: Final = re.compile(r"([a-z]+)[:=](.+)", re.DOTALL)


# Words for a person, and pieces that may have been meant in its place.
_Said = tuple[str, Sequence[str]]


def doubts_of(text: str, rows: Sequence[ContainerRow]) -> list[Doubt]:
    """What is doubtful in a filter for these rows, in its order; nothing of one that says what it can say."""
    terms = filtering.terms_of(text)
    found = []
    for place, term in enumerate(terms):
        for words, pieces in _in_term(term, rows):
            found.append(Doubt(words, [(piece, _with(terms, {place: piece})) for piece in pieces[:_MOST_OFFERS]]))
        if place and (beside := _unquoted(terms, place, rows) or _contradiction(terms, place, rows)):
            found.append(beside)
    return found


def _in_term(term: Term, rows: Sequence[ContainerRow]) -> Iterator[_Said]:
    if not term.key:
        yield from _unknown_key(term, rows)
    elif not term.value:
        yield _("“%(key)s” asks for a value, as in %(example)s.") % {
            "key": f"{term.key}:", "example": KEYS[term.key].example,
        }, ()  # fmt: skip
    elif term.key == "label":
        yield from _label(term, rows)
    elif term.key in _CLOSED:
        yield from _values(term, _CLOSED[term.key], _("“%(value)s” is no %(key)s."), is_any=True)
    elif term.key in _OPEN:
        read = _OPEN[term.key]
        known = {value for row in rows for value in read(row) if value}
        yield from _values(term, sorted(known), _("No container has the %(key)s “%(value)s”."), is_any=False)


def _unknown_key(term: Term, rows: Sequence[ContainerRow]) -> Iterator[_Said]:
    """An image has a colon too: what is found is no mistake."""
    match = _LOOKS_LIKE_TERM.fullmatch(term.value)
    if not match or any(map(filtering.matcher(term.value), rows)):
        return
    key, value = match.groups()
    offers = [_piece(term, name, value) for name in _alike(key, KEYS)]
    yield _("“%s” is nothing that can be asked about.") % key, offers


def _label(term: Term, rows: Sequence[ContainerRow]) -> Iterator[_Said]:
    name, _equals, value = term.value.partition("=")
    known = {key.lower(): key for row in rows for key in row.labels}
    if name not in known:
        rest = f"={value}" if value else ""
        offers = [_piece(term, "label", f"{known[one]}{rest}") for one in _alike(name, known)]
        yield _("No container has the label “%s”.") % name, offers


def _values(term: Term, known: Sequence[str], words: str, *, is_any: bool) -> Iterator[_Said]:
    """`is_any`: what is known is few enough to be told where nothing is like it."""
    held = {one.lower() for one in known}
    for value in term.value.split(","):
        if value and value not in held:
            alike = _alike(value, known) or (known if is_any else ())
            others = [one for one in term.value.split(",") if one != value]
            offers = [_piece(term, term.key, ",".join([*others, one])) for one in alike]
            yield words % {"key": term.key, "value": value}, offers


def _unquoted(terms: Sequence[Term], place: int, rows: Sequence[ContainerRow]) -> Doubt | None:
    """A label's value with a blank in it, of which the second half is taken for a word."""
    before, term = terms[place - 1], terms[place]
    piece = filtering.written("label", f"{before.value} {term.value}")
    if term.key or before.key != "label" or not any(map(filtering.matcher(piece), rows)):
        return None
    text = _with(terms, {place - 1: piece, place: ""})
    return Doubt(_("Quotes hold a value with blanks together."), [(piece, text)])


def _contradiction(terms: Sequence[Term], place: int, rows: Sequence[ContainerRow]) -> Doubt | None:
    """Two values of one thing that has one at a time."""
    term = terms[place]
    earlier = next((at for at in range(place) if terms[at].key == term.key and not terms[at].is_negated), None)
    if not term.key or term.is_negated or earlier is None or not KEYS[term.key].has_alternatives:
        return None
    one, other = terms[earlier].typed, term.typed
    if any(map(filtering.matcher(f"{one} {other}"), rows)):
        return None
    piece = filtering.written(term.key, f"{terms[earlier].value},{term.value}")
    words = _("Nothing is both %(one)s and %(other)s; a comma means “or”.") % {"one": one, "other": other}
    return Doubt(words, [(piece, _with(terms, {earlier: piece, place: ""}))])


def _piece(term: Term, key: str, value: str) -> str:
    return f"{'!' if term.is_negated else ''}{filtering.written(key, value)}"


def _with(terms: Sequence[Term], changes: Mapping[int, str]) -> str:
    """The filter with some of its pieces changed; "" takes one out."""
    return " ".join(filter(None, (changes.get(place, term.typed) for place, term in enumerate(terms))))


def _alike(word: str, known: Iterable[str]) -> list[str]:
    """What somebody may have meant by a word: what begins with it leads."""
    by_lower = {one.lower(): one for one in known}
    begun = sorted(one for one in by_lower if one.startswith(word))[:_MOST_OFFERS]
    close = difflib.get_close_matches(word, by_lower, n=_MOST_OFFERS)
    return [by_lower[one] for one in dict.fromkeys([*begun, *close])][:_MOST_OFFERS]
