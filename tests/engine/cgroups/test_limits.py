"""Changing limits and reading groups, on folders laid out as the kernel does it."""

from pathlib import Path
from typing import Any

import pytest

from engine.cgroups import CgroupMode, ContainerCgroup, Hierarchies, container_cgroup_path
from engine.cgroups.limits import limit_writes
from engine.config import EngineConfig
from engine.errors import InvalidArgument
from engine.linux.mounts import MountPoint


def writes(resources: dict[str, Any], *, is_v2: bool, current: int | None = None) -> list[tuple[str, str]]:
    return [(name, value) for _, name, value in limit_writes(resources, is_v2=is_v2, current_memory=current)]


def test_growing_memory_on_version_1_raises_the_sum_first() -> None:
    memory = {"memory": {"limit": 200, "swap": 400}}
    limit, swap = ("memory.limit_in_bytes", "200"), ("memory.memsw.limit_in_bytes", "400")
    assert writes(memory, is_v2=False, current=100) == [swap, limit]
    assert writes(memory, is_v2=False, current=300) == [limit, swap]


def test_version_2_counts_swap_alone() -> None:
    assert writes({"memory": {"limit": 200, "swap": 300}}, is_v2=True) == [
        ("memory.swap.max", "100"),
        ("memory.max", "200"),
    ]
    assert writes({"memory": {"limit": 200, "swap": -1}}, is_v2=True)[0] == ("memory.swap.max", "max")


@pytest.mark.parametrize(
    ("cpu", "expected"),
    [
        ({"quota": 50_000, "period": 100_000}, [("cpu.max", "50000 100000")]),
        ({"quota": -1}, [("cpu.max", "max 100000")]),
        ({"shares": 1024}, [("cpu.weight", "39")]),
        ({"shares": 2}, [("cpu.weight", "1")]),
        ({"shares": 262144}, [("cpu.weight", "10000")]),
        ({"cpus": "0-1"}, [("cpuset.cpus", "0-1")]),
    ],
)
def test_processor_limits_of_version_2(cpu: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert writes({"cpu": cpu}, is_v2=True) == expected


def test_a_limit_of_processes_can_be_taken_away() -> None:
    assert writes({"pids": {"limit": -1}}, is_v2=True) == [("pids.max", "max")]


@pytest.fixture
def unified(tmp_path: Path) -> Hierarchies:
    return Hierarchies(CgroupMode.V2, {}, tmp_path)


def test_out_of_memory_is_read_from_the_events_of_version_2(unified: Hierarchies, tmp_path: Path) -> None:
    group = ContainerCgroup(unified, "/a/b")
    assert group.oom_kills() == 0
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/memory.events").write_text("low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n")
    assert group.oom_kills() == 1


def test_processes_of_groups_below_belong_to_the_container(unified: Hierarchies, tmp_path: Path) -> None:
    (tmp_path / "a/b/inner").mkdir(parents=True)
    (tmp_path / "a/b/cgroup.procs").write_text("7\n8\n")
    (tmp_path / "a/b/inner/cgroup.procs").write_text("9\n")
    assert ContainerCgroup(unified, "/a/b").pids() == [7, 8, 9]


def test_frozen_is_what_the_events_of_version_2_say(unified: Hierarchies, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    group = ContainerCgroup(unified, "/a")
    (tmp_path / "a/cgroup.events").write_text("populated 1\nfrozen 1\n")
    assert group.is_frozen()
    (tmp_path / "a/cgroup.events").write_text("populated 1\nfrozen 0\n")
    assert not group.is_frozen()


def test_a_limit_that_cannot_be_set_names_the_file_and_the_reason(unified: Hierarchies) -> None:
    with pytest.raises(InvalidArgument, match=r"cannot set pids.max to 5: No such file or directory"):
        ContainerCgroup(unified, "/gone").update({"pids": {"limit": 5}})


def _point(path: str, fstype: str, *options: str) -> MountPoint:
    return MountPoint(1, 1, "/", Path(path), (), (), fstype, fstype, ("rw", *options))


def test_the_kind_of_host_is_read_from_its_mounts() -> None:
    memory = _point("/sys/fs/cgroup/memory", "cgroup", "memory")
    cpu = _point("/sys/fs/cgroup/cpu,cpuacct", "cgroup", "cpu", "cpuacct")
    systemd = _point("/sys/fs/cgroup/systemd", "cgroup", "xattr", "name=systemd")
    below = _point("/sys/fs/cgroup/unified", "cgroup2", "nsdelegate")
    v1 = Hierarchies.of([memory, cpu, systemd])
    assert v1.mode is CgroupMode.V1
    assert set(v1.controllers) == {"memory", "cpu", "cpuacct", "name=systemd"}
    assert len(v1.folders("/x")) == 3
    assert Hierarchies.of([memory, below]).mode is CgroupMode.HYBRID
    assert Hierarchies.of([_point("/sys/fs/cgroup", "cgroup2")]).folder("memory", "/x") == Path("/sys/fs/cgroup/x")


def test_a_container_is_below_its_engine_or_its_own_parent() -> None:
    config = EngineConfig(root=Path("/r"), exec_root=Path("/e"))
    assert container_cgroup_path(config, "c") == f"/quayside/{config.instance}/c"
    assert container_cgroup_path(config, "c", "/mine/") == "/mine/c"
    with pytest.raises(InvalidArgument, match="must not contain"):
        container_cgroup_path(config, "c", "/mine/../..")
