"""GET /containers/{id}/top: ps of the host, asked for the container's processes only."""

import re

from engine.errors import EngineError, InvalidArgument
from engine.linux.processes import Finished, run

# `-o pid=NAME` gives the column another title, and the processes could not be told apart.
_RENAMED_COLUMN = re.compile(r"\s+(\S*)=\s*(PID\S*)")


async def processes_table(pids: list[int], ps_args: str) -> tuple[list[str], list[list[str]]]:
    """Titles and rows of `ps ps_args` for these processes. Raises InvalidArgument when there is no PID column."""
    for title, column in _RENAMED_COLUMN.findall(ps_args):
        if title != "pid":
            raise InvalidArgument(f'specifying "{title}={column}" is not allowed')
    words = (ps_args or "-ef").split()
    chosen = f"-q{','.join(map(str, pids))}"
    finished = await run(["ps", *words, chosen], check=False, timeout_s=20) if pids else None
    if finished is None or finished.exit_code != 0:
        # Some options (`f`) do not go together with -q.
        finished = await run(["ps", *words], check=False, timeout_s=20)
    if finished.exit_code != 0:
        raise EngineError(f"ps: {_first_line(finished)}")
    return _parse(finished.stdout.decode(errors="replace").splitlines(), set(map(str, pids)))


def _first_line(finished: Finished) -> str:
    lines = finished.stderr.decode(errors="replace").strip().splitlines()
    return lines[0] if lines else f"exit status {finished.exit_code}"


def _parse(lines: list[str], wanted: set[str]) -> tuple[list[str], list[list[str]]]:
    titles = lines[0].split() if lines else []
    if "PID" not in titles:
        raise InvalidArgument("Couldn't find PID field in ps output")
    place, rows, is_thread_of_wanted = titles.index("PID"), [], False
    for line in lines[1:]:
        # The command comes last and may hold spaces.
        fields = line.split(None, len(titles) - 1)
        if len(fields) <= place:
            continue
        # A thread has no pid of its own in `ps m`: it belongs to the process before it.
        is_thread_of_wanted = is_thread_of_wanted if fields[place] == "-" else fields[place] in wanted
        if is_thread_of_wanted:
            rows.append(fields)
    return titles, rows
