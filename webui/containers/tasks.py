"""Asking registries, through each host, whether they have newer images than its containers were made from.

Rarely: a name is asked about every few hours, one that gave no answer ever more seldom. A registry that cannot be
reached costs its own names an answer, nothing else.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from celery import shared_task

from webui.access import Role
from webui.containers.updates import answers_of, keep_answers, names_worth_asking
from webui.gate import HostUnreachable, docker_client, system_actor
from webui.resources import EngineRefusal, engine_call

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


def _look(host: Any, *, is_forced: bool) -> None:
    # Asking a registry is more than the keeper of pictures may; it is an operator's right, and changes nothing.
    client = docker_client(replace(system_actor(), role=Role.OPERATOR), host, timeout_s=_TIMEOUT_S)
    try:
        # Not from the live picture: a worker would keep it for ever for a look every few hours.
        with engine_call():
            names = names_worth_asking(client.api.containers(all=True), client.api.images())
        answers = {name: answer for name, answer in answers_of(host.slug).items() if name in set(names)}
        due = [name for name in names if is_forced or is_due(answers.get(name), time.time())]
        for name, answer in _asked(client.api, due[:_MOST_AT_ONCE], answers):
            answers[name] = answer
            keep_answers(host.slug, answers)
    finally:
        client.close()


def is_due(answer: Mapping[str, Any] | None, now: float) -> bool:
    """Whether a name is to be asked about again: after hours, or after a pause that doubles with each failure."""
    if answer is None:
        return True
    failures = int(answer.get("failures") or 0)
    pause_s = min(_FIRST_PAUSE_S * 2 ** (failures - 1), _LONGEST_PAUSE_S) if failures else _FRESH_S
    return now - float(answer.get("asked_at") or 0) >= pause_s


def _asked(api: Any, names: list[str], known: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in names:
        before = known.get(name) or {}
        try:
            with engine_call():
                # docker-py's inspect_distribution would send the credentials of whoever runs this process.
                found = api._result(api._get(api._url("/distribution/{0}/json", name)), json=True)
            digest = str(found["Descriptor"]["digest"])
        except (EngineRefusal, KeyError, TypeError, ValueError) as error:
            failures = int(before.get("failures") or 0) + 1
            yield name, {**before, "asked_at": time.time(), "failures": failures, "error": str(error)[:300]}
        else:
            yield name, {"digest": digest, "asked_at": time.time(), "failures": 0, "error": ""}
