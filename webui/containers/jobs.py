"""Making a container anew in place of the old one, as a job: the old one waits under another name and comes back.

Nothing is stopped before the new one has been created, and the old one is only removed when the new one runs (and is
healthy, where it has a check). Whatever goes wrong on the way, also a cancel, is undone.
"""

import time
from contextlib import ExitStack
from typing import Any, Final

import orjson
from django.utils.translation import gettext as _
from docker import DockerClient
from docker.errors import APIError, ImageNotFound

from webui.containers.recreation import Recipe, recipe_of
from webui.images.jobs import pull_image, reference_of
from webui.images.reference import is_id
from webui.jobs import JobFailed, JobRun, job_kind
from webui.ownership import Kind
from webui.ownership.changes import carry_over
from webui.sealed import seal, unseal

# Without a health check: this long on its feet counts as running.
_STEADY_S: Final = 3.0
_LOOK_S: Final = 0.25
_GRACE_S: Final = 10


def params_for(
    container_id: str, name: str, *, is_pulled: bool = False, recipe: Recipe | None = None
) -> dict[str, Any]:
    """What the job is given. A recipe may hold passwords in its environment, so it is sealed."""
    params: dict[str, Any] = {"container": container_id, "name": name, "pull": is_pulled}
    if recipe is not None:
        params["recipe"] = seal(orjson.dumps({"body": recipe.body, "networks": recipe.networks}).decode())
    return params


@job_kind("container.recreate", operation="container.create", title=lambda params: _("Recreate %s") % params["name"])
def recreate(run: JobRun) -> None:
    """Make `params["container"]` anew: as it is, or by the sealed recipe; under `params["name"]`."""
    client = run.client()
    try:
        _recreate(run, client, client.api.inspect_container(run.params["container"]))
    except APIError as error:
        raise JobFailed(_("The host refused: %s") % (error.explanation or error)) from error
    finally:
        client.close()


def _recreate(run: JobRun, client: DockerClient, old: dict[str, Any]) -> None:
    if (old.get("HostConfig") or {}).get("AutoRemove"):
        raise JobFailed(_("It was run with --rm: stopping removes it, so there would be nothing to come back to."))
    recipe = _recipe(run, client, old)
    _ensure_image(run, client, str(recipe.body["Image"]))
    with ExitStack() as undo:
        new_id = _create(run, client.api, old, recipe, undo=undo)
        if old["State"]["Running"]:
            _swap(run, client.api, old, new_id, undo=undo)
        # From here on the new one stands: there is nothing to undo.
        undo.pop_all()
    client.api.remove_container(old["Id"], force=True)
    run.log(_("the old container was removed; its volumes stay"))


def _recipe(run: JobRun, client: DockerClient, old: dict[str, Any]) -> Recipe:
    if "recipe" in run.params:
        held = orjson.loads(unseal(run.params["recipe"]))
        return Recipe(held["body"], held["networks"])
    api: Any = client.api
    try:
        image = api.inspect_image(old["Image"])
    except ImageNotFound:
        image = None
    return recipe_of(old, image)


def _ensure_image(run: JobRun, client: DockerClient, reference: str) -> None:
    api: Any = client.api
    is_here = True
    try:
        api.inspect_image(reference)
    except ImageNotFound:
        is_here = False
    if is_here and (not run.params.get("pull") or is_id(reference)):
        return
    pull_image(run, client, reference_of({"reference": reference}))


def _create(run: JobRun, api: Any, old: dict[str, Any], recipe: Recipe, *, undo: ExitStack) -> str:
    name, old_id = str(old["Name"]).lstrip("/"), str(old["Id"])
    aside = f"{name}-before-{old_id[:6]}"
    step = _("create")
    run.steps.set(step, _("making the new one"))
    api.rename(old_id, aside)
    undo.callback(_undone, run, _("%(aside)s is called %(name)s again") % {"aside": aside, "name": name},
                  lambda: api.rename(old_id, name))  # fmt: skip
    run.log(_("%(name)s waits as %(aside)s") % {"name": name, "aside": aside})
    new_id = str(api.create_container_from_config(recipe.body, name=run.params["name"] or name)["Id"])
    carry_over(api.host.pk, Kind.CONTAINER, old_id, to=new_id)
    undo.callback(_undone, run, _("the new container was removed"), lambda: api.remove_container(new_id, force=True))
    for network, endpoint in recipe.networks.items():
        api.connect_container_to_network(
            new_id, network, aliases=endpoint.get("Aliases"), links=None, driver_opt=endpoint.get("DriverOpts"),
            ipv4_address=(endpoint.get("IPAMConfig") or {}).get("IPv4Address"),
            ipv6_address=(endpoint.get("IPAMConfig") or {}).get("IPv6Address"),
        )  # fmt: skip
    run.steps.set(step, _("done"), tone="done")
    run.log(_("created %s") % new_id[:12])
    return new_id


def _swap(run: JobRun, api: Any, old: dict[str, Any], new_id: str, *, undo: ExitStack) -> None:
    run.raise_if_cancelled()
    step = _("stop the old")
    run.steps.set(step, _("stopping"))
    # Before the stop: one that was cut half-way must start again too. It is undone last but one, before the names.
    steps = undo.pop_all()
    undo.callback(_undone, run, _("the old container runs again"), lambda: api.start(old["Id"]))
    undo.push(steps.__exit__)
    grace_s = old["Config"].get("StopTimeout")
    api.stop(old["Id"], timeout=_GRACE_S if grace_s is None else grace_s)
    run.steps.set(step, _("done"), tone="done")
    step = _("start the new")
    run.steps.set(step, _("starting"))
    api.start(new_id)
    _wait_until_it_runs(run, api, new_id, step)
    run.steps.set(step, _("done"), tone="done")


def _wait_until_it_runs(run: JobRun, api: Any, new_id: str, step: str) -> None:
    since = time.monotonic()
    while True:
        run.raise_if_cancelled()
        found = api.inspect_container(new_id)
        state, health = found["State"], (found["State"].get("Health") or {}).get("Status", "none")
        if not state["Running"] or state.get("Restarting") or int(found.get("RestartCount") or 0):
            words = _("The new container ended at once, exit code %s. Its last lines: %s")
            raise JobFailed(words % (state.get("ExitCode"), _last_lines(api, new_id)))
        if health == "unhealthy":
            probes = found["State"]["Health"].get("Log") or [{}]
            raise JobFailed(_("The new container's health check fails: %s") % str(probes[-1].get("Output", "")).strip())
        if health == "healthy" or (health in {"none", ""} and time.monotonic() - since >= _STEADY_S):
            run.log(_("the new container runs") if health != "healthy" else _("the new container is healthy"))
            return
        run.steps.set(
            step, _("waiting for its health check") if health == "starting" else _("looking whether it stays")
        )
        time.sleep(_LOOK_S)


def _last_lines(api: Any, container_id: str) -> str:
    try:
        text = bytes(api.logs(container_id, tail=3)).decode(errors="replace").strip()
    except APIError:
        return "–"  # noqa: RUF001
    return text.replace("\n", " | ")[-300:] or "–"  # noqa: RUF001


def _undone(run: JobRun, words: str, act: Any) -> None:
    """One step back. One that fails does not keep the others from being taken, and is said loudly."""
    try:
        act()
    except APIError as error:
        run.log(_("could not be undone: %(words)s: %(error)s") % {"words": words, "error": error}, "error")
    else:
        run.log(words, "warning")
