"""A container's log as a file, whole: read from the host and passed on as it comes, however long it is."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import aiohttp

from webui import gate
from webui.live.lines import LineCutter

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host


async def log_lines(actor: "Actor", host: "Host", container_id: str, *, is_terminal: bool) -> AsyncIterator[bytes]:
    """Lines of both streams with Docker's timestamps. A log that is cut on the way ends with a line that says so."""
    cutter = LineCutter(is_terminal=is_terminal)
    query = {"stdout": "1", "stderr": "1", "timestamps": "1"}
    try:
        async with gate.stream(actor, host, "GET", f"/containers/{container_id}/logs", query=query) as chunks:
            async for chunk in chunks:
                yield _text(cutter.feed(chunk))
    except (aiohttp.ClientError, gate.HostUnreachable, gate.HostRefused, OSError) as error:
        yield f"\n[cut here: {error}]\n".encode()
    yield _text(cutter.last())


def _text(lines: list[str]) -> bytes:
    # The first letter of a line names its stream.
    return "".join(f"{line[1:]}\n" for line in lines).encode()
