"""What the run form says in other words: a `docker run` line, a compose file, the body of the API request."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from webui.containers.dialects import Raw, Shows
from webui.containers.dialects.compose_writing import compose_file
from webui.containers.dialects.run_writing import run_line
from webui.containers.forms import RunForm
from webui.containers.secrets import is_secret

WAYS: Final = (("run", "docker run"), ("compose", "compose"), ("body", "API body"))


@dataclass(frozen=True, slots=True)
class Equivalent:
    """`text` is to be copied; `lines` are the same to be read. `lost` are fields that this way has no words for."""

    way: str
    lines: Sequence[str]
    text: str
    lost: Sequence[str]
    hides: bool


def equivalent(form: RunForm, way: str, *, with_secrets: bool = False) -> Equivalent:
    """What the form means, as far as it is right. Values of secrets are left out unless they are asked for."""
    recipe = form.request()
    body, name = recipe.whole(), str(form["name"].value() or "").strip()
    values = dict(pair.partition("=")[::2] for pair in body.get("Env") or [])
    shows: Shows = lambda variable: with_secrets or not is_secret(variable, values.get(variable, ""))  # noqa: E731
    hides = not all(map(shows, values))
    if way == "compose":
        written = compose_file(body, name=name, platform=recipe.platform, shows=shows)
        return Equivalent(way, written.lines, "\n".join(written.lines) + "\n", written.lost, hides)
    if way == "body":
        lines = json.dumps(_said(_shown(body, shows)), indent=2, ensure_ascii=False).split("\n")
        return Equivalent(way, lines, "\n".join(lines) + "\n", [], hides)
    written = run_line(body, name=name, platform=recipe.platform, shows=shows)
    text = " \\\n  ".join(written.lines)
    return Equivalent("run", text.split("\n"), text, written.lost, hides)


def _shown(body: Raw, shows: Shows) -> Raw:
    pairs = [pair if shows(pair.partition("=")[0]) else f"{pair.partition('=')[0]}=…" for pair in body.get("Env") or []]
    return {**body, **({"Env": pairs} if pairs else {})}


def _said(value: Any) -> Any:
    """The body without the fields that an inspect fills with nothing; `{}` stays where it is a name's."""
    if not isinstance(value, dict):
        return value
    kept = {key: one if key in _NAMED else _said(one) for key, one in value.items()}
    return {key: one for key, one in kept.items() if one not in (None, "", 0, [], {}) or one is False or key in _MEANT}


_NAMED: Final = frozenset({"ExposedPorts", "Volumes", "PortBindings", "EndpointsConfig", "Labels"})
_MEANT: Final = frozenset({"MaskedPaths", "ReadonlyPaths", "MemorySwappiness", "StopTimeout"})
