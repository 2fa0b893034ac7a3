"""Running a container from the form: what the host has that matters to it, and create and start as one step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.http import QueryDict
from docker.errors import NotFound

from webui.containers.columns import rows_of
from webui.containers.forms import HostFacts, RunForm, free_name
from webui.containers.jobs import params_for
from webui.containers.recreation import Recipe, recipe_of
from webui.containers.rows import ContainerRow
from webui.containers.run_lines import PROTOCOLS, MountLine, PortLine, VariableLine
from webui.containers.shown_command import docker_run
from webui.images.reference import listed_name
from webui.live import Picture, picture_after
from webui.resources import EngineRefusal, Opened, engine_call

if TYPE_CHECKING:
    from webui.jobs.models import Job

START_TIMEOUT_S: Final = 60


def facts_of(host: str, picture: Picture) -> HostFacts:
    sizes = {tag: int(raw.get("Size") or 0) for raw in picture.images.values() for tag in raw.get("RepoTags") or []}
    networks = sorted((raw["Name"] for raw in picture.networks.values()), key=lambda name: (name != "bridge", name))
    return HostFacts(
        containers=tuple(rows_of(host, picture)),
        image_sizes=sizes,
        networks=tuple(networks) or ("bridge", "host", "none"),
        volumes=tuple(sorted(picture.volumes)),
    )


def create_and_start(here: Opened, form: RunForm) -> str:
    """Create what the form says and start it; returns its id.

    Raises EngineRefusal or HostUnreachable. A container that could not start is removed again: the form is still there
    to be corrected, and its name must be free for the next try.
    """
    with engine_call(), here.client(timeout_s=START_TIMEOUT_S) as client:
        api: Any = client.api
        recipe = form.request()
        made = api.create_container_from_config(recipe.body, name=form.cleaned_data["name"] or None)
        container_id = str(made["Id"])
    try:
        with engine_call(), here.client(timeout_s=START_TIMEOUT_S) as client:
            for network, endpoint in recipe.networks.items():
                client.api.connect_container_to_network(container_id, network, aliases=endpoint.get("Aliases"))
            client.api.start(container_id)
    except EngineRefusal:
        with engine_call(), here.client(timeout_s=START_TIMEOUT_S) as client:
            client.api.remove_container(container_id, v=True, force=True)
        raise
    # So that the page that comes next knows it.
    picture_after(here.host, "containers", container_id)
    return container_id


def start_pull(here: Opened, form: RunForm) -> "Job":
    """Pull the form's image as a job, while the form stays as it is."""
    from webui import jobs

    return jobs.start(here.actor, here.host, "image.pull", {"reference": listed_name(form.data["image"].strip())})


@dataclass(frozen=True, slots=True)
class Base:
    """The container that the form starts from: duplicated as another one, or edited in place."""

    row: ContainerRow
    recipe: Recipe
    is_edited: bool


def base_of(here: Opened, params: Mapping[str, str]) -> Base | None:
    """The container named by `edit` or `from` in the URL. Raises EngineRefusal, HostUnreachable."""
    container_id = params.get("edit") or params.get("from") or ""
    raw = here.picture.find("containers", container_id) if container_id else None
    if raw is None:
        return None
    row = next(row for row in rows_of(here.host.slug, here.picture) if row.id == raw["Id"])
    with engine_call(), here.client(timeout_s=10) as client:
        found = client.api.inspect_container(row.id)
        image = _image(client.api, str(found["Image"]))
    return Base(row, recipe_of(found, image), is_edited=bool(params.get("edit")))


def _image(api: Any, image_id: str) -> Any:
    try:
        return api.inspect_image(image_id)
    except NotFound:
        # Removed by force from under it: then all that the container has is its own.
        return None


def form_for(here: Opened, base: Base | None, data: QueryDict | None, *, image: str = "") -> RunForm:
    facts = facts_of(here.host.slug, here.picture)
    if base is None:
        return RunForm(data, facts=facts, initial={"image": image, "network": "bridge"})
    if base.is_edited:
        # It gives way to its successor, so neither its name nor its ports are taken.
        facts = replace(facts, containers=tuple(row for row in facts.containers if row.id != base.row.id))
        return RunForm(data, facts=facts, initial={"name": base.row.name}, recipe=base.recipe)
    return RunForm(data, facts=facts, initial={"name": free_name(base.row.name, facts)}, recipe=base.recipe)


def start_edit(here: Opened, base: Base, form: RunForm) -> "Job":
    """Put a container made by the form in the place of the one that was edited, as a job."""
    from webui import jobs

    name = form.cleaned_data["name"] or base.row.name
    params = params_for(base.row.id, name, recipe=form.request())
    return jobs.start(here.actor, here.host, "container.recreate", params)


def form_context(form: RunForm) -> dict[str, Any]:
    """What the template needs beside the form: each list of lines with an empty one to write into, and suggestions."""
    command = docker_run(form)
    return {
        "protocols": PROTOCOLS,
        "ports": [*form.ports, PortLine()],
        "variables": [*form.variables, VariableLine()],
        "mounts": [*form.mounts, MountLine()],
        "images": sorted(tag for tag in form.facts.image_sizes if tag != "<none>:<none>"),
        "volumes": [name for name in form.facts.volumes if len(name) != 64],
        "command": command,
        "command_text": " \\\n  ".join(command),
        "image_size": form.facts.image_sizes.get(listed_name(str(form["image"].value() or ""))),
    }
