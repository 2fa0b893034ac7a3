"""Pushing an image: the host does it, this job asks, follows each layer and says what happened."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from docker.errors import APIError, ImageNotFound
from docker.utils import parse_repository_tag

from webui.images.jobs import progress_of, reference_of, signed_in
from webui.images.pull_failures import with_advice
from webui.jobs import JobFailed, JobRun, job_kind
from webui.registries import SignIn

# Docker's progress words (api/types/jsonmessage) and what a person reads instead, with the tone of the bar.
_WORDS: Final[Mapping[str, tuple[str, Callable[[], str]]]] = {
    "Preparing": ("waiting", lambda: _("waiting")),
    "Waiting": ("waiting", lambda: _("waiting")),
    "Pushing": ("busy", lambda: _("sending")),
    "Pushed": ("done", lambda: _("done")),
    "Layer already exists": ("here", lambda: _("already there")),
}


@job_kind(
    "image.push", operation="image.push", title=lambda params: _("Push %s") % reference_of(params),
    noun=("layer", "layers"),
)  # fmt: skip
def push(run: JobRun) -> None:
    """Push `params["image"]`, an id, under `params["reference"]`, which it is given where it does not have it."""
    client, reference = run.client(), reference_of(run.params)
    repository, tag = parse_repository_tag(reference)
    api: Any = client.api
    try:
        image = api.inspect_image(run.params["image"])
        if reference not in _whole_names(image):
            api.tag(image["Id"], repository, tag, force=True)
            run.log(_("it is called %s here as well") % reference)
        signed = signed_in(run, reference, purpose="push")
        run.log(_("asking the host to push %s") % reference)
        for message in progress_of(
            run, client, lambda: api.push(repository, tag, stream=True, decode=True, auth_config=signed.auth_config)
        ):
            _follow(run, message, signed)
    except ImageNotFound as error:
        raise JobFailed(_("The image is gone: somebody has removed it.")) from error
    except APIError as error:
        raise JobFailed(str(error.explanation or error)) from error
    finally:
        client.close()


def _whole_names(image: Mapping[str, Any]) -> set[str]:
    return {reference_of({"reference": str(tag)}) for tag in image.get("RepoTags") or []}


def _follow(run: JobRun, message: Mapping[str, Any], signed: SignIn) -> None:
    if "error" in message:
        raise JobFailed(with_advice(str(message["error"]), signed))
    status, layer_id = str(message.get("status", "")), str(message.get("id", ""))
    detail = message.get("progressDetail") or {}
    if layer_id and status.startswith("Mounted from"):
        run.steps.set(layer_id, _("already there"), tone="here")
    elif layer_id and status in _WORDS:
        tone, words = _WORDS[status]
        kind: Any = tone
        run.steps.set(layer_id, words(), tone=kind, done=detail.get("current"), total=detail.get("total"))
    elif status:
        run.log(status)
