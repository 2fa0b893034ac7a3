"""Which shells a container has: asked of a shell, whose one process ends with its answer."""

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from webui.live.execs import ran
from webui.live.terminals import NotStarted

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host

# The one that people like best first.
_CANDIDATES: Final = (
    "/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/zsh", "/usr/bin/zsh", "/usr/bin/fish", "/bin/ash",
    "/bin/sh", "/usr/bin/sh", "/busybox/sh",
)  # fmt: skip
_ASKED: Final = ("/bin/sh", "/bin/bash", "/bin/ash", "/busybox/sh")
_QUESTION: Final = 'for s in "$@"; do if [ -x "$s" ]; then echo "$s"; fi; done'
_KEPT_S: Final = 60.0
_MOST_KEPT: Final = 500

_kept: "OrderedDict[tuple[int | None, str], tuple[float, list[str]]]" = OrderedDict()


async def shells_of(actor: "Actor", host: "Host", container_id: str) -> list[str]:
    """The paths of its shells, the best first. Raises NotStarted where there is none, or one of UPSTREAM_ERRORS."""
    key = (host.pk, container_id)
    at, known = _kept.get(key, (0.0, []))
    if time.monotonic() - at > _KEPT_S:
        known = await _asked(actor, host, container_id)
        if known:
            _kept[key] = (time.monotonic(), known)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    if not known:
        raise NotStarted(
            _(
                "This container has no shell: neither bash nor sh is in its image. Another program of the image can be "
                "started as a command; files and processes can be seen on the other pages."
            )
        )
    return known


async def _asked(actor: "Actor", host: "Host", container_id: str) -> list[str]:
    for shell in _ASKED:
        done = await ran(actor, host, container_id, (shell, "-c", _QUESTION, "sh", *_CANDIDATES), timeout_s=15)
        if done.was_started and done.code == 0:
            answered = done.out.decode(errors="replace").splitlines()
            found: list[str] = [one for one in _CANDIDATES if one in answered]
            return _distinct(found or [shell])
    return []


def _distinct(paths: list[str]) -> list[str]:
    """/bin is often a link to /usr/bin: the first of each name is enough."""
    by_name: dict[str, str] = {}
    for path in paths:
        by_name.setdefault(path.rpartition("/")[2], path)
    return list(by_name.values())
