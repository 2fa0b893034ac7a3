"""Small things in which an engine gives itself away: seen side by side with dockerd."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import DockerCli
from tests.daemons import Daemon

pytestmark = pytest.mark.real


@pytest.fixture
def cli(engine: Daemon, tmp_path_factory: pytest.TempPathFactory) -> DockerCli:
    return DockerCli("docker", engine, tmp_path_factory.mktemp("config"))


def test_programs_find_the_file_by_which_they_know_a_container(cli: DockerCli) -> None:
    try:
        assert cli.ok("run", "--name", "marked", "busybox", "ls", "-a", "/").split().count(".dockerenv") == 1
        assert cli.ok("diff", "marked") == ""
    finally:
        cli.ok("rm", "-f", "marked")


def test_the_primary_group_is_among_the_groups(cli: DockerCli) -> None:
    assert cli.ok("run", "--rm", "-u", "5:6", "--group-add", "7", "busybox", "id", "-G") == "6 7"


def test_the_ipc_namespace_of_the_host_can_be_shared(cli: DockerCli) -> None:
    own = str(Path("/proc/self/ns/ipc").readlink())
    assert cli.ok("run", "--rm", "--ipc", "host", "busybox", "readlink", "/proc/self/ns/ipc") == own
    assert cli.ok("run", "--rm", "busybox", "readlink", "/proc/self/ns/ipc") != own


def test_who_joins_a_network_has_the_name_of_its_owner(cli: DockerCli) -> None:
    try:
        cli.ok("run", "-d", "--name", "owner", "--hostname", "lighthouse", "busybox", "sleep", "600")
        assert cli.ok("run", "--rm", "--network", "container:owner", "busybox", "hostname") == "lighthouse"
    finally:
        cli.ok("rm", "-f", "owner")


def test_a_place_that_is_not_said_is_shown_empty(engine: Daemon) -> None:
    host = {"PortBindings": {"80/tcp": [{"HostPort": "0"}], "81/tcp": [{}]}}
    container = engine.json("POST", "/containers/create", {"Image": "busybox", "HostConfig": host})["Id"]
    try:
        shown = engine.json("GET", f"/containers/{container}/json")["HostConfig"]["PortBindings"]
        empty = {"HostIp": "", "HostPort": ""}
        assert shown == {"80/tcp": [{"HostIp": "", "HostPort": "0"}], "81/tcp": [empty]}
    finally:
        engine.api("DELETE", f"/containers/{container}")


def test_packets_leave_by_the_network_of_the_highest_priority(cli: DockerCli) -> None:
    route = ("exec", "boat", "sh", "-c", "ip route | grep default | cut -d' ' -f5")
    try:
        for name in ("low", "high"):
            cli.ok("network", "create", name)
        _run(cli, "boat", ExposedPorts={"80/tcp": {}}, HostConfig={
            "NetworkMode": "low", "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]},
        }, NetworkingConfig={"EndpointsConfig": {"low": {}, "high": {"GwPriority": 7}}})  # fmt: skip
        assert cli.ok(*route) == "eth1"
        assert cli.ok("inspect", "-f", "{{.NetworkSettings.Networks.high.GwPriority}}", "boat") == "7"
        asked = {"Container": "boat", "EndpointConfig": {"GwPriority": 9}}
        cli.daemon.json("POST", "/networks/bridge/connect", asked)
        assert cli.ok(*route) == "eth2"
        cli.ok("network", "disconnect", "bridge", "boat")
        assert cli.ok(*route) == "eth1"
    finally:
        cli("rm", "-f", "boat")
        cli("network", "rm", "low", "high")


def _run(cli: DockerCli, name: str, **body: Any) -> None:
    """By the API: what is asked for here is newer than Debian's docker CLI."""
    cli.daemon.json("POST", f"/containers/create?name={name}", {"Image": "busybox", "Cmd": ["sleep", "600"], **body})
    cli.ok("start", name)


def test_statistics_have_every_key_of_dockerds(engine: Daemon) -> None:
    container = engine.json("POST", "/containers/create", {"Image": "busybox", "Cmd": ["sleep", "600"]})["Id"]
    try:
        engine.json("POST", f"/containers/{container}/start")
        stats = engine.json("GET", f"/containers/{container}/stats?stream=0")
    finally:
        engine.api("DELETE", f"/containers/{container}?force=1")
    assert set(stats) >= {
        "read", "preread", "pids_stats", "blkio_stats", "num_procs", "storage_stats", "cpu_stats", "precpu_stats",
        "memory_stats", "name", "id", "networks",
    }  # fmt: skip
    usage = {"total_usage", "usage_in_kernelmode", "usage_in_usermode"}
    for cpu in (stats["cpu_stats"], stats["precpu_stats"]):
        assert set(cpu) >= {"cpu_usage", "system_cpu_usage", "online_cpus", "throttling_data"}
        assert set(cpu["cpu_usage"]) >= usage
    assert set(stats["networks"]["eth0"]) == {
        f"{way}_{what}" for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped")
    }
    assert set(stats["memory_stats"]) >= {"usage", "limit", "stats"}
    assert json.dumps(stats["blkio_stats"]).count("recursive") == 8


def test_while_it_starts_health_is_asked_for_at_an_interval_of_its_own(cli: DockerCli) -> None:
    hour_ns = 3600 * 10**9
    check = {"Test": ["CMD-SHELL", "test -e /up"], "Interval": hour_ns, "StartPeriod": hour_ns, "StartInterval": 10**8}
    try:
        _run(cli, "slow", Healthcheck=check)
        assert cli.ok("inspect", "-f", "{{.State.Health.Status}}", "slow") == "starting"
        cli.ok("exec", "slow", "touch", "/up")
        deadline = time.monotonic() + 90
        while cli.ok("inspect", "-f", "{{.State.Health.Status}}", "slow") != "healthy":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        cli.ok("rm", "-f", "slow")
