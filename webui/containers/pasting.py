"""A text pasted into the run form: a `docker run` line or a compose file, told apart by how it begins."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from webui.containers.dialects import DialectError, Wanted
from webui.containers.dialects.compose_reading import parse_service, service_names
from webui.containers.docker_run import parse_run_line

_RUN: Final = re.compile(r"\s*([$%#>]\s+)?(sudo\s+(-\S+\s+)*)?(\S*/)?(docker|podman)\s", re.ASCII)
_LONGEST: Final = 256_000


class SeveralServices(DialectError):
    """One of several services has to be chosen."""

    def __init__(self, names: list[str]) -> None:
        super().__init__("There are several services in it: which one?")
        self.names = names


@dataclass(frozen=True, slots=True)
class Pasted:
    """The text as it was pasted, the service chosen from it, and what it asks for."""

    text: str
    service: str
    wanted: Wanted


def read_pasted(data: Mapping[str, str]) -> Pasted | None:
    """What the fields `pasted` and `service` of a form ask for; None where nothing was pasted. Raises DialectError."""
    text, service = str(data.get("pasted") or ""), str(data.get("service") or "")
    if not text.strip():
        return None
    if len(text) > _LONGEST:
        raise DialectError("That is too much to be one container: paste the line or the service alone.")
    if _RUN.match(text[:500]) or not _looks_like_yaml(text):
        return Pasted(text, "", parse_run_line(re.sub(r"^\s*#\s+", "", text)))
    names = service_names(text)
    if len(names) > 1 and service not in names:
        raise SeveralServices(names)
    return Pasted(text, service, parse_service(text, service))


def _looks_like_yaml(text: str) -> bool:
    has_key = re.search(r"^\s*[\w.\"'-]+\s*:(\s|$)", text, re.MULTILINE)
    return has_key is not None or text.lstrip().startswith(("{", "---"))
