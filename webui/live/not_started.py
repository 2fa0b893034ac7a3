"""Why a program could not be started in a container, found out afterwards: engines say it each in their own way."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.utils.translation import gettext as _

from webui import gate
from webui.live.upstream import UPSTREAM_ERRORS, Upstream

if TYPE_CHECKING:
    from collections.abc import Sequence

_STAT: Final = "X-Docker-Container-Path-Stat"
# Bits of Go's os.FileMode, in which engines write what a path is.
_IS_FOLDER: Final = 1 << 31
_IS_LINK: Final = 1 << 27
_MAY_RUN: Final = 0o111


@dataclass(frozen=True, slots=True)
class Why:
    """A sentence for a person, with what can be done. `is_for_now`: the cause may pass, and the same start then."""

    words: str
    is_for_now: bool = False


async def why_not(
    upstream: Upstream, container_id: str, argv: "Sequence[str]", *, user: str = "", folder: str = "", said: str = ""
) -> Why:
    """Why it could not be started. `said` are the engine's own words, "" where it had none."""
    program = argv[0]
    words = _("%(program)s could not be started in this container.") % {"program": program}
    try:
        state = await _state(upstream, container_id)
        if state:
            return Why(state, is_for_now=True)
        found = (
            await _user(user, said)
            or await _folder(upstream, container_id, folder)
            or await _program(upstream, container_id, program)
        )
        return Why(found or f"{words} {said}".strip())
    except UPSTREAM_ERRORS:
        # Whoever may not look at files, or a host that does not answer: then what the engine said has to do.
        return Why(f"{words} {said}".strip(), is_for_now=True)


def state_words(message: str) -> str:
    """What to do about a container in which nothing can be started, by what the engine said of its state."""
    if "paused" in message:
        return _("The container is paused. Resume it, then connect again.")
    return _("The container is not running. Start it, then connect again.")


async def _state(upstream: Upstream, container_id: str) -> str:
    """It may have stopped, or been paused, while the program was being started."""
    state = (await upstream.get(f"/containers/{container_id}/json"))["State"]
    if state.get("Running") and not state.get("Paused"):
        return ""
    return state_words("paused" if state.get("Paused") else "")


async def _user(user: str, said: str) -> str:
    if not user or "user" not in said.lower():
        return ""
    return _("There is no user “%s” in this container: its /etc/passwd names none. A number works always.") % user


async def _folder(upstream: Upstream, container_id: str, folder: str) -> str:
    if not folder:
        return ""
    found = await _stat(upstream, container_id, folder)
    if found is None:
        return _("There is no folder %s in this container.") % folder
    mode = int(found["mode"])
    return "" if mode & (_IS_FOLDER | _IS_LINK) else _("%s is no folder in this container.") % folder


async def _program(upstream: Upstream, container_id: str, program: str) -> str:
    if not program.startswith("/"):
        return ""
    found = await _stat(upstream, container_id, program)
    if found is None:
        return _("There is no program %s in this container.") % program
    mode = int(found["mode"])
    if mode & _IS_FOLDER:
        return _("%s is a folder, and no program.") % program
    if not mode & (_IS_LINK | _MAY_RUN):
        return _("%s is not marked as a program that can be run.") % program
    return ""


async def _stat(upstream: Upstream, container_id: str, path: str) -> dict[str, Any] | None:
    """What is at a path; None for nothing."""
    reply = await gate.request(
        upstream.actor, upstream.host, "HEAD", f"/containers/{container_id}/archive", query={"path": path}
    )
    if reply.status == 404:
        return None
    headers = {name.lower(): value for name, value in reply.headers.items()}
    found: dict[str, Any] = orjson.loads(base64.b64decode(headers[_STAT.lower()]))
    return found
