"""Running a container from the form: what the host has that matters to it, and create and start as one step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from docker.errors import NotFound

from webui.containers.columns import rows_of
from webui.containers.equivalents import WAYS, equivalent
from webui.containers.forms import RunForm
from webui.containers.jobs import params_for
from webui.containers.pasting import Pasted, read_pasted
from webui.containers.podman_words import untold_words
from webui.containers.recreation import Recipe, recipe_from, recipe_of, without_mac_addresses
from webui.containers.rows import ContainerRow
from webui.containers.run_facts import HostFacts, free_name
from webui.containers.run_jobs import RUN, Asked, asked_of, sealed
from webui.containers.run_lines import PROTOCOLS, MountLine, NetworkLine, PortLine, VariableLine
from webui.containers.run_owner import first_owner, owners_for
from webui.containers.run_sections import sections_of
from webui.images.reference import listed_name
from webui.live import Picture
from webui.resources import EngineRefusal, Opened, engine_call

if TYPE_CHECKING:
    from webui.jobs.models import Job


def facts_of(host: str, picture: Picture) -> HostFacts:
    # Podman lists what came from no registry as localhost/busybox, and finds it as busybox too.
    sizes = {
        name: int(raw.get("Size") or 0)
        for raw in picture.images.values()
        for tag in raw.get("RepoTags") or []
        for name in (listed_name(tag), listed_name(tag.removeprefix("localhost/")))
    }
    networks = sorted((raw["Name"] for raw in picture.networks.values()), key=lambda name: (name != "bridge", name))
    return HostFacts(
        containers=tuple(rows_of(host, picture)),
        image_sizes=sizes,
        networks=tuple(networks) or ("bridge", "host", "none"),
        volumes=tuple(sorted(picture.volumes)),
    )


def start_pull(here: Opened, form: RunForm) -> "Job":
    """Pull the form's image as a job, while the form stays as it is."""
    from webui import jobs

    return jobs.start(here.actor, here.host, "image.pull", {"reference": listed_name(form.data["image"].strip())})


def start_run(here: Opened, form: RunForm) -> "Job":
    """Pull the form's image and then run what the form says, as one job."""
    from webui import jobs

    recipe = form.request()
    params = {
        "image": str(recipe.body["Image"]), "name": form.cleaned_data.get("name") or "", "recipe": sealed(recipe),
        "made_for": form.cleaned_data.get("made_for") or "",
    }  # fmt: skip
    return jobs.start(here.actor, here.host, RUN, params)


def lacks_only_its_image(form: RunForm) -> bool:
    """Whether all that keeps it from being run is an image that this host does not have yet."""
    return not form.is_valid() and set(form.errors) == {"image"} and form.image_is_missing


def start_job(here: Opened, form: RunForm, base: "Base | None") -> "Job":
    """The job that pulls what the form lacks and then does what it says."""
    return start_edit(here, base, form) if base is not None and base.is_edited else start_run(here, form)


class BaseIsGone(LookupError):
    """The container that the form began with has been removed."""


@dataclass(frozen=True, slots=True)
class Base:
    """What the form starts from: a container, duplicated or edited in place, a text that was pasted, or what a job
    was asked for that failed.

    `untold` are words about what its host does not tell of that container, "" where nothing is missing.
    """

    recipe: Recipe
    row: ContainerRow | None = None
    is_edited: bool = False
    pasted: Pasted | None = None
    untold: str = ""
    asked: Asked | None = None


def base_of(here: Opened, params: Mapping[str, str], data: QueryDict | None = None) -> Base | None:
    """The container named by `edit` or `from` in the URL, else the text that came with the form.

    With `again` it is what that job of one's own was asked for. Raises BaseIsGone, EngineRefusal, HostUnreachable;
    DialectError for a text that cannot be read.
    """
    container_id = params.get("edit") or params.get("from") or ""
    asked = asked_of(here, params["again"]) if params.get("again") else None
    if not container_id:
        if asked:
            return Base(asked.recipe, asked=asked)
        pasted = read_pasted(data) if data is not None else None
        return Base(recipe_from(pasted.wanted), pasted=pasted) if pasted else None
    row = _row(here, container_id)
    if row is None:
        # It may have been made a moment ago.
        here.ask_again("containers")
        row = _row(here, container_id)
    if row is None:
        raise BaseIsGone
    if asked:
        return Base(asked.recipe, row, is_edited=True, asked=asked)
    try:
        recipe, untold = _found(here, row)
    except EngineRefusal as error:
        if error.is_gone:
            raise BaseIsGone from error
        raise
    is_edited = bool(params.get("edit"))
    # A second one beside the first cannot have its MAC address.
    recipe = recipe if is_edited else without_mac_addresses(recipe)
    return Base(recipe, row, is_edited=is_edited, untold=untold)


def _row(here: Opened, container_id: str) -> ContainerRow | None:
    raw = here.picture.find("containers", container_id) if container_id else None
    return next((row for row in rows_of(here.host.slug, here.picture) if raw and row.id == raw["Id"]), None)


def _found(here: Opened, row: ContainerRow) -> tuple[Recipe, str]:
    """The recipe of a container, and words about what its host does not tell of it."""
    with engine_call(), here.client(timeout_s=10) as client:
        found = client.api.inspect_container(row.id)
        image = _image(client.api, str(found["Image"]))
    return recipe_of(found, image), untold_words(found)


def stand_in(here: Opened, params: Mapping[str, str]) -> Base | None:
    """What `base_of` would give, while the host cannot be asked: only which container it is, and what is meant."""
    container_id = params.get("edit") or params.get("from") or ""
    row = _row(here, container_id)
    return Base(Recipe({"HostConfig": {}}), row, is_edited=bool(params.get("edit"))) if row else None


def _image(api: Any, image_id: str) -> Any:
    try:
        return api.inspect_image(image_id)
    except NotFound:
        # Removed by force from under it: then all that the container has is its own.
        return None


def form_for(here: Opened, base: Base | None, data: QueryDict | None, *, image: str = "") -> RunForm:
    facts, owners = facts_of(here.host.slug, here.picture), owners_for(here).choices
    first = {"made_for": first_owner(here)}
    if base is None:
        return RunForm(data, facts=facts, initial={**first, **({"image": image} if image else {})}, owners=owners)
    if base.row is None:
        name = base.asked.name if base.asked else base.pasted.wanted.name if base.pasted else ""
        if base.asked and base.asked.made_for:
            first = {"made_for": base.asked.made_for}
        return RunForm(data, facts=facts, initial={**first, "name": name}, recipe=base.recipe, owners=owners)
    if base.is_edited:
        # It gives way to its successor, so neither its name nor its ports are taken.
        facts = replace(facts, containers=tuple(row for row in facts.containers if row.id != base.row.id))
        return RunForm(
            data, facts=facts, initial={"name": base.asked.name if base.asked else base.row.name}, recipe=base.recipe
        )
    initial = {**first, "name": free_name(base.row.name, facts)}
    return RunForm(data, facts=facts, initial=initial, recipe=base.recipe, owners=owners)


def start_edit(here: Opened, base: Base, form: RunForm) -> "Job":
    """Put a container made by the form in the place of the one that was edited, as a job."""
    from webui import jobs

    assert base.row is not None  # noqa: S101 - only a container is edited
    name = form.cleaned_data["name"] or base.row.name
    params = params_for(
        base.row.id, name, host_id=here.host.pk, old_name=base.row.name, is_running=base.row.is_running,
        is_pulled="pull_again" in form.data, recipe=form.request(),
    )  # fmt: skip
    return jobs.start(here.actor, here.host, "container.recreate", params)


def form_context(form: RunForm, params: Mapping[str, str]) -> dict[str, Any]:
    """What the template needs beside the form: each list of lines with an empty one to write into, and suggestions."""
    return {
        "protocols": PROTOCOLS,
        "sections": sections_of(form),
        "ports": [*form.ports, PortLine()],
        "variables": [*form.variables, VariableLine()],
        "mounts": [*form.mounts, MountLine()],
        "networks": [*form.networks, NetworkLine()] if form.networks else [NetworkLine("bridge"), NetworkLine()],
        "known_networks": form.facts.networks,
        "images": sorted(tag for tag in form.facts.image_sizes if tag != "<none>:<none>"),
        "volumes": [name for name in form.facts.volumes if len(name) != 64],
        "ways": WAYS,
        "shown": equivalent(form, params.get("as", "run"), with_secrets="secrets" in params),
        "kept": form.kept(),
        "image_size": form.facts.image_sizes.get(listed_name(str(form["image"].value() or ""))),
    }
