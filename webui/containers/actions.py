"""What can be done to a container: the actions as data, and carrying one out through docker-py."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import get_script_prefix, reverse
from django.utils.translation import gettext_lazy as _

from webui.containers.rows import ContainerRow
from webui.gate import Operation
from webui.pages import Action

STOP_GRACE_S: Final = 10


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row together with the host that it is on, so that it knows its own addresses."""

    row: ContainerRow
    host: str

    @property
    def name(self) -> str:
        return self.row.name

    def url_of(self, url_name: str) -> str:
        return _url_pattern(url_name, self.host, get_script_prefix()).replace(_SOME_ID, self.row.short_id)


# No host is called so, and it needs no quoting in a URL.
_SOME_ID: Final = "~"


@functools.lru_cache(maxsize=1024)
def _url_pattern(url_name: str, host: str, _script_prefix: str) -> str:
    """With `_SOME_ID` where an id belongs: a row has ten links, and reversing each costs more than all its cells."""
    return reverse(url_name, kwargs={"host": host, "id": _SOME_ID})


def _state_in(*states: str) -> Callable[[ShownRow], bool]:
    return lambda shown: shown.row.state in states


ACTIONS: Final = (
    Action("logs", _("Logs"), "file-text", Operation.CONTAINER_LOGS, is_icon=True, href_name="containers:logs"),
    Action("console", _("Console"), "terminal-2", Operation.CONTAINER_EXEC, is_icon=True,
           href_name="containers:console", shown_when=_state_in("running")),
    Action("start", _("Start"), "player-play", Operation.CONTAINER_START, is_icon=True, is_bulk=True,
           shown_when=_state_in("created", "exited", "dead")),
    # In the row itself where it is what a person most likely wants: to end a container that keeps failing.
    Action("stop", _("Stop"), "player-stop", Operation.CONTAINER_STOP, is_icon=True,
           shown_when=_state_in("restarting")),
    Action("stop", _("Stop"), "player-stop", Operation.CONTAINER_STOP, is_bulk=True,
           shown_when=_state_in("running", "paused")),
    Action("restart", _("Restart"), "refresh", Operation.CONTAINER_RESTART, is_bulk=True,
           shown_when=_state_in("running", "restarting", "exited")),
    Action("pause", _("Pause"), "player-pause", Operation.CONTAINER_PAUSE, is_bulk=True, is_rare=True,
           shown_when=_state_in("running")),
    Action("unpause", _("Resume"), "player-play", Operation.CONTAINER_UNPAUSE, is_icon=True, is_bulk=True,
           is_rare=True, shown_when=_state_in("paused")),
    Action("kill", _("Kill"), "bolt", Operation.CONTAINER_KILL, is_bulk=True, is_rare=True,
           shown_when=_state_in("running", "restarting", "paused")),
    Action("stats", _("Stats"), "chart-line", Operation.CONTAINER_STATS, href_name="containers:stats",
           shown_when=_state_in("running", "paused")),
    Action("files", _("Files"), "folder", Operation.CONTAINER_FILES_READ, href_name="containers:files"),
    Action("inspect", _("Inspect"), "code", Operation.CONTAINER_INSPECT, href_name="containers:inspect"),
    Action("edit", _("Configuration"), "adjustments", Operation.CONTAINER_UPDATE, href_name="containers:configuration"),
    Action("recreate", _("Recreate"), "rotate", Operation.CONTAINER_REDEPLOY, previews=True),
    Action("update", _("Update"), "cloud-download", Operation.CONTAINER_REDEPLOY, is_bulk=True, previews=True,
           shown_when=lambda shown: shown.row.has_update),
    Action("remove", _("Remove"), "trash", Operation.CONTAINER_REMOVE, is_bulk=True, is_danger=True, previews=True),
)  # fmt: skip

# Offered on a container's own page only: a list of a thousand rows is long enough.
ON_PAGE: Final = (
    Action("layers", _("Changes"), "stack", Operation.CONTAINER_CHANGES, href_name="containers:layers"),
    Action("commit", _("Make an image of it"), "photo-plus", Operation.CONTAINER_COMMIT, href_name="containers:commit"),
    Action("export", _("Download its files as a tar"), "package-export", Operation.CONTAINER_EXPORT,
           href_name="containers:export"),
)  # fmt: skip

BY_NAME: Final[Mapping[str, Action]] = {action.name: action for action in ACTIONS if not action.href_name}

DONE: Final[Mapping[str, Any]] = {
    "start": _("Started"),
    "stop": _("Stopped"),
    "restart": _("Restarted"),
    "pause": _("Paused"),
    "unpause": _("Resumed"),
    "kill": _("Killed"),
    "remove": _("Removed"),
    "update": _("Updated"),
}
# While it is done, for the panel over many.
DOING: Final[Mapping[str, Any]] = {
    "start": _("Starting"),
    "stop": _("Stopping"),
    "restart": _("Restarting"),
    "pause": _("Pausing"),
    "unpause": _("Resuming"),
    "kill": _("Killing"),
    "remove": _("Removing"),
    "update": _("Updating"),
}

# What an act would change nothing about: Docker answers 304 or an error that only says as much.
_ALREADY: Final[Mapping[str, tuple[frozenset[str], Any]]] = {
    "start": (frozenset({"running"}), _("was already running")),
    "stop": (frozenset({"exited", "created"}), _("was not running")),
    "pause": (frozenset({"paused"}), _("was already paused")),
    "unpause": (frozenset({"running"}), _("was not paused")),
    "kill": (frozenset({"exited", "created"}), _("was not running")),
}


def already_words(action: str, state: str) -> str:
    """What to say where the act would change nothing; "" where it has something to do."""
    states, words = _ALREADY.get(action, (frozenset(), ""))
    return str(words) if state in states else ""


def carry_out(api: Any, action: str, container_id: str, *, with_volumes: bool = False) -> None:
    """Do one action by docker-py's low-level client. Raises what docker-py raises."""
    match action:
        case "stop":
            # Without a time of ours the container's own holds.
            api.stop(container_id)
        case "restart":
            api.restart(container_id, timeout=STOP_GRACE_S)
        case "start" | "pause" | "unpause" | "kill":
            getattr(api, action)(container_id)
        case "remove":
            # The preview has said that a running one is killed.
            api.remove_container(container_id, v=with_volumes, force=True)
        case _:
            raise LookupError(action)
