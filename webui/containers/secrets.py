"""Values that people do not want over their shoulder: which they are, taken out of pages, and shown on request.

A page never has them in its HTML until somebody asks, and who asked for which is written down.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from webui import audit
from webui.access import Operation

if TYPE_CHECKING:
    from webui.resources import Opened

_SECRET: Final = re.compile(
    r"PASS(WORD|WD|PHRASE)?|PWD$|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|(^|_)KEY($|_)|AUTH|SALT|DSN|"
    r"(DATABASE|DB|REDIS|MONGO\w*|AMQP|BROKER)_UR[LI]|CONNECTION_?STRING",
    re.IGNORECASE,
)
# user:password@ in the value of a variable with a harmless name.
_WITH_PASSWORD: Final = re.compile(r"\w+://[^/\s:@]*:[^/\s@]+@")
MASK: Final = "••••••"


def is_secret(name: str, value: str = "") -> bool:
    """Whether a variable or label looks as if its value were nobody else's business."""
    return _SECRET.search(name) is not None or _WITH_PASSWORD.search(value) is not None


def pairs_of(environment: Sequence[Any] | None) -> list[tuple[str, str]]:
    """Docker's `NAME=value` strings, apart."""
    parts = (str(pair).partition("=") for pair in environment or [])
    return [(name, value) for name, equals, value in parts if equals]


def masked(found: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """An inspection with its secrets replaced, and how many there were."""
    shown = copy.deepcopy(dict(found))
    config, count = shown.get("Config") or {}, 0
    for place, pair in enumerate(config.get("Env") or []):
        name, equals, value = str(pair).partition("=")
        if equals and value and is_secret(name, value):
            config["Env"][place] = f"{name}={MASK}"
            count += 1
    for name, value in (config.get("Labels") or {}).items():
        if value and is_secret(name, str(value)):
            config["Labels"][name] = MASK
            count += 1
    return shown, count


def shown_to(here: "Opened", container_id: str, path: str, *, names: Sequence[str]) -> None:
    """Write down that somebody looked at secrets: whose, and which. Raises what the database raises."""
    entry = audit.record(
        here.actor,
        Operation.CONTAINER_INSPECT,
        is_allowed=True,
        host=here.host.slug,
        resource="container",
        target=container_id,
        method="POST",
        path=path,
        rule="secrets shown",
    )
    words = f"secrets shown: {', '.join(names)}" if names else "secrets shown"
    audit.complete(entry, status=200, duration_s=0, message=words)
