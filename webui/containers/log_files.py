"""A container's log as a file, whole: read from the host and passed on as it comes, however long it is."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import aiohttp
import orjson

from webui import gate
from webui.live.lines import LineCutter
from webui.log_lines import timestamp_of

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host


async def log_lines(
    actor: "Actor", host: "Host", container_id: str, *, is_terminal: bool, is_json: bool = False
) -> AsyncIterator[bytes]:
    """Lines of both streams with Docker's timestamps, or one JSON object for each.

    A log that is cut on the way ends with a line that says so.
    """
    encoded = _json if is_json else _text
    cutter = LineCutter(is_terminal=is_terminal)
    query = {"stdout": "1", "stderr": "1", "timestamps": "1"}
    try:
        async with gate.stream(actor, host, "GET", f"/containers/{container_id}/logs", query=query) as chunks:
            async for chunk in chunks:
                yield encoded(cutter.feed(chunk))
    except (aiohttp.ClientError, gate.HostUnreachable, gate.HostRefused, OSError) as error:
        yield orjson.dumps({"error": f"cut here: {error}"}) + b"\n" if is_json else f"\n[cut here: {error}]\n".encode()
    yield encoded(cutter.last())


def _text(lines: list[str]) -> bytes:
    # The first letter of a line names its stream.
    return "".join(f"{line[1:]}\n" for line in lines).encode()


def _json(lines: list[str]) -> bytes:
    made = []
    for line in lines:
        stamp = timestamp_of(line)
        stream = "stderr" if line[0] in "eE" else "stdout"
        made.append(
            orjson.dumps({"time": stamp, "stream": stream, "line": line[len(stamp) + 2 :] if stamp else line[1:]})
        )
    return b"".join(one + b"\n" for one in made)
