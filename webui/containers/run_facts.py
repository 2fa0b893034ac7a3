"""What a host holds that a new container could collide with, and names: right ones, taken ones, the next free one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from webui.containers.rows import ContainerRow
from webui.images.reference import listed_name

NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What the live picture of a host says that a new container could collide with."""

    containers: tuple[ContainerRow, ...] = ()
    image_sizes: Mapping[str, int] = field(default_factory=dict)
    networks: tuple[str, ...] = ("bridge", "host", "none")
    volumes: tuple[str, ...] = ()

    def has_image(self, reference: str) -> bool:
        return listed_name(reference) in self.image_sizes

    def container_named(self, name: str) -> ContainerRow | None:
        return next((row for row in self.containers if row.name == name), None)


def name_error(name: str) -> str:
    suggestion = re.sub(r"[^a-zA-Z0-9_.-]+", "-", name).strip("-._")
    hint = f" Try {suggestion}." if NAME.fullmatch(suggestion) else ""
    if "/" in name:
        return f"A name cannot hold a slash.{hint}"
    if len(name) < 2:
        return "A name has at least two characters."
    return f"A name is made of letters, digits, “_”, “.” and “-”, and begins with a letter or digit.{hint}"


def taken_words(holder: ContainerRow, facts: HostFacts) -> str:
    state = "running" if holder.is_running else "stopped"
    stack = f" of the stack {holder.stack}" if holder.stack else ""
    return f"Taken by a {state} container{stack}. Try {free_name(holder.name, facts)}."


def free_name(name: str, facts: HostFacts) -> str:
    """The next name in line: shop-db-1 is followed by shop-db-2, web by web-2."""
    match = re.fullmatch(r"(.*?-)(\d+)", name)
    stem, number = (match[1], int(match[2])) if match else (f"{name}-", 1)
    taken = {row.name for row in facts.containers}
    return next(f"{stem}{n}" for n in range(number + 1, number + len(taken) + 2) if f"{stem}{n}" not in taken)
