"""What the archive API cannot do (remove, rename, list one level) by programs of the container's own image.

No shell is ever asked: names go as arguments after `--`, or, where they are no text (JSON holds nothing else), through
`xargs -0`. What a program says of itself is not believed: whoever asks looks afterwards by the archive API.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _

from webui.containers.files.names import is_text
from webui.gate import HostUnreachable
from webui.live.execs import Ran, ran
from webui.live.upstream import UPSTREAM_ERRORS, words_of
from webui.resources import EngineRefusal

if TYPE_CHECKING:
    from webui.resources import Opened

# The archive API reads and writes as root; so do these.
_ROOT: Final = "0"
# Linux takes 128 kB in one argument and 2 MB in all; a body that is looked at by the gate should be small besides.
_MOST_ARGUMENT_BYTES: Final = 100_000


class Programs:
    """Programs of one running container."""

    def __init__(self, here: "Opened", container_id: str) -> None:
        self._here, self._id = here, container_id

    def run(self, argv: Sequence[str], paths: Sequence[str] = (), *, most_bytes: int = 1 << 20) -> Ran:
        """Run `argv` with these paths behind it, all in one call where they are few. Raises EngineRefusal."""
        if not is_text("".join(paths)):
            stdin = b"".join(os.fsencode(path) + b"\0" for path in paths)
            return self.feed(("xargs", "-0", *argv), stdin, most_bytes=most_bytes)
        return self._ran((*argv, *paths), most_bytes=most_bytes)

    def feed(self, argv: Sequence[str], stdin: bytes, *, most_bytes: int = 1 << 20) -> Ran:
        """Run `argv` and give it `stdin`. Raises EngineRefusal."""
        return self._ran(argv, stdin=stdin, most_bytes=most_bytes)

    def do(self, argv: Sequence[str], paths: Sequence[str]) -> None:
        """The same, and anything but success raises EngineRefusal with what the program said."""
        for some in _few(paths):
            done = self.run(argv, some)
            if not done.was_started:
                words = _("The image of this container has no program “%s”, which this needs.")
                raise EngineRefusal(words % (argv[0] if is_text("".join(some)) else f"xargs, {argv[0]}"))
            if done.code:
                said = (done.err or done.out).decode(errors="replace").strip()[:500]
                raise EngineRefusal(said or _("%(program)s ended with exit code %(code)d.") % {
                    "program": argv[0], "code": done.code})  # fmt: skip

    def _ran(self, argv: Sequence[str], *, most_bytes: int, stdin: bytes | None = None) -> Ran:
        try:
            return async_to_sync(ran)(
                self._here.actor, self._here.host, self._id, argv, stdin=stdin, user=_ROOT, most_bytes=most_bytes
            )
        except HostUnreachable:
            raise
        except UPSTREAM_ERRORS as error:
            raise EngineRefusal(words_of(error)) from error


def _few(paths: Sequence[str]) -> list[list[str]]:
    """The paths in groups that fit into one command line."""
    groups: list[list[str]] = [[]]
    size = 0
    for path in paths:
        length = len(os.fsencode(path)) + 1
        if size + length > _MOST_ARGUMENT_BYTES and groups[-1]:
            groups.append([])
            size = 0
        groups[-1].append(path)
        size += length
    return groups
