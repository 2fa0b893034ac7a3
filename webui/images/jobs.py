"""Pulling an image: the host does it, this job asks, follows each layer and says what happened."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, InvalidStateError
from typing import Any, Final

from django.db import connections
from django.utils.translation import gettext as _
from docker import DockerClient
from docker.errors import APIError, ImageNotFound
from docker.types import CancellableStream
from docker.utils import parse_repository_tag
from requests import Response

from webui.images.pull_failures import with_advice
from webui.jobs import JobFailed, JobRun, job_kind
from webui.registries import SignIn, sign_in

# Docker's progress words (api/types/jsonmessage) and what a person reads instead.
_WORDS: Final[Mapping[str, Callable[[], str]]] = {
    "Pulling fs layer": lambda: _("waiting"),
    "Waiting": lambda: _("waiting"),
    "Downloading": lambda: _("downloading"),
    "Verifying Checksum": lambda: _("verifying"),
    "Download complete": lambda: _("downloaded"),
    "Extracting": lambda: _("extracting"),
    "Pull complete": lambda: _("done"),
    "Already exists": lambda: _("already here"),
}
_COMPLETE: Final = frozenset({"Verifying Checksum", "Download complete"})
_TONES: Final = {"Pulling fs layer": "waiting", "Waiting": "waiting", "Pull complete": "done", "Already exists": "here"}


def reference_of(params: Mapping[str, Any]) -> str:
    """The reference with its tag or digest: `busybox` is `busybox:latest`."""
    repository, tag = parse_repository_tag(params["reference"])
    return f"{repository}{'@' if tag and ':' in tag else ':'}{tag or 'latest'}"


@job_kind(
    "image.pull",
    operation="image.pull",
    title=lambda params: _("Pull %s") % reference_of(params),
    noun=("layer", "layers"),
)
def pull(run: JobRun) -> None:
    """Pull `params["reference"]`, for `params["platform"]` where one is given."""
    client = run.client()
    try:
        pull_image(run, client, reference_of(run.params), platform=run.params.get("platform") or None)
    finally:
        client.close()


def pull_image(run: JobRun, client: DockerClient, reference: str, *, platform: str | None = None) -> None:
    """Pull an image as a part of any job: its layers become the job's steps. Raises JobFailed."""
    signed = signed_in(run, reference, purpose="pull")
    run.log(_("asking the host for %s") % (f"{reference} ({platform})" if platform else reference))
    repository, tag = parse_repository_tag(reference)

    def ask() -> Any:
        # Given no sign-in, docker-py would send the one of whoever runs this process.
        return client.api.pull(
            repository, tag=tag, stream=True, decode=True, platform=platform, auth_config=signed.auth_config
        )

    try:
        for message in progress_of(run, client, ask):
            _follow(run, message, signed)
        image = client.images.get(reference)
    except ImageNotFound as error:
        words = _("%s was not pulled: %s") % (reference, error.explanation or error)
        raise JobFailed(with_advice(words, signed)) from error
    except APIError as error:
        raise JobFailed(with_advice(str(error.explanation or error), signed)) from error
    if run.steps.is_empty:
        _show_layers(run, image.attrs)
    run.log(_("%(reference)s is %(id)s") % {"reference": reference, "id": image.id})


def signed_in(run: JobRun, reference: str, *, purpose: str) -> SignIn:
    """By which registry, as the rights of whoever started the job are now."""
    signed = sign_in(run.actor, run.host, reference, purpose=purpose)
    if signed.trouble:
        words = _("%(registry)s cannot be used: %(why)s")
        run.log(words % {"registry": signed.registry, "why": signed.trouble}, "warning")
    elif signed.auth_config:
        run.log(_("signed in by the registry %s") % signed.registry)
    return signed


def _show_layers(run: JobRun, image: Mapping[str, Any]) -> None:
    """A host that has the very image already tells of no layer: it is asked which they are."""
    for layer in (image.get("RootFS") or {}).get("Layers") or []:
        run.steps.set(str(layer).removeprefix("sha256:")[:12], _("already here"), tone="here")


def progress_of(run: JobRun, client: DockerClient, ask: Callable[[], Any]) -> Iterator[dict[str, Any]]:
    """The messages of a pull or a push as they come, closed when the job is cancelled. `ask` begins it."""
    answers: list[Response] = []
    client.api.hooks["response"].append(lambda answer, **_kwargs: answers.append(answer))
    messages = _asked(run, ask, answers)
    # The generator cannot be closed while it waits in a read; the socket under its answer can.
    stream = CancellableStream(messages, answers[-1])
    with run.closing(stream.close):
        yield from messages


def _asked(run: JobRun, ask: Callable[[], Any], answers: list[Response]) -> Any:
    """Ask in a thread of its own: before the host's first word there is nothing that a cancel could close.

    Given up, the thread waits on for that word, closes the answer, and so ends the pull on the host as well.
    """
    answer: Future[Any] = Future()

    def work() -> None:
        try:
            result = ask()
        except Exception as error:
            with contextlib.suppress(InvalidStateError):
                answer.set_exception(error)
        else:
            try:
                answer.set_result(result)
            except InvalidStateError:
                answers[-1].close()
        finally:
            connections.close_all()

    threading.Thread(target=work, name="pull", daemon=True).start()
    with run.closing(answer.cancel):
        return answer.result()


def _follow(run: JobRun, message: Mapping[str, Any], signed: SignIn) -> None:
    if "error" in message:
        raise JobFailed(with_advice(str(message["error"]), signed))
    status, layer_id = str(message.get("status", "")), str(message.get("id", ""))
    detail = message.get("progressDetail") or {}
    if status in _COMPLETE and layer_id:
        run.steps.fill(layer_id, _WORDS[status]())
    elif status in _WORDS and layer_id:
        tone: Any = _TONES.get(status, "busy")
        run.steps.set(layer_id, _WORDS[status](), tone=tone, done=detail.get("current"), total=detail.get("total"))
        if status == "Pull complete":
            run.log(_("layer %s extracted") % layer_id)
    elif status.startswith("Retrying"):
        run.steps.set(layer_id, status.lower(), tone="waiting")
        run.log(_("layer %(id)s: %(status)s") % {"id": layer_id, "status": status.lower()}, "warning")
    elif status:
        run.log(status)
