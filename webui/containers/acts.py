"""Answering "do this to these containers": first what it would do, where it must be shown, then how it went."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from webui import jobs
from webui.containers import previews, progress
from webui.containers.actions import BY_NAME, DOING, DONE, STOP_GRACE_S, already_words, carry_out
from webui.containers.afterwards import words_all_the_same
from webui.containers.aims import Aim, Asked
from webui.containers.jobs import params_for
from webui.gate import HostUnreachable, Operation, Refused
from webui.pages import go, outcome, preview
from webui.resources import EngineRefusal, Target, act_on_each, engine_call

# A kill follows the grace time; then the host still has to answer.
TIMEOUT_S: Final = STOP_GRACE_S + 50
_JOB_LOOK_S: Final = 0.5
_LONGEST_JOB_S: Final = 3600.0


def answer(request: HttpRequest, asked: Asked) -> HttpResponseBase:
    """Show what would go, or do it and say how it went: for many as it happens, where the page can show that."""
    if BY_NAME[asked.action].previews and not asked.is_confirmed and asked.aims:
        return preview(request, previews.preview_of(asked, url=request.get_full_path()))
    if asked.action == "recreate" and asked.aims:
        return _recreated(request, asked)
    if asked.action == "update" and len(asked.aims) == 1:
        return go(request, _job(asked.aims[0], is_pulled=True).get_absolute_url())
    targets, links = [aim.target for aim in asked.aims], dict[str, str]()
    act, names = _act_for(asked, links), _names(asked.aims)
    if len(targets) + len(asked.gone) > 1 and progress.is_wanted(request):
        title = f"{DOING[asked.action]} {previews.count_words(len(targets) + len(asked.gone))}"
        many = progress.Many(
            title, targets, act, names, asked.gone_outcomes(), links, url=request.get_full_path(), again=asked.again
        )
        return progress.answer(many, int(request.user.pk or 0))
    outcomes = [*asked.gone_outcomes(), *(act_on_each(targets, act, names=names) if targets else [])]
    leaves = asked.action == "remove" and request.GET.get("from") == "detail" and asked.aims
    next_url = reverse("containers:list", kwargs={"host": asked.aims[0].here.host.slug}) if leaves else ""
    return outcome(request, outcomes, done=DONE.get(asked.action, ""), next_url=next_url)


def _names(aims: Sequence[Aim]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for here in {id(aim.here): aim.here for aim in aims}.values():
        names.update(here.picture.container_names)
    return names


def _recreated(request: HttpRequest, asked: Asked) -> HttpResponse:
    return go(request, _job(asked.aims[0], is_pulled="pull" in asked.extras).get_absolute_url())


def _job(aim: Aim, *, is_pulled: bool) -> Any:
    row, host_id = aim.row, aim.here.host.pk
    may_create = aim.here.may(Operation.CONTAINER_CREATE)
    params = params_for(row.id, row.name, host_id=host_id, is_running=row.is_running, is_pulled=is_pulled,
                        is_redeployed=not may_create)  # fmt: skip
    kind = "container.recreate" if may_create else "container.redeploy"
    return jobs.start(aim.here.actor, aim.here.host, kind, params)


def _act_for(asked: Asked, links: dict[str, str]) -> progress.Act:
    aims = {aim.id: aim for aim in asked.aims}

    def act(target: Target) -> str:
        aim = aims[target.id]
        return _updated(aim, links) if asked.action == "update" else _done(asked, aim)

    return act


def _done(asked: Asked, aim: Aim) -> str:
    asked_at = time.monotonic()
    try:
        with engine_call(), aim.here.client(timeout_s=TIMEOUT_S) as client:
            carry_out(client.api, asked.action, aim.row.id, with_volumes="volumes" in asked.extras)
    except EngineRefusal as error:
        if not (words := words_all_the_same(aim, asked.action, error, asked_at=asked_at)):
            raise
        return words
    return already_words(asked.action, aim.row.state)


def _updated(aim: Aim, links: dict[str, str]) -> str:
    """Pull and make anew, as a job of its own; waits for its end."""
    try:
        job = _job(aim, is_pulled=True)
    except (Refused, HostUnreachable) as error:
        raise EngineRefusal(str(error)) from error
    links[aim.id] = job.get_absolute_url()
    deadline = time.monotonic() + _LONGEST_JOB_S
    while job.is_open and time.monotonic() < deadline:
        time.sleep(_JOB_LOOK_S)
        job.refresh_from_db()
    if job.is_open:
        return _("is still being updated")
    if job.state != "done":
        raise EngineRefusal(job.error or str(job.get_state_display()))
    return ""
