"""What a host's lists and events leave out, and how it is found out all the same. Podman (4.3 to 5.x) leaves out most.

Podman's list says nothing of health, but can be asked for the containers of one health; it sends no event when a
network is made or removed.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from webui.live.picture import Raw

# How often a list is asked for of whose changes a host says nothing.
LOOK_S: Final = 2.0

_HEALTHS: Final = ("starting", "healthy", "unhealthy")


def silent_kinds(version: Mapping[str, Any]) -> frozenset[str]:
    """The kinds of objects that come and go without an event, by the host's `GET /version`."""
    return frozenset({"networks"}) if is_podman(version) else frozenset()


def hides_health(version: Mapping[str, Any]) -> bool:
    """Whether the container list says nothing of health."""
    return is_podman(version)


def is_podman(version: Mapping[str, Any]) -> bool:
    """Whether this `GET /version` is Podman's."""
    components = version.get("Components") or ()
    return any(str(one.get("Name", "")).casefold().startswith("podman") for one in components)


async def with_health(raws: list[Raw], containers_that: Callable[[str], Awaitable[Iterable[Raw]]]) -> list[Raw]:
    """The list with the health that each container has, as Docker's own list has it since API 1.52.

    `containers_that` asks for the containers of one health.
    """
    healths = {str(raw["Id"]): health for health in _HEALTHS for raw in await containers_that(health)}
    return [{**raw, "Health": {"Status": healths[raw["Id"]]}} if raw["Id"] in healths else raw for raw in raws]
