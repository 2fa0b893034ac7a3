"""Would it be allowed? What a call of the API, a `docker run` line or a compose file would ask of a host, and what the
gate says to each of those requests. Nothing is sent.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from webui.containers.dialects import DialectError
from webui.containers.docker_run import parse_run_line
from webui.gate import Actor, Decision, HostUnreachable, decide, judge
from webui.gate.paths import read_query
from webui.teams.compose_questions import requests_of_file
from webui.teams.requests import Request, creates

if TYPE_CHECKING:
    from webui.hosts.models import Host

KINDS: Final = ("line", "file", "call")


class Unreadable(Exception):
    """What was asked is no line, file or call that can be read; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate would say to one request. `counts`: whether the whole stands and falls with it."""

    about: str
    is_allowed: bool
    operation: str
    words: str
    rule: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What it would say to all of them. `notes` tell of what is not judged."""

    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_allowed(self) -> bool:
        return all(answer.is_allowed for answer in self.answers if answer.counts)


def requests_of(kind: str, asked: Mapping[str, str]) -> tuple[list[Request], tuple[str, ...]]:
    """The requests behind what was asked: a `line`, a `file`, or a `method`, `path` and `body`. Raises Unreadable."""
    try:
        if kind == "line" and asked["line"].strip():
            return _of_line(asked["line"])
        if kind == "file" and asked["file"].strip():
            return requests_of_file(asked["file"])
    except DialectError as error:
        raise Unreadable(str(error)) from error
    if kind == "call" and asked["path"].strip():
        path, _mark, query = asked["path"].strip().partition("?")
        body = asked["body"].strip().encode() or None
        return [Request(_("this call"), asked["method"], path, read_query(query), body)], ()
    raise Unreadable(_("Nothing was asked."))


def ask(actor: Actor, host: "Host", requests: list[Request], notes: tuple[str, ...] = ()) -> Verdict:
    """The gate's answers, as to that person. Nothing is written down."""
    answers, said = [], list(notes)
    for one in requests:
        decision, is_known = _decision(actor, host, one)
        words = decision.refusal or _("It would be sent to %s.") % host.name
        operation = str(decision.operation)
        answers.append(
            Answer(one.about, decision.is_allowed, operation, words, decision.rule, counts=not one.is_perhaps)
        )
        if not is_known:
            said.append(_("%s cannot be reached: whose the things are that this names is not known.") % host.name)
    return Verdict(tuple(answers), tuple(dict.fromkeys(said)))


def _of_line(line: str) -> tuple[list[Request], tuple[str, ...]]:
    read = parse_run_line(line)
    about = read.name or read.image
    return list(creates(read, name=read.name, about=about, is_attached=not read.is_detached)), read.warnings


def _decision(actor: Actor, host: "Host", asked: Request) -> tuple[Decision, bool]:
    """What is decided, and whether that is all: for whose things are touched the host may have to be asked."""
    body = json.dumps(asked.body).encode() if isinstance(asked.body, dict) else asked.body
    decided = decide(actor, host, asked.method, asked.path, query=asked.query, body=body)
    if asked.is_of_new or not decided.is_allowed:
        return decided, True
    try:
        said = judge(actor, host, asked.method, asked.path, query=asked.query, body=body, made_before=asked.made_before)
        return said, True
    except HostUnreachable:
        return decided, False
