"""Asking registries, through each host, whether they have newer images than its containers were made from.

Rarely: a name is asked about every few hours, one that gave no answer ever more seldom. A registry that cannot be
reached costs its own names an answer, nothing else. Where a password is needed, it is that of a registry which whoever
owns such a container may use.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from celery import shared_task

from webui.access import Role
from webui.containers.update_failures import RATE_PAUSE_S, Why, why_of
from webui.containers.updates import answers_of, keep_answers, names_worth_asking
from webui.gate import HostUnreachable, docker_client, system_actor
from webui.ownership import LEDGER, Kind, access_of, thing_of
from webui.registries import image_name
from webui.registries.ways import Way, Ways, last_change
from webui.resources import EngineRefusal, engine_call

if TYPE_CHECKING:
    from webui.hosts.models import Host

logger = logging.getLogger(__name__)

_FRESH_S: Final = 6 * 3600.0
_FIRST_PAUSE_S: Final = 1800.0
_LONGEST_PAUSE_S: Final = 24 * 3600.0
# Of one host in one run: the next run goes on where this one ended.
_MOST_AT_ONCE: Final = 60
_TIMEOUT_S: Final = 15.0


@shared_task(name="containers.look_for_updates", ignore_result=True)
def look_for_updates(slug: str = "", *, is_forced: bool = False) -> None:
    """Ask about the images of every host, or of one; `is_forced` also about names that were asked about lately."""
    from webui.hosts.models import Host

    for host in Host.objects.filter(slug=slug) if slug else Host.objects.all():
        try:
            _look(host, is_forced=is_forced)
        except (HostUnreachable, EngineRefusal) as error:
            logger.info("newer images for %s were not looked for: %s", host.slug, error)


def _look(host: "Host", *, is_forced: bool) -> None:
    # Asking a registry is more than the keeper of pictures may; it is an operator's right, and changes nothing.
    actor = replace(system_actor(), role=Role.OPERATOR)
    client = docker_client(actor, host, timeout_s=_TIMEOUT_S)
    try:
        # Not from the live picture: a worker would keep it for ever for a look every few hours.
        with engine_call():
            names = names_worth_asking(client.api.containers(all=True), client.api.images())
        answers = {name: answer for name, answer in answers_of(host.slug).items() if name in names}
        now, changed_at = time.time(), last_change()
        due = [name for name in names if is_due(answers.get(name), now, is_forced=is_forced, changed_at=changed_at)]
        ways = Ways(actor, host, {name: owners_of(host, names[name]) for name in due[:_MOST_AT_ONCE]})
        for name, answer in _asked(client.api, due[:_MOST_AT_ONCE], answers, ways):
            answers[name] = answer
            keep_answers(host.slug, answers)
    finally:
        client.close()


def owners_of(host: "Host", containers: Iterable[Mapping[str, Any]]) -> list[int | None]:
    """Whose containers these are, each once; None for nobody's."""
    LEDGER.refresh()
    found = (access_of(host.pk, thing_of(Kind.CONTAINER, raw)) for raw in containers)
    return list(dict.fromkeys(access.owner_id if access else None for access in found))


def is_due(
    answer: Mapping[str, Any] | None, now: float, *, is_forced: bool = False, changed_at: float = 0.0
) -> bool:  # fmt: skip
    """Whether a name is to be asked about again: after hours, or after a pause that doubles with each failure.

    Never before a registry that has had enough wants it; at once where a password was missing, and a registry of this
    console has `changed_at` since.
    """
    if answer is None:
        return True
    asked_at = float(answer.get("asked_at") or 0)
    if now < float(answer.get("not_before") or 0):
        return False
    if is_forced or (asked_at < changed_at and why_of(str(answer.get("error") or "")) is Why.SIGN_IN):
        return True
    failures = int(answer.get("failures") or 0)
    pause_s = min(_FIRST_PAUSE_S * 2 ** (failures - 1), _LONGEST_PAUSE_S) if failures else _FRESH_S
    return now - asked_at >= pause_s


def _asked(
    api: Any, names: Iterable[str], known: Mapping[str, Mapping[str, Any]], ways: Ways
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ask about each, but nothing more of a registry that has had enough: until then it is left alone."""
    tired = _tired(known, time.time())
    for name in names:
        before, address = known.get(name) or {}, image_name(name).address
        if address in tired:
            continue
        way = ways.into(name)
        answer = _answer(api, name, before, way)
        if not_before := float(answer.get("not_before") or 0):
            tired[address] = not_before
        yield name, answer


def _answer(api: Any, name: str, before: Mapping[str, Any], way: Way) -> dict[str, Any]:
    retry_after_s = 0.0
    try:
        with engine_call():
            # docker-py's inspect_distribution would send the credentials of whoever runs this process.
            answer = api._get(api._url("/distribution/{0}/json", name), headers=way.headers)
            retry_after_s = _retry_after_s(answer)
            found = api._result(answer, json=True)
        digest = str(found["Descriptor"]["digest"])
    except (EngineRefusal, KeyError, TypeError, ValueError) as error:
        words, failures = str(error)[:300] or type(error).__name__, int(before.get("failures") or 0) + 1
        told = {"asked_at": time.time(), "failures": failures, "error": words, "registry": way.registry}
        if why_of(words) is Why.RATE or retry_after_s:
            told["not_before"] = time.time() + (retry_after_s or RATE_PAUSE_S)
        # What was known stays: it was so when it was last seen.
        return {"digest": before.get("digest", ""), **told}
    return {"digest": digest, "asked_at": time.time(), "failures": 0, "error": "", "registry": way.registry}


def _retry_after_s(answer: Any) -> float:
    """Seconds that an answer asks to wait (Retry-After, RFC 9110), 0 where it does not say or says a date."""
    text = str((getattr(answer, "headers", None) or {}).get("Retry-After", ""))
    return min(float(text), _LONGEST_PAUSE_S) if text.isdecimal() else 0.0


def _tired(known: Mapping[str, Mapping[str, Any]], now: float) -> dict[str, float]:
    """The registries that want to be left alone still, by address."""
    until = ((image_name(name).address, float(answer.get("not_before") or 0)) for name, answer in known.items())
    return {address: not_before for address, not_before in until if not_before > now}
