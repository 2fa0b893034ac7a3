"""Real groups with real processes, on version 1 and on version 2, whichever this machine has."""

import asyncio
import subprocess
from collections.abc import Iterator

import pytest

from engine.cgroups import CgroupMode, ContainerCgroup, Hierarchies

pytestmark = pytest.mark.real


@pytest.fixture(params=["v1", "v2"])
def hierarchies(request: pytest.FixtureRequest) -> Hierarchies:
    """A hybrid host serves for both: its version 2 hierarchy can freeze and kill, though it limits nothing."""
    here = Hierarchies.read()
    if request.param == "v2":
        if here.unified is None:
            pytest.skip("no version 2 hierarchy is mounted")
        return Hierarchies(CgroupMode.V2, {}, here.unified)
    if not here.controllers:
        pytest.skip("no version 1 hierarchy is mounted")
    return Hierarchies(CgroupMode.V1, {name: path for name, path in here.controllers.items() if name != "cpuset"}, None)


@pytest.fixture
def group(hierarchies: Hierarchies) -> Iterator[ContainerCgroup]:
    group = ContainerCgroup(hierarchies, "/quayside-test-group")
    for folder in hierarchies.folders(group.path):
        folder.mkdir(exist_ok=True)
    yield group
    asyncio.run(group.remove())


@pytest.fixture
def process(group: ContainerCgroup, hierarchies: Hierarchies) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    for folder in hierarchies.folders(group.path):
        (folder / "cgroup.procs").write_text(str(process.pid))
    yield process
    process.kill()
    group.kill_all()
    process.wait()


async def test_a_group_is_frozen_and_thawed(group: ContainerCgroup, process: subprocess.Popen[bytes]) -> None:
    assert group.pids() == [process.pid]
    assert not group.is_frozen()
    await group.freeze()
    assert group.is_frozen()
    await group.thaw()
    assert not group.is_frozen()


async def test_frozen_processes_are_killed_too(group: ContainerCgroup, process: subprocess.Popen[bytes]) -> None:
    await group.freeze()
    group.kill_all()
    assert await asyncio.to_thread(process.wait, 10) == -9


async def test_removing_a_group_kills_what_is_in_it_and_below(
    group: ContainerCgroup, process: subprocess.Popen[bytes], hierarchies: Hierarchies
) -> None:
    inner = hierarchies.folders(group.path)[0] / "inner"
    inner.mkdir()
    (inner / "cgroup.procs").write_text(str(process.pid))
    removing = asyncio.create_task(group.remove())
    assert await asyncio.to_thread(process.wait, 10) == -9
    await removing
    assert not group.exists()
    await group.remove()
