"""Running a container whose image has to be pulled first, as a job; and the way back to the form that asked for one.

The recipe goes with the job, sealed: it may hold passwords.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from docker.errors import APIError

from webui.containers.creating import create_and_start
from webui.containers.recreation import Recipe
from webui.images.jobs import pull_image
from webui.images.reference import listed_name
from webui.jobs import JobFailed, JobRun, job_kind
from webui.jobs.advice import Advice
from webui.live import Picture, picture
from webui.resources import EngineRefusal, Opened
from webui.sealed import seal, unseal

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.jobs.models import Job

RUN: Final = "container.run"
_MAKING: Final = (RUN, "container.recreate", "container.redeploy")
_BACK: Final = ("container.take-back", "container.redeploy-back")
_SHORT_ID: Final = re.compile(r"[0-9a-f]{12}")
_FROM_THE_FORM: Final = (RUN, "container.recreate")


def sealed(recipe: Recipe) -> str:
    held = {"body": recipe.body, "networks": recipe.networks, "platform": recipe.platform}
    return seal(orjson.dumps(held).decode())


def opened_recipe(text: str) -> Recipe:
    """Raises ValueError when it was sealed with another key."""
    held = orjson.loads(unseal(text))
    return Recipe(held["body"], held["networks"], held.get("platform", ""))


@job_kind(RUN, operation="container.create", title=lambda params: _("Run %s") % (params["name"] or params["image"]),
          noun=("step", "steps"))  # fmt: skip
def run_container(run: JobRun) -> None:
    """Pull `params["image"]`, create by the sealed recipe, start. What cannot be started is removed again."""
    recipe, name = opened_recipe(run.params["recipe"]), str(run.params["name"])
    client = run.client()
    try:
        pull_image(run, client, listed_name(run.params["image"]), platform=recipe.platform or None)
    except APIError as error:
        raise JobFailed(_("The host refused: %s") % (error.explanation or error)) from error
    finally:
        client.close()
    run.raise_if_cancelled()
    step = _("create and start")
    run.steps.set(step, _("making it"))
    here = Opened(run.host, run.actor, Picture(run.host.slug))
    try:
        made = create_and_start(here, recipe, name=name, choice=str(run.params.get("made_for") or ""))
    except EngineRefusal as error:
        raise JobFailed(_("The host refused: %s") % error) from error
    for words in made.warnings:
        run.log(words, "warning")
    run.log(_("created %s") % made.id[:12])
    run.steps.set(step, made.id[:12], tone="done")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form asked a job for that failed, and why it did."""

    recipe: Recipe
    name: str
    made_for: str
    error: str


def asked_of(here: Opened, job_id: str) -> Asked | None:
    """What one's own job on this host was asked for; None where there is none such, or it can no longer be read."""
    from webui.jobs.models import Job

    try:
        job = Job.objects.get(pk=job_id, host=here.host, user_id=here.actor.user_id or 0, kind__in=_FROM_THE_FORM)
        recipe = opened_recipe(job.params["recipe"])
    except (Job.DoesNotExist, ValidationError, ValueError, KeyError):
        return None
    params: dict[str, Any] = job.params
    return Asked(recipe, str(params["name"]), str(params.get("made_for") or ""), job.error)


def advice_on_run(job: "Job", actor: "Actor") -> list[Advice]:
    """Where to go on: to the container that a job made, or back to the form that asked for it."""
    from webui.jobs.models import JobState

    if job.host is None:
        return []
    is_own = job.user_id == actor.user_id
    if is_own and job.state == JobState.FAILED and job.kind in _FROM_THE_FORM and "recipe" in job.params:
        url = f"{reverse('containers:run', kwargs={'host': job.host.slug})}?again={job.pk}"
        edited = str(job.params.get("container", ""))
        here = picture(job.host, actor)
        if edited and here.is_up and here.find("containers", edited) is None:
            return [Advice(_("Run it as a new container"), url)]
        return [Advice(_("Change it and try again"), f"{url}&edit={edited[:12]}" if edited else url)]
    made = _made_by(job) if job.state == JobState.DONE else ""
    if not made or picture(job.host, actor).find("containers", made) is None:
        return []
    name = job.params.get("old_name" if job.kind in _BACK else "name") or made
    return [Advice(_("Open %s") % name, reverse("containers:detail", args=[job.host.slug, made]))]


def _made_by(job: "Job") -> str:
    """The short id of the container that a job has left in its place: a step of it says so."""
    if job.kind in _BACK:
        return str(job.params["container"])[:12]
    said = [str(step.get("words") or "") for step in job.steps]
    return next((words for words in said if _SHORT_ID.fullmatch(words)), "") if job.kind in _MAKING else ""
