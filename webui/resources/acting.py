"""Doing one thing to many objects of a host, with an outcome in words for each, and calling an engine in one place."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import requests
from django.db import connections
from django.utils.translation import gettext as _
from docker.errors import APIError, DockerException, NotFound

from webui.gate import HostUnreachable, Refused
from webui.pages import Outcome
from webui.resources.refusals import refusal_words

# As many as a person's bulk act needs to feel like one, and few enough for a host that is busy.
MOST_AT_ONCE: Final = 8


class EngineRefusal(Exception):
    """An engine, or the gate before it, did not do what was asked; the text says why, for a person.

    `is_late`: the host did not answer in time, and may have done it, or do it yet. `is_unasked`: the gate's refusal, of
    which no host has heard.
    """

    def __init__(self, words: str, *, is_gone: bool = False, is_late: bool = False, is_unasked: bool = False):
        super().__init__(words)
        self.is_gone, self.is_late, self.is_unasked = is_gone, is_late, is_unasked


@dataclass(frozen=True, slots=True)
class Target:
    """One object that an act is meant for: the id that the page knows it by, and its name."""

    id: str
    name: str


@contextlib.contextmanager
def engine_call() -> Iterator[None]:
    """Turn every way in which docker-py fails into EngineRefusal. HostUnreachable passes: it has a page of its own."""
    try:
        yield
    except (HostUnreachable, Refused) as error:
        if isinstance(error, HostUnreachable):
            raise
        raise EngineRefusal(str(error), is_unasked=True) from error
    except NotFound as error:
        raise EngineRefusal(_said(error), is_gone=True) from error
    except APIError as error:
        raise EngineRefusal(_said(error)) from error
    except requests.Timeout as error:
        raise EngineRefusal("The host did not answer in time; it may still be at it.", is_late=True) from error
    except (requests.RequestException, DockerException) as error:
        raise EngineRefusal(f"The host broke off: {error}") from error


def _said(error: APIError) -> str:
    if error.explanation:
        return str(error.explanation).strip()
    status = error.response.status_code if error.response is not None else 0
    # An answer to HEAD has no body; docker-py's own words would name its way to the host, which is nobody's business.
    return _("The host answered with status %s, and did not say why.") % status if status else str(error).strip()


def act_on_each(
    targets: Sequence[Target], act: Callable[[Target], str], *, names: Mapping[str, str] | None = None
) -> list[Outcome]:
    """Do `act` to each target, several at a time; it returns words about what was special, or raises EngineRefusal.

    `names` are those of containers by id, for a refusal that speaks of one.
    One that fails stops none of the others. A host that cannot be reached fails each with the same words.
    """
    if len(targets) == 1:
        return [_outcome(targets[0], act, names or {})]
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE, thread_name_prefix="act") as pool:
        return list(pool.map(lambda target: act_on_one(target, act, names or {}), targets))


def act_on_one(target: Target, act: Callable[[Target], str], names: Mapping[str, str]) -> Outcome:
    """The outcome of one, in a thread of its own."""
    try:
        return _outcome(target, act, names)
    finally:
        # Django closes a request's own connection; this thread's (the gate's audit entry opened it) is ours to close.
        connections.close_all()


def _outcome(target: Target, act: Callable[[Target], str], names: Mapping[str, str]) -> Outcome:
    try:
        return Outcome(target.id, target.name, True, act(target))
    except (EngineRefusal, HostUnreachable) as error:
        return Outcome(target.id, target.name, False, refusal_words(str(error), names))
