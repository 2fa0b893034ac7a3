"""Counters under dockerd's names, from folders laid out as the kernel's."""

import os
from pathlib import Path

import pytest

from engine.cgroups import CgroupMode, Hierarchies
from engine.stats import StatsTarget, empty_stats
from engine.stats.reading import read_stats


@pytest.fixture
def unified(tmp_path: Path) -> Path:
    group = tmp_path / "box"
    group.mkdir()
    for name, text in {
        "cpu.stat": "usage_usec 2500\nuser_usec 2000\nsystem_usec 500\n"
        "nr_periods 4\nnr_throttled 3\nthrottled_usec 9\n",
        "memory.current": "4096\n",
        "memory.max": "max\n",
        "memory.stat": "anon 1024\nfile 2048\ninactive_file 1000\n",
        "pids.current": "3\n",
        "pids.max": "max\n",
        "io.stat": "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n7:0 \n",
    }.items():
        (group / name).write_text(text)
    return group


def read(group: Path) -> dict[str, object]:
    target = StatsTarget("c" * 64, "web", f"/{group.name}", os.getpid())
    return read_stats(Hierarchies(CgroupMode.V2, {}, group.parent), target)


def test_version_2_counters_are_told_in_dockerds_units(unified: Path) -> None:
    sample = read(unified)
    cpu = sample["cpu_stats"]
    assert isinstance(cpu, dict)
    assert cpu["cpu_usage"] == {
        "total_usage": 2_500_000,
        "usage_in_kernelmode": 500_000,
        "usage_in_usermode": 2_000_000,
    }
    assert cpu["throttling_data"] == {"periods": 4, "throttled_periods": 3, "throttled_time": 9000}
    assert cpu["online_cpus"] >= 1
    assert cpu["system_cpu_usage"] > 0
    assert sample["pids_stats"] == {"current": 3, "limit": 2**64 - 1}


def test_unlimited_memory_is_all_of_the_machines(unified: Path) -> None:
    memory = read(unified)["memory_stats"]
    assert isinstance(memory, dict)
    assert memory["usage"] == 4096
    assert memory["limit"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert memory["stats"]["inactive_file"] == 1000


def test_block_io_is_one_entry_per_device_and_direction(unified: Path) -> None:
    block = read(unified)["blkio_stats"]
    assert isinstance(block, dict)
    assert {"major": 254, "minor": 0, "op": "write", "value": 8192} in block["io_service_bytes_recursive"]
    assert {"major": 254, "minor": 0, "op": "read", "value": 1} in block["io_serviced_recursive"]


def test_networks_are_those_of_the_process_without_the_loopback(unified: Path) -> None:
    networks = read(unified).get("networks", {})
    assert isinstance(networks, dict)
    assert "lo" not in networks


def test_a_group_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "gone")


def test_a_container_that_does_not_run_has_empty_stats() -> None:
    stats = empty_stats("c" * 64, "web")
    assert stats["name"] == "/web"
    assert stats["read"] == "0001-01-01T00:00:00Z"
    assert stats["memory_stats"] == {}
