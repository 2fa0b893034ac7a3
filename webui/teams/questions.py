"""Would it be allowed? What a call of the API, a `docker run` line or a compose file would ask of a host, and what the
gate says to each of those requests. Nothing is sent.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from webui.gate import Actor, HostUnreachable, judge
from webui.gate.paths import read_query

if TYPE_CHECKING:
    from webui.hosts.models import Host


class Unreadable(Exception):
    """What was asked is no line, file or call that can be read; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request that would be sent. `about` is what it is for, in words."""

    about: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes | dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate would say to one request."""

    about: str
    is_allowed: bool
    operation: str
    words: str
    rule: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What it would say to all of them. `notes` tell of what is not known here."""

    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_allowed(self) -> bool:
        return all(answer.is_allowed for answer in self.answers)


def ask(actor: Actor, host: "Host", requests: "list[Request]", notes: tuple[str, ...] = ()) -> Verdict:
    return Verdict(tuple(_answers(actor, host, requests)), notes)


def call(method: str, path: str, body: str) -> list[Request]:
    """A call of the API as somebody writes it: `/containers/create?name=web` and JSON."""
    path, _mark, query = path.strip().partition("?")
    return [Request(_("this call"), method, path, read_query(query), body.encode() or None)]


def _answers(actor: Actor, host: "Host", requests: list[Request]) -> Iterator[Answer]:
    for one in requests:
        try:
            body = json.dumps(one.body).encode() if isinstance(one.body, dict) else one.body
            said = judge(actor, host, one.method, one.path, query=one.query, body=body)
        except HostUnreachable as error:
            yield Answer(one.about, is_allowed=False, operation="", words=str(error), rule=_("not known"))
            continue
        words = said.refusal or _("It would be sent to %s.") % host.name
        yield Answer(one.about, said.is_allowed, str(said.operation), words, said.rule)
