"""What an engine says of a log that it does not give, or does not follow; and what to tell a reader of it.

The log driver of a container decides where its output goes. Some put it where the engine cannot read it back.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from webui import gate

Inspection = Mapping[str, Any]

# Of these nothing is kept anywhere: "passthrough" is Podman's, and gives the output to whoever started the container.
_KEEP_NOTHING: Final = frozenset({"none", "passthrough"})


def is_unreadable(error: BaseException) -> bool:
    """Whether an engine has said that it cannot read this container's output back, now or later."""
    words = str(error).lower()
    is_of_driver = isinstance(error, gate.HostRefused) and error.status >= 500 and "log" in words and "driver" in words
    return is_of_driver and not is_unfollowable(error)


def is_unfollowable(error: BaseException) -> bool:
    """Whether an engine has said that it gives this log but does not follow it.

    A Podman that writes its own events to a file says so of logs in the journal.
    """
    return isinstance(error, gate.HostRefused) and error.status >= 500 and "--follow" in str(error)


def driver_of(inspection: Inspection) -> str:
    """The name of its log driver; "none" where the engine says of none."""
    return str(((inspection.get("HostConfig") or {}).get("LogConfig") or {}).get("Type") or "none")


def unreadable_words(driver: str) -> str:
    """Why there are no lines of a container with this log driver, and what to do about it."""
    if driver in _KEEP_NOTHING:
        words = _("Nothing that this container writes is kept: its log driver is “%s”.") % driver
    else:
        words = _("This container writes its output to “%s”, and the host cannot read it back from there.") % driver
    return f"{words} {_('Recreate it with the log driver “json-file” to see its output here.')}"


def unreadable(inspection: Inspection, error: BaseException) -> dict[str, Any]:
    """The state to tell of a container whose output is written where its engine cannot read it back."""
    words = unreadable_words(driver_of(inspection))
    return {"t": "state", "state": "unreadable", "error": words, "said": str(error)}
