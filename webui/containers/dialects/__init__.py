"""The languages in which a container is asked for: a `docker run` line and a compose service, read and written.

All of them meet in one value, the body of `POST /containers/create` with its HostConfig and NetworkingConfig. Nothing
here knows a form, a page or a host; what a target cannot express is named, never dropped in silence.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Raw = dict[str, Any]
# Whether the value of this variable is shown to whoever reads what is written.
Shows = Callable[[str], bool]


class DialectError(ValueError):
    """What was written means nothing, or nothing that can be done from here; the text says which part and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a text asks for. `pull` is missing, always or never.

    `asked_variables` are those whose value comes from elsewhere (`-e TOKEN`): they are not in the body, and somebody
    has to say their values. `warnings` tell of what was read but cannot be done from here.
    """

    image: str
    name: str
    body: Raw
    platform: str = ""
    pull: str = "missing"
    asked_variables: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A body in another language, and the names of the fields for which that has no words."""

    lines: list[str]
    lost: list[str] = field(default_factory=list)
