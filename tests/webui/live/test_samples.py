from typing import Any

import pytest

from webui.live.samples import sample_of


def stats(second: int, *, used_s: float, received: int = 0, written: int = 0, **memory: int) -> dict[str, Any]:
    return {
        "read": f"2026-11-24T03:00:{second:02}.500000001Z",
        "cpu_stats": {"cpu_usage": {"total_usage": int(used_s * 1e9)}, "system_cpu_usage": 1, "online_cpus": 2},
        "memory_stats": {"usage": 300, "limit": 1000, "stats": memory},
        "networks": {"eth0": {"rx_bytes": received, "tx_bytes": 0}, "eth1": {"rx_bytes": received, "tx_bytes": 0}},
        "blkio_stats": {"io_service_bytes_recursive": [{"op": "Write", "value": written}, {"op": "Total", "value": 9}]},
        "pids_stats": {"current": 3},
    }


def test_rates_are_what_happened_between_two_samples() -> None:
    sample = sample_of(stats(4, used_s=3, received=1000, written=500), stats(2, used_s=2, received=0))
    assert sample is not None
    assert (sample.cpu, sample.received, sample.written) == (pytest.approx(50), 1000, 250)
    assert (sample.cpus, sample.pids) == (2, 3)


def test_memory_leaves_out_the_cache_that_the_kernel_would_give_back() -> None:
    version_1 = sample_of(stats(1, used_s=0, total_inactive_file=100, inactive_file=1), None)
    version_2 = sample_of(stats(1, used_s=0, inactive_file=50), None)
    assert version_1 is not None
    assert version_2 is not None
    assert (version_1.memory, version_2.memory, version_1.memory_limit) == (200, 250, 1000)


def test_counters_that_begin_anew_give_no_negative_rates() -> None:
    sample = sample_of(stats(4, used_s=0.1, received=5), stats(2, used_s=9, received=5000))
    assert sample is not None
    assert (sample.cpu, sample.received) == (0, 0)


def test_the_empty_sample_of_a_stopped_container_is_none() -> None:
    assert sample_of({"read": "0001-01-01T00:00:00Z", "cpu_stats": {}}, None) is None
    # Podman's answer for one that has just ended is `null`.
    assert sample_of(None, stats(1, used_s=1)) is None
