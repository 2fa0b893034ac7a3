"""A container looked at after its host answered an act with an error, or not in time: is it as was wanted anyway?

Busy hosts say that a stop has failed whose container ends a moment later, and an answer may come too late. Whoever acts
looks: it shows what they may see.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.containers.actions import already_words
from webui.containers.aims import Aim
from webui.containers.rows import span_seconds
from webui.gate import HostUnreachable
from webui.resources import EngineRefusal, engine_call

_LOOK_TIMEOUT_S: Final = 20
# What is on its way to its end is waited for this long.
_SETTLES_S: Final = 10.0
_PAUSE_S: Final = 0.5

# Podman says "stopped" of what has ended and is being tidied up, and "stopping" from the signal on.
_ENDED: Final = frozenset({"exited", "created", "stopped", "dead"})
_ON_THE_WAY: Final = frozenset({"stopping", "removing"})

# What an act wants, as states of Docker's list, "" for gone; and what is said of it.
_WANTED: Final[Mapping[str, tuple[frozenset[str], Any]]] = {
    "start": (frozenset({"running"}), gettext_lazy("is running")),
    "restart": (frozenset({"running"}), gettext_lazy("was started anew")),
    "stop": (_ENDED, gettext_lazy("has stopped")),
    "kill": (_ENDED, gettext_lazy("has stopped")),
    "pause": (frozenset({"paused"}), gettext_lazy("is paused")),
    "unpause": (frozenset({"running"}), gettext_lazy("is running")),
    "remove": (frozenset({""}), gettext_lazy("is gone")),
}
# From here on Docker's words for a span no longer tell one second from the next.
_COUNTED_S: Final = 60


def words_all_the_same(aim: Aim, action: str, error: EngineRefusal, *, asked_at: float) -> str:
    """What to say of an act whose container is as was wanted, although it met this error; "" where it is not.

    `asked_at` is when the act began, by time.monotonic().
    """
    if action == "remove" and error.is_gone:
        return _("was already gone")
    if error.is_unasked or action not in _WANTED or not _is_as_wanted(aim, action, asked_at):
        return ""
    if already := already_words(action, aim.row.state):
        return already
    it = str(_WANTED[action][1])
    if error.is_late:
        return _("%s, though its host did not say so in time") % it
    return _("%(it)s, though its host said: %(said)s") % {"it": it, "said": error}


def _is_as_wanted(aim: Aim, action: str, asked_at: float) -> bool:
    found = _settled(aim)
    if found is None or str(found.get("State") or "") not in _WANTED[action][0]:
        return False
    return action != "restart" or not aim.row.is_running or _began_after(found, asked_at)


def _settled(aim: Aim) -> Mapping[str, Any] | None:
    """What the host's list says of it, once it is on its way to nothing else. {}: it is gone; None: no answer."""
    deadline = time.monotonic() + _SETTLES_S
    while True:
        found = _listed(aim)
        if found is None or found.get("State") not in _ON_THE_WAY or time.monotonic() >= deadline:
            return found
        time.sleep(_PAUSE_S)


def _listed(aim: Aim) -> Mapping[str, Any] | None:
    try:
        with engine_call(), aim.here.client(timeout_s=_LOOK_TIMEOUT_S) as client:
            found = client.api.containers(all=True, filters={"id": aim.row.id})
    except (EngineRefusal, HostUnreachable):
        return None
    return next((one for one in found if one["Id"] == aim.row.id), {})


def _began_after(found: Mapping[str, Any], asked_at: float) -> bool:
    """Whether its run began after the act did, by "Up 3 seconds": the list has no other word for it."""
    up_s = span_seconds(str(found.get("Status") or ""))
    return up_s is not None and up_s + 1 < min(time.monotonic() - asked_at, _COUNTED_S)
