"""A container's log as a file, whole: read from the host and passed on as it comes, however long it is."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson
from django.utils.translation import gettext as _

from webui import gate
from webui.live.lines import LineCutter
from webui.live.log_drivers import is_unreadable, unreadable
from webui.live.upstream import UPSTREAM_ERRORS, words_of
from webui.log_lines import letter_of, timestamp_of

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host
    from webui.live.follow import Inspection


_BOTH: Final = {"stdout": "1", "stderr": "1"}


async def refusal(actor: "Actor", host: "Host", inspection: "Inspection") -> str:
    """Why the host gives nothing of this log, asked before the first byte of a file; "" where it does.

    Raises HostUnreachable.
    """
    path = f"/containers/{inspection['Id']}/logs"
    try:
        async with gate.stream(actor, host, "GET", path, query={**_BOTH, "tail": "0"}):
            return ""
    except gate.HostUnreachable:
        raise
    except UPSTREAM_ERRORS as error:
        told: dict[str, Any] = unreadable(inspection, error) if is_unreadable(error) else {"error": words_of(error)}
        return str(told["error"])


async def log_lines(
    actor: "Actor", host: "Host", container_id: str, *, is_terminal: bool, is_json: bool = False
) -> AsyncIterator[bytes]:
    """Lines of both streams with Docker's timestamps, or one JSON object for each: {"time", "stream", "line"}.

    A log that is cut on the way ends with a line that says so: {"error"}, or words in brackets.
    """
    writer = _JsonWriter() if is_json else _TextWriter()
    cutter = LineCutter(is_terminal=is_terminal)
    path, query = f"/containers/{container_id}/logs", {**_BOTH, "timestamps": "1"}
    cut = ""
    try:
        async with gate.stream(actor, host, "GET", path, query=query, as_sent=is_terminal) as chunks:
            async for chunk in chunks:
                yield writer.written(cutter.feed(chunk))
    except UPSTREAM_ERRORS as error:
        cut = _("The log is cut off here: %s") % words_of(error)
    yield writer.written(cutter.last()) + writer.ended()
    if cut:
        yield writer.remark(cut)


class _TextWriter:
    """A line of the log is one line of the file, in however many pieces it comes."""

    _end: ClassVar[str] = "\n"

    def __init__(self) -> None:
        # The letter of the stream whose line has no end in the file yet.
        self._open = ""

    def written(self, lines: Sequence[str]) -> bytes:
        parts: list[str] = []
        for line in lines:
            stamp, stream = timestamp_of(line), letter_of(line)
            text = line[len(stamp) + 2 :] if stamp else line[1:]
            goes_on = line[:1].isupper()
            if goes_on and self._open == stream:
                parts.append(self._more(text))
            else:
                if self._open:
                    parts.append(self._end)
                parts.append(self._begun(stamp, stream, text, goes_on=goes_on))
            self._open = stream
        return "".join(parts).encode()

    def ended(self) -> bytes:
        """The end of the last line."""
        end, self._open = self._end if self._open else "", ""
        return end.encode()

    def remark(self, words: str) -> bytes:
        return f"[{words}]\n".encode()

    def _begun(self, stamp: str, _stream: str, text: str, *, goes_on: bool) -> str:
        return f"{stamp} {text}" if stamp else text

    def _more(self, text: str) -> str:
        return text


class _JsonWriter(_TextWriter):
    """Each line as an object. What goes on with a line above one of the other stream says so: {"goes_on": true}."""

    _end: ClassVar[str] = '"}\n'

    def remark(self, words: str) -> bytes:
        return orjson.dumps({"error": words}) + b"\n"

    def _begun(self, stamp: str, stream: str, text: str, *, goes_on: bool) -> str:
        head = orjson.dumps({"time": stamp, "stream": "stderr" if stream == "e" else "stdout"}).decode()[:-1]
        return head + (',"goes_on":true' if goes_on else "") + ',"line":"' + self._more(text)

    def _more(self, text: str) -> str:
        """The inside of a JSON string."""
        return orjson.dumps(text).decode()[1:-1]
