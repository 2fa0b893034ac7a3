"""docker top, by the ps of this machine."""

import os

import pytest

from engine.containers.processes import processes_table
from engine.errors import EngineError, InvalidArgument

pytestmark = pytest.mark.real


@pytest.mark.parametrize("ps_args", ["", "aux", "-eo pid,comm", "-C python f", "-eo user,pid,args --forest"])
async def test_only_the_processes_asked_for_are_there(ps_args: str) -> None:
    titles, rows = await processes_table([os.getpid()], ps_args)
    assert all(row[titles.index("PID")] == str(os.getpid()) for row in rows)
    assert all(len(row) <= len(titles) for row in rows)


async def test_threads_come_with_their_process() -> None:
    titles, rows = await processes_table([os.getpid()], "-m -o pid,tid,comm")
    assert [row[titles.index("PID")] for row in rows][:2] == [str(os.getpid()), "-"]


async def test_a_table_without_pids_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="Couldn't find PID field"):
        await processes_table([1], "-o ppid")
    with pytest.raises(InvalidArgument, match="is not allowed"):
        await processes_table([1], "-o ppid= PID")


async def test_what_ps_does_not_know_is_told_in_its_words() -> None:
    with pytest.raises(EngineError, match="ps: error"):
        await processes_table([1], "--nonsense")
