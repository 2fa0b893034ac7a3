"""docker update, prune and system df; health checks and restart policies; by the docker CLIs."""

import json
import time
from pathlib import Path

import pytest

from tests.conformance.conftest import DockerCli
from tests.daemons import Daemon

pytestmark = [pytest.mark.real, pytest.mark.beside]


def test_limits_change_while_the_container_runs(docker: DockerCli) -> None:
    docker.ok("run", "-d", "--name", "box", "busybox", "sleep", "600")
    limits = ["--memory", "64m", "--memory-swap", "128m", "--cpus", "0.5", "--cpu-shares", "300", "--pids-limit", "33"]
    docker.ok("update", *limits, "--restart", "on-failure:3", "box")
    seen = json.loads(docker.ok("inspect", "box"))[0]["HostConfig"]
    assert (seen["Memory"], seen["NanoCpus"], seen["CpuShares"], seen["PidsLimit"]) == (64 << 20, 500_000_000, 300, 33)
    assert seen["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert docker.ok("stats", "--no-stream", "--format", "{{.MemUsage}}", "box").endswith("64MiB")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--memory", "200m"], "update the memoryswap at the same time"),
        (["--cpu-quota", "5000"], "CPU Quota cannot be updated as NanoCPUs has already been set"),
        (["--cpus", "9999"], "Range of CPUs is from 0.01"),
        (["--restart", "always:3"], "maximum retry count cannot be used"),
        (["--restart", "odd"], "invalid restart policy"),
        (["--cpuset-cpus", "4000"], "Requested CPUs are not available"),
    ],
)
def test_an_update_that_cannot_be_changes_nothing(docker: DockerCli, options: list[str], words: str) -> None:
    docker.ok("run", "-d", "--name", "box", "--memory", "64m", "--cpus", "0.5", "busybox", "sleep", "600")
    before = json.loads(docker.ok("inspect", "box"))[0]["HostConfig"]
    outcome = docker("update", *options, "box")
    assert (outcome.code != 0, words in outcome.err) == (True, True), outcome
    assert json.loads(docker.ok("inspect", "box"))[0]["HostConfig"] == before


_GROUP = "/sys/fs/cgroup"


@pytest.mark.parametrize(
    ("body", "file", "text"),
    [
        ({"CpuShares": 300}, "cpu/cpu.shares", "300"),
        ({"CpuPeriod": 50_000, "CpuQuota": 20_000}, "cpu/cpu.cfs_quota_us", "20000"),
        ({"NanoCpus": 500_000_000}, "cpu/cpu.cfs_quota_us", "50000"),
        ({"CpusetCpus": "0"}, "cpuset/cpuset.cpus", "0"),
        ({"CpusetMems": "0"}, "cpuset/cpuset.mems", "0"),
        ({"Memory": 32 << 20}, "memory/memory.limit_in_bytes", str(32 << 20)),
        ({"MemoryReservation": 16 << 20}, "memory/memory.soft_limit_in_bytes", str(16 << 20)),
        ({"PidsLimit": 44}, "pids/pids.max", "44"),
        ({"PidsLimit": -1}, "pids/pids.max", "max"),
        ({"BlkioWeight": 300}, "blkio/blkio.bfq.weight", "300"),
    ],
)
def test_each_limit_reaches_the_kernel(engine: Daemon, body: dict[str, object], file: str, text: str) -> None:
    host = {"PidsLimit": 10}
    container = engine.json(
        "POST", "/containers/create", {"Image": "busybox", "Cmd": ["sleep", "600"], "HostConfig": host}
    )["Id"]
    try:
        engine.json("POST", f"/containers/{container}/start")
        assert engine.json("POST", f"/containers/{container}/update", body) == {"Warnings": []}
        pid = engine.json("GET", f"/containers/{container}/json")["State"]["Pid"]
        controller, _, name = file.partition("/")
        groups = (line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines())
        path = next(path for _, controllers, path in groups if controller in controllers.split(","))
        assert Path(f"{_GROUP}/{controller}{path}/{name}").read_text().strip() == text
    finally:
        engine.api("DELETE", f"/containers/{container}?force=1")


def test_what_an_update_cannot_change_is_told_by_name(engine: Daemon) -> None:
    container = engine.json("POST", "/containers/create", {"Image": "busybox", "Cmd": ["true"]})["Id"]
    try:
        body = {"OomKillDisable": True, "Ulimits": [], "KernelMemory": 1 << 20, "Odd": 1}
        warnings = engine.json("POST", f"/containers/{container}/update", body)["Warnings"]
        assert [warning.split()[0].rstrip(":") for warning in warnings] == [
            "UpdateConfig.Odd",
            "KernelMemory",
            "OomKillDisable",
        ]
    finally:
        engine.api("DELETE", f"/containers/{container}")


def test_prune_takes_what_does_not_run_and_matches(docker: DockerCli) -> None:
    docker.ok("run", "--name", "big", "busybox", "sh", "-c", "head -c 100000 /dev/zero > /x")
    docker.ok("run", "--name", "kept", "-l", "keep=yes", "busybox", "true")
    docker.ok("run", "-d", "--name", "runs", "busybox", "sleep", "600")
    assert "0B" in docker.ok("container", "prune", "-f", "--filter", "until=1h")
    assert "100kB" in docker.ok("container", "prune", "-f", "--filter", "label!=keep")
    assert set(docker.ok("ps", "-a", "--format", "{{.Names}}").split()) == {"kept", "runs"}
    assert "invalid filter 'odd'" in docker("container", "prune", "-f", "--filter", "odd=1").err


def test_system_df_counts_what_containers_and_volumes_hold(docker: DockerCli, engine: Daemon) -> None:
    command = "head -c 100000 /dev/zero > /x; head -c 8192 /dev/zero > /v/y"
    docker.ok("run", "--name", "box", "-v", "holding:/v", "busybox", "sh", "-c", command)
    usage = engine.json("GET", "/system/df")
    box = next(one for one in usage["Containers"] if one["Names"] == ["/box"])
    assert box["SizeRw"] == 100_000
    assert box["SizeRootFs"] == 100_000 + usage["Images"][0]["Size"]
    volume = next(one for one in usage["Volumes"] if one["Name"] == "holding")
    assert volume["UsageData"] == {"Size": 8192, "RefCount": 1}
    assert set(engine.json("GET", "/system/df?type=volume")) <= {"Volumes", "BuilderSize"}
    docker.ok("rm", "box")
    docker.ok("volume", "rm", "holding")


def test_health_goes_from_starting_to_healthy_to_unhealthy(docker: DockerCli) -> None:
    check = ["--health-cmd", "test -e /ok", "--health-interval", "100ms", "--health-retries", "2"]
    box = docker.ok("run", "-d", *check, "busybox", "sleep", "600")
    _wait_for(docker, box, "unhealthy")
    docker.ok("exec", box, "touch", "/ok")
    _wait_for(docker, box, "healthy")
    docker.ok("exec", box, "rm", "/ok")
    _wait_for(docker, box, "unhealthy")
    actions = docker.ok(
        *("events", "--since", "2m", "--until", str(time.time()), "-f", f"container={box}"), "--format", "{{.Action}}"
    )
    changes = [line.partition(": ")[2] for line in actions.splitlines() if line.startswith("health_status")]
    assert changes == ["unhealthy", "healthy", "unhealthy"]
    state = json.loads(docker.ok("inspect", box))[0]["State"]["Health"]
    assert len(state["Log"]) <= 5
    assert state["FailingStreak"] >= 2


def test_a_health_check_that_takes_too_long_is_ended_and_says_so(docker: DockerCli) -> None:
    check = [
        "--health-cmd",
        "sleep 9",
        "--health-interval",
        "100ms",
        "--health-timeout",
        "300ms",
        "--health-retries",
        "1",
    ]
    box = docker.ok("run", "-d", *check, "busybox", "sleep", "600")
    _wait_for(docker, box, "unhealthy")
    result = json.loads(docker.ok("inspect", box))[0]["State"]["Health"]["Log"][0]
    assert (result["ExitCode"], result["Output"]) == (-1, "Health check exceeded timeout (300ms)")


def test_on_failure_gives_up_after_its_count(docker: DockerCli) -> None:
    docker.ok("run", "-d", "--name", "box", "--restart", "on-failure:2", "busybox", "sh", "-c", "exit 7")
    deadline = time.monotonic() + 90
    while docker.ok("inspect", "-f", "{{.State.Status}}", "box") != "exited":
        assert time.monotonic() < deadline
    assert docker.ok("inspect", "-f", "{{.RestartCount}} {{.State.ExitCode}}", "box") == "2 7"


def _wait_for(docker: DockerCli, container: str, status: str) -> None:
    deadline = time.monotonic() + 90
    while (seen := docker.ok("inspect", "-f", "{{.State.Health.Status}}", container)) != status:
        assert time.monotonic() < deadline, f"{seen}, not {status}"
