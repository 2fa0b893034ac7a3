"""Running a container from the form: what the host has that matters to it, and create and start as one step."""

from typing import TYPE_CHECKING, Any, Final

from webui.containers.columns import rows_of
from webui.containers.forms import HostFacts, RunForm
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
        made = api.create_container_from_config(form.body(), name=form.cleaned_data["name"] or None)
        container_id = str(made["Id"])
    try:
        with engine_call(), here.client(timeout_s=START_TIMEOUT_S) as client:
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
