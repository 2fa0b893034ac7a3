"""Create and start as one step: what could not start is removed again, and whose it is is settled."""

from dataclasses import dataclass
from typing import Any, Final

from webui.containers.recreation import Recipe, connect
from webui.containers.run_owner import give, new_volumes
from webui.resources import EngineRefusal, Opened, engine_call

START_TIMEOUT_S: Final = 60


@dataclass(frozen=True, slots=True)
class Made:
    """`warnings` are what the host says that it left out of what was asked."""

    id: str
    warnings: tuple[str, ...] = ()


def create_and_start(here: Opened, recipe: Recipe, *, name: str, choice: str) -> Made:
    """Create by the recipe and start it. `choice` is whose it becomes, "" for nobody's choice.

    Raises EngineRefusal or HostUnreachable. A container that could not start is removed again: whoever asked corrects
    it, and its name must be free for the next try.
    """
    with engine_call(), here.client(timeout_s=START_TIMEOUT_S) as client:
        api: Any = client.api
        volumes = new_volumes(here, recipe.body) if choice else []
        made = api.create_container_from_config(recipe.body, name=name or None, platform=recipe.platform or None)
        container_id = str(made["Id"])
    give(here, container_id, name=name, volumes=volumes, choice=choice)
    try:
        with engine_call(), here.client(timeout_s=START_TIMEOUT_S) as client:
            for network, endpoint in recipe.networks.items():
                connect(client.api, container_id, network, endpoint)
            client.api.start(container_id)
    except EngineRefusal:
        with engine_call(), here.client(timeout_s=START_TIMEOUT_S) as client:
            client.api.remove_container(container_id, v=True, force=True)
        raise
    return Made(container_id, tuple(str(one) for one in made.get("Warnings") or ()))
