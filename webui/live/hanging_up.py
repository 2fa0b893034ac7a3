"""Hanging up what runs by an exec when nobody may use it any more, or wants to.

Engines leave an exec running when its connection ends, and their API has no word for ending one. So the process is
marked in its environment, found by that inside its container, and told what a terminal tells whose line is cut. Asked
as Quayside itself: whose rights have ended could not.
"""

import contextlib
from typing import TYPE_CHECKING, Final

from webui.gate.actors import asking_actor
from webui.gate.marks import MARK
from webui.live.execs import ran
from webui.live.upstream import UPSTREAM_ERRORS, Upstream

if TYPE_CHECKING:
    from webui.hosts.models import Host

# The one process of an exec that has no parent in its container: the leader of the terminal's session. Its end hangs up
# whatever runs in the foreground (termios(3), "hangup"). One grep for all: there may be hundreds of consoles.
_HANG_UP: Final = (
    f'for f in $(grep -ls "{MARK}=$1" /proc/[0-9]*/environ); do p=${{f%/environ}}; '
    'if grep -qs "^PPid:[[:space:]]*0$" "$p/status"; then kill -HUP "${p#/proc/}"; kill -CONT "${p#/proc/}"; fi; done'
)
_TIMEOUT_S: Final = 10


async def hang_up(host: "Host", container_id: str, mark: str) -> None:
    """Hang up the execs of this mark in a container. A host that does not answer, or an image without a shell, leaves
    them: nobody is connected to them in any case.
    """
    argv = ("sh", "-c", _HANG_UP, "sh", mark)
    with contextlib.suppress(*UPSTREAM_ERRORS):
        await ran(asking_actor(), host, container_id, argv, user="0", timeout_s=_TIMEOUT_S)


async def hang_up_exec(host: "Host", exec_id: str, mark: str) -> None:
    """The same for one of which only the exec's id is known. Does nothing where it has ended."""
    with contextlib.suppress(*UPSTREAM_ERRORS):
        state = await Upstream(host, asking_actor()).get(f"/exec/{exec_id}/json")
        if state.get("Running"):
            await hang_up(host, str(state["ContainerID"]), mark)
