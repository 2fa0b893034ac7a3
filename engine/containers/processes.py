"""GET /containers/{id}/top: ps of the host, cut down to the container's processes."""

import shlex

from engine.errors import EngineError, InvalidArgument
from engine.linux.processes import run


async def processes_table(pids: list[int], ps_args: str) -> tuple[list[str], list[list[str]]]:
    """Titles and rows of `ps ps_args` for these processes. Raises InvalidArgument when there is no PID column."""
    words = shlex.split(ps_args or "-ef")
    finished = await run(["ps", *words], check=False, timeout_s=20)
    if finished.exit_code != 0:
        raise EngineError(f"ps: {finished.stderr.decode(errors='replace').strip()}")
    lines = finished.stdout.decode(errors="replace").splitlines()
    titles = lines[0].split()
    if "PID" not in titles:
        raise InvalidArgument("Couldn't find PID field in ps output")
    place, wanted, rows = titles.index("PID"), set(map(str, pids)), []
    for line in lines[1:]:
        # The command comes last and may hold spaces.
        fields = line.split(None, len(titles) - 1)
        if len(fields) > place and fields[place] in wanted:
            rows.append(fields)
    return titles, rows
