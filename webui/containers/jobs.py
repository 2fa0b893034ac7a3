"""Making a container anew in the place of the old one, and taking that back, as jobs.

The new one is made first, under a name of its own; then the two change places (`replacing`), and only one that runs
(and is healthy, where it has a check) stays in place. The old one is kept, stopped, until the next edit or until
somebody removes it. A job that was lost with its worker can be tried again, which goes on from where it stopped, or
taken back: what is on the host says how far it was.
"""

import uuid
from contextlib import ExitStack
from typing import Any

from django.utils.translation import gettext as _
from docker import DockerClient
from docker.errors import APIError, ImageNotFound

from webui.containers.kept import kept_among, kept_of, left_over, next_name
from webui.containers.podman_words import untold_words
from webui.containers.recreation import Recipe, connect, recipe_of
from webui.containers.replacing import found_or_none, put_in_place, take_name, undone, wait_until_it_runs
from webui.containers.run_jobs import opened_recipe, sealed
from webui.gate.redeploying import NAMED_BY
from webui.images.jobs import pull_image, reference_of
from webui.images.reference import is_id
from webui.jobs import JobFailed, JobRun, job_kind
from webui.ownership import Kind
from webui.ownership.changes import carry_over


def params_for(
    container_id: str, name: str, *, host_id: int | None = None, old_name: str = "", is_running: bool | None = None,
    is_pulled: bool = False, is_redeployed: bool = False, recipe: Recipe | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What the job is given. A recipe may hold passwords in its environment, so it is sealed.

    `name` is what the new one is called, `old_name` what the old one is. The number of the try goes with a retry: by
    it the new one is found again. `host_id` is for carrying over who it belongs to. `is_redeployed`: for who may not
    create; it is made exactly as it is.
    """
    params: dict[str, Any] = {
        "container": container_id, "name": name, "old_name": old_name or name, "pull": is_pulled,
        "running": is_running, "try": uuid.uuid4().hex[:6], "host": host_id,
        "redeploy": is_redeployed,
    }  # fmt: skip
    if recipe is not None:
        params["recipe"] = sealed(recipe)
    return params


@job_kind(
    "container.recreate", operation="container.create", title=lambda params: _("Recreate %s") % params["name"],
    undo="container.take-back",
)  # fmt: skip
def recreate(run: JobRun) -> None:
    """Make `params["container"]` anew: as it is, or by the sealed recipe; under `params["name"]`."""
    client = _client(run)
    try:
        _recreate(run, client)
    except APIError as error:
        raise JobFailed(_("The host refused: %s") % (error.explanation or error)) from error
    finally:
        client.close()


@job_kind(
    "container.redeploy", operation="container.redeploy", title=lambda params: _("Redeploy %s") % params["name"],
    undo="container.redeploy-back",
)  # fmt: skip
def redeploy(run: JobRun) -> None:
    """The same for who may not create: exactly as it is. The gate makes the new one's body itself."""
    recreate(run)


@job_kind(
    "container.take-back", operation="container.create", title=lambda params: _("Bring %s back") % params["old_name"]
)
def take_back(run: JobRun) -> None:
    """Put the old container in its place again; the new one is kept in its stead, or removed if it never ran."""
    client = _client(run)
    try:
        _take_back(run, client.api)
    except APIError as error:
        raise JobFailed(_("The host refused: %s") % (error.explanation or error)) from error
    finally:
        client.close()


@job_kind(
    "container.redeploy-back", operation="container.redeploy",
    title=lambda params: _("Bring %s back") % params["old_name"],
)  # fmt: skip
def redeploy_back(run: JobRun) -> None:
    take_back(run)


def _client(run: JobRun) -> DockerClient:
    """docker-py for the job; that of a redeployment says in each request what is redeployed (gate.redeploying)."""
    client = run.client()
    if _is_redeploying(run):
        client.api.params = {NAMED_BY: run.params["container"]}
    return client


def _is_redeploying(run: JobRun) -> bool:
    return bool(run.params.get("redeploy"))


def _recreate(run: JobRun, client: DockerClient) -> None:
    api: Any = client.api
    old = found_or_none(api, run.params["container"])
    if old is None:
        raise JobFailed(_("%s is gone: somebody has removed it.") % run.params["old_name"])
    if (old.get("HostConfig") or {}).get("AutoRemove"):
        raise JobFailed(_("It was run with --rm: stopping removes it, so there would be nothing to come back to."))
    is_running = old["State"]["Running"] if run.params.get("running") is None else bool(run.params["running"])
    with ExitStack() as undo:
        new_id = _made_before(run, api, old) or _make(run, client, old, undo=undo)
        put_in_place(
            run, api, incoming=new_id, outgoing=old["Id"], name=run.params["name"],
            outgoing_name=run.params["old_name"], is_started=is_running,
        )  # fmt: skip
        undo.pop_all()
    _forget_earlier(run, api, besides=old["Id"])


def _made_before(run: JobRun, api: Any, old: dict[str, Any]) -> str:
    """What an earlier try of this very job has made; "" where there is nothing, or nothing whole."""
    found = found_or_none(api, next_name(run.params["name"], run.params["try"]))
    if found is None and _is_set_aside(run, old):
        found = found_or_none(api, run.params["name"])
    if found is None or found["Id"] == old["Id"]:
        return ""
    run.log(_("an earlier try has made %s: going on with it") % found["Id"][:12], "warning")
    _join(api, str(found["Id"]), _recipe_of_job(run, api, old), joined=found["NetworkSettings"].get("Networks") or {})
    return str(found["Id"])


def _is_set_aside(run: JobRun, old: dict[str, Any]) -> bool:
    kept = kept_of(old["Name"], old["Id"])
    return kept is not None and kept.name == run.params["old_name"]


def _make(run: JobRun, client: DockerClient, old: dict[str, Any], *, undo: ExitStack) -> str:
    api: Any = client.api
    recipe = _recipe_of_job(run, api, old)
    _ensure_image(run, client, str(recipe.body["Image"]))
    run.raise_if_cancelled()
    step = _("create")
    run.steps.set(step, _("making the new one"))
    name = next_name(run.params["name"], run.params["try"])
    body = {} if _is_redeploying(run) else recipe.body
    made = api.create_container_from_config(body, name=name, platform=recipe.platform or None)
    new_id = str(made["Id"])
    for words in made.get("Warnings") or ():
        run.log(str(words), "warning")
    undo.callback(undone, run, _("the new container was removed"), lambda: api.remove_container(new_id, force=True))
    if run.params.get("host") is not None:
        # It was made by whoever edits; it belongs to whom the old one does.
        carry_over(run.params["host"], Kind.CONTAINER, old["Id"], to=new_id)
    _join(api, new_id, recipe, joined={})
    # The page of the job leads there by it.
    run.steps.set(step, new_id[:12], tone="done")
    run.log(_("created %s") % new_id[:12])
    return new_id


def _join(api: Any, container_id: str, recipe: Recipe, *, joined: dict[str, Any]) -> None:
    for network, endpoint in recipe.networks.items():
        if network not in joined:
            connect(api, container_id, network, endpoint)


def _recipe_of_job(run: JobRun, api: Any, old: dict[str, Any]) -> Recipe:
    if "recipe" in run.params and not _is_redeploying(run):
        return opened_recipe(run.params["recipe"])
    if words := untold_words(old):
        run.log(words, "warning")
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


def _forget_earlier(run: JobRun, api: Any, *, besides: str) -> None:
    """Only one old one of a name is kept, and nothing that lost jobs left. What cannot be removed is said."""
    listed = api.containers(all=True)
    names = sorted({run.params["name"], run.params["old_name"]})
    earlier = [(kept.id, kept.shown_name) for name in names for kept in kept_among(listed, name) if kept.id != besides]
    for container_id, shown_name in [*earlier, *(one for name in names for one in left_over(listed, name))]:
        try:
            # Without its volumes: the new ones have them.
            api.remove_container(container_id, force=True)
            run.log(_("%s was removed; its volumes stay") % shown_name)
        except APIError as error:
            run.log(_("%(name)s could not be removed: %(why)s") % {"name": shown_name, "why": error}, "warning")


def _take_back(run: JobRun, api: Any) -> None:
    name, old_name = run.params["name"], run.params["old_name"]
    old = found_or_none(api, run.params["container"])
    if old is None:
        raise JobFailed(_("What %s was before is gone: it was removed since.") % name)
    made = found_or_none(api, next_name(name, run.params["try"])) if run.params.get("try") else None
    successor = found_or_none(api, name) if _is_set_aside(run, old) else None
    # One that was to run and never did is not worth keeping.
    if successor is not None and run.params.get("running") and successor["State"]["Status"] == "created":
        made, successor = successor, None
    if made is not None:
        api.remove_container(made["Id"], force=True)
        run.log(_("the new container was removed: it had not come into its place"))
    if successor is not None:
        is_running = bool(successor["State"]["Running"] or run.params.get("running"))
        put_in_place(run, api, incoming=old["Id"], outgoing=successor["Id"], name=old_name, outgoing_name=name,
                     is_started=is_running)  # fmt: skip
        return
    take_name(api, old["Id"], old_name)
    if run.params.get("running") and not old["State"]["Running"]:
        api.start(old["Id"])
        wait_until_it_runs(run, api, old["Id"], _("start the old"))
    run.log(_("%s is as it was") % old_name)
