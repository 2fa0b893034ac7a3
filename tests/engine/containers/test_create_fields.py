"""Every field of a create request: it has an effect in the container, is kept for clients, warned of, or refused.

The table must name each field that the engine knows, so that none can be added without saying what becomes of it.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.containers import fields
from engine.containers.fields import check_fields
from engine.errors import InvalidArgument
from tests.daemons import Daemon, remove_cgroups

_HOUR_NS = 3600 * 10**9


@dataclass(frozen=True)
class Seen:
    """In a container with this value `command` prints `output`."""

    value: Any
    command: str
    output: str
    config: Mapping[str, Any] = ()  # type: ignore[assignment]
    host: Mapping[str, Any] = ()  # type: ignore[assignment]


@dataclass(frozen=True)
class Kept:
    """For clients only, or covered by a test of its own: inspect shows it again."""

    value: Any


@dataclass(frozen=True)
class Warned:
    value: Any
    words: str


@dataclass(frozen=True)
class Refused:
    value: Any
    words: str


Outcome = Seen | Kept | Warned | Refused

_CGROUP = "cat /sys/fs/cgroup"
_BPS = [{"Path": "/dev/nothing", "Rate": 1}]

CONFIG: dict[str, Outcome] = {
    "Hostname": Seen("boat", "hostname", "boat"),
    "Domainname": Seen("sea.test", "cat /proc/sys/kernel/domainname", "sea.test"),
    "User": Seen("33:50", "id -u; id -g", "33\n50"),
    "AttachStdin": Kept(value=True),
    "AttachStdout": Kept(value=True),
    "AttachStderr": Kept(value=True),
    "ExposedPorts": Kept({"80/tcp": {}}),
    "Tty": Seen(value=True, command="tty", output="/dev/pts/0"),
    "OpenStdin": Kept(value=True),
    "StdinOnce": Kept(value=True),
    "Env": Seen(["A=b c"], "echo $A", "b c"),
    "Cmd": Seen(["sh", "-c", "echo cmd"], "echo cmd", "cmd"),
    "Healthcheck": Kept({"Test": ["CMD", "true"], "Interval": _HOUR_NS}),
    "ArgsEscaped": Kept(value=True),
    "Image": Kept("busybox"),
    "Volumes": Seen({"/vol": {}}, "grep -c ' /vol ' /proc/mounts", "1"),
    "WorkingDir": Seen("/var", "pwd", "/var"),
    "Entrypoint": Seen(["echo", "entry"], "", "entry sh -c "),
    "NetworkDisabled": Seen(value=True, command="ls /sys/class/net", output="lo"),
    "MacAddress": Warned("02:42:ac:11:00:99", "MacAddress field is now deprecated"),
    "OnBuild": Kept(["RUN true"]),
    "Labels": Kept({"a": "b"}),
    "StopSignal": Kept("SIGINT"),
    "StopTimeout": Kept(3),
    "Shell": Kept(["/bin/ash", "-c"]),
    "HostConfig": Seen({"ReadonlyRootfs": True}, "touch /x 2>/dev/null || echo no", "no"),
    "NetworkingConfig": Kept({"EndpointsConfig": {"bridge": {"Aliases": ["a"]}}}),
}
HOST_CONFIG: dict[str, Outcome] = {
    "CpuShares": Seen(512, f"{_CGROUP}/cpu/cpu.shares", "512"),
    "Memory": Seen(64 << 20, f"{_CGROUP}/memory/memory.limit_in_bytes", str(64 << 20)),
    "CgroupParent": Seen("/qs-audit", "grep -c qs-audit /proc/1/cgroup | grep -v ^0 >/dev/null && echo yes", "yes"),
    "BlkioWeight": Seen(300, f"{_CGROUP}/blkio/blkio.bfq.weight", "300"),
    "BlkioWeightDevice": Warned([{"Path": "/dev/null", "Weight": 100}], "Weight-device discarded"),
    "BlkioDeviceReadBps": Refused(_BPS, "no such file"),
    "BlkioDeviceWriteBps": Refused(_BPS, "no such file"),
    "BlkioDeviceReadIOps": Refused(_BPS, "no such file"),
    "BlkioDeviceWriteIOps": Refused(_BPS, "no such file"),
    "CpuPeriod": Seen(50_000, f"{_CGROUP}/cpu/cpu.cfs_period_us", "50000"),
    "CpuQuota": Seen(20_000, f"{_CGROUP}/cpu/cpu.cfs_quota_us", "20000"),
    "CpuRealtimePeriod": Kept(1_000_000),
    "CpuRealtimeRuntime": Refused(1_000, "real-time"),
    "CpusetCpus": Seen("0", f"{_CGROUP}/cpuset/cpuset.cpus", "0"),
    "CpusetMems": Seen("0", f"{_CGROUP}/cpuset/cpuset.mems", "0"),
    "KernelMemory": Warned(1 << 20, "KernelMemory"),
    "KernelMemoryTCP": Warned(1 << 20, "KernelMemoryTCP"),
    "MemoryReservation": Seen(32 << 20, f"{_CGROUP}/memory/memory.soft_limit_in_bytes", str(32 << 20)),
    "MemorySwap": Refused(32 << 20, "set the Memory limit when using Memoryswap"),
    "MemorySwappiness": Seen(7, f"{_CGROUP}/memory/memory.swappiness", "7"),
    "NanoCpus": Seen(500_000_000, f"{_CGROUP}/cpu/cpu.cfs_quota_us", "50000"),
    "OomKillDisable": Warned(value=True, words="no memory limit is set"),
    "Init": Seen(value=True, command="cat /proc/1/comm", output="docker-init"),
    "PidsLimit": Seen(17, f"{_CGROUP}/pids/pids.max", "17"),
    "Ulimits": Seen([{"Name": "nofile", "Soft": 77, "Hard": 99}], "ulimit -n; ulimit -Hn", "77\n99"),
    "CpuCount": Warned(1, "Windows"),
    "CpuPercent": Warned(1, "Windows"),
    "IOMaximumIOps": Warned(1, "Windows"),
    "IOMaximumBandwidth": Warned(1, "Windows"),
    "Devices": Seen([{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/mine"}], "ls /dev/mine", "/dev/mine"),
    "DeviceCgroupRules": Kept(["c 10:229 rwm"]),
    "DeviceRequests": Refused([{"Driver": "nvidia", "Count": -1}], 'could not select device driver "nvidia"'),
    "Binds": Seen(["/etc:/bound:ro"], "touch /bound/x 2>/dev/null || echo no", "no"),
    "ContainerIDFile": Kept("/tmp/cid"),
    "LogConfig": Refused({"Type": "splunk"}, "splunk"),
    "NetworkMode": Seen("none", "ls /sys/class/net", "lo"),
    "PortBindings": Kept({"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}),
    "RestartPolicy": Kept({"Name": "on-failure", "MaximumRetryCount": 2}),
    "AutoRemove": Kept(value=True),
    "VolumeDriver": Kept("local"),
    "VolumesFrom": Refused(["nobody"], "No such container: nobody"),
    "Mounts": Seen([{"Type": "tmpfs", "Target": "/m"}], "grep -c ' /m tmpfs' /proc/mounts", "1"),
    "ConsoleSize": Seen([33, 99], "stty size", "33 99", config={"Tty": True}),
    "Annotations": Kept({"a": "b"}),
    "CapAdd": Seen(["NET_ADMIN"], "ip link add name d type veth && echo yes", "yes"),
    "CapDrop": Seen(["CHOWN"], "chown 1 /tmp 2>/dev/null || echo no", "no"),
    "CgroupnsMode": Seen("host", "readlink /proc/1/ns/cgroup | cut -c1-6", "cgroup"),
    "Dns": Seen(["192.0.2.1"], "grep -c 192.0.2.1 /etc/resolv.conf", "1"),
    "DnsOptions": Seen(["ndots:3"], "grep -c ndots:3 /etc/resolv.conf", "1"),
    "DnsSearch": Seen(["sea.test"], "grep search /etc/resolv.conf", "search sea.test"),
    "ExtraHosts": Seen(["buoy:192.0.2.9"], "grep -c '192.0.2.9.*buoy' /etc/hosts", "1"),
    "GroupAdd": Seen(["4321"], "id -G | grep -c 4321", "1"),
    "IpcMode": Seen("none", "ls /dev/shm 2>/dev/null | wc -l", "0"),
    "Cgroup": Refused("container:x", "invalid cgroup"),
    "Links": Kept(["other:o"]),
    "OomScoreAdj": Seen(321, "cat /proc/1/oom_score_adj", "321"),
    "PidMode": Seen("host", "test $$ -gt 20 && echo yes", "yes"),
    "Privileged": Kept(value=True),
    "PublishAllPorts": Kept(value=True),
    "ReadonlyRootfs": Seen(value=True, command="touch /x 2>/dev/null || echo no", output="no"),
    "SecurityOpt": Seen(["no-new-privileges"], "grep NoNewPrivs /proc/self/status | cut -f2", "1"),
    "StorageOpt": Refused({"size": "1g"}, "storage-opt size is not supported"),
    "Tmpfs": Seen({"/t": "size=1m"}, "grep ' /t ' /proc/mounts | grep -c size=1024k", "1"),
    "UTSMode": Refused("nonsense", "invalid UTS mode"),
    "UsernsMode": Refused("other", "invalid user namespace mode"),
    "ShmSize": Seen(1 << 20, "grep /dev/shm /proc/mounts | grep -c size=1024k", "1"),
    "Sysctls": Seen({"net.ipv4.ip_forward": "0"}, "cat /proc/sys/net/ipv4/ip_forward", "0"),
    "Runtime": Refused("nonsense", "unknown or invalid runtime name"),
    "Isolation": Refused("hyperv", "invalid isolation"),
    "MaskedPaths": Seen([], "grep -c ' /proc/kcore ' /proc/mounts", "0"),
    "ReadonlyPaths": Seen([], "grep -c ' /proc/sys ' /proc/mounts", "0"),
}
MOUNT_OPTIONS: dict[str, Outcome] = {
    "BindOptions.Propagation": Refused({"Type": "bind", "Propagation": "odd"}, "invalid propagation mode"),
    "BindOptions.NonRecursive": Seen({"Type": "bind", "NonRecursive": True}, "ls /m | head -1", "marker"),
    "BindOptions.CreateMountpoint": Seen({"Type": "bind", "CreateMountpoint": True}, "ls -d /m", "/m"),
    "BindOptions.ReadOnlyNonRecursive": Seen(
        {"Type": "bind", "ReadOnly": True, "ReadOnlyNonRecursive": True}, "touch /m/x 2>/dev/null || echo no", "no"
    ),
    "BindOptions.ReadOnlyForceRecursive": Refused(
        {"Type": "bind", "ReadOnlyForceRecursive": True}, "mount is not read-only"
    ),
    "VolumeOptions.NoCopy": Seen({"Type": "volume", "NoCopy": True, "Target": "/www"}, "ls /www | wc -l", "0"),
    "VolumeOptions.Labels": Kept({"Type": "volume", "Labels": {"a": "b"}}),
    "VolumeOptions.DriverConfig": Seen(
        {
            "Type": "volume",
            "DriverConfig": {"Name": "local", "Options": {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}},
        },
        "grep ' /m ' /proc/mounts | grep -c size=1024k",
        "1",
    ),
    "VolumeOptions.Subpath": Refused({"Type": "volume", "Subpath": "not/there"}, "not/there"),
    "ImageOptions.Subpath": Seen({"Type": "image", "Source": "busybox", "Subpath": "bin"}, "ls /m/sh", "/m/sh"),
    "TmpfsOptions.SizeBytes": Seen(
        {"Type": "tmpfs", "SizeBytes": 1 << 20}, "grep ' /m ' /proc/mounts | grep -c size=1024k", "1"
    ),
    "TmpfsOptions.Mode": Seen({"Type": "tmpfs", "Mode": 0o700}, "stat -c %a /m", "700"),
    "TmpfsOptions.Options": Seen(
        {"Type": "tmpfs", "Options": [["exec"], ["nr_inodes", "99"]]},
        "grep ' /m ' /proc/mounts | grep -c inodes=99",
        "1",
    ),
}


@pytest.fixture(autouse=True, scope="module")
def _no_group_stays() -> Iterator[None]:
    """A parent that was asked for is its owner's: no engine removes it with its containers."""
    yield
    remove_cgroups("qs-audit")


def test_the_table_has_every_field() -> None:
    assert set(CONFIG) == set(fields.CONFIG)
    assert set(HOST_CONFIG) == set(fields.HOST_CONFIG)
    assert set(MOUNT_OPTIONS) == {f"{kind}.{name}" for kind, names in fields.MOUNT_OPTIONS.items() for name in names}


@pytest.mark.real
@pytest.mark.parametrize("name", sorted(CONFIG))
def test_a_field_of_config_is_not_passed_over_in_silence(engine: Daemon, name: str) -> None:
    outcome = CONFIG[name]
    _check(engine, outcome, config={name: outcome.value}, shown=("Config", name))


@pytest.mark.real
@pytest.mark.parametrize("name", sorted(HOST_CONFIG))
def test_a_field_of_host_config_is_not_passed_over_in_silence(engine: Daemon, name: str) -> None:
    outcome = HOST_CONFIG[name]
    _check(engine, outcome, host={name: outcome.value}, shown=("HostConfig", name))


@pytest.mark.real
@pytest.mark.parametrize("name", sorted(MOUNT_OPTIONS))
def test_an_option_of_a_mount_is_not_passed_over_in_silence(engine: Daemon, name: str) -> None:
    outcome, (kind, option) = MOUNT_OPTIONS[name], name.split(".")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "marker").touch()
        given = dict(outcome.value)
        mount = {
            "Target": "/m",
            **{key: given.pop(key) for key in ("Type", "Source", "Target", "ReadOnly") if key in given},
        }
        if mount["Type"] == "bind":
            mount["Source"] = folder
        if isinstance(outcome, Kept):
            outcome = Kept([{**mount, kind: given}])
        _check(engine, outcome, host={"Mounts": [{**mount, kind: given}]}, shown=("HostConfig", "Mounts"))
        assert option in given


@pytest.mark.real
def test_the_labels_of_a_volume_that_is_made_on_the_way_are_its_own(engine: Daemon) -> None:
    mount = {"Type": "volume", "Source": "labelled", "Target": "/m", "VolumeOptions": {"Labels": {"a": "b"}}}
    body = {"Image": "busybox", "HostConfig": {"Mounts": [mount]}}
    container = engine.json("POST", "/containers/create", body)["Id"]
    assert engine.json("GET", "/volumes/labelled")["Labels"] == {"a": "b"}
    engine.api("DELETE", f"/containers/{container}")
    engine.api("DELETE", "/volumes/labelled")


def test_an_unknown_field_is_told_and_zero_values_of_old_clients_are_not() -> None:
    assert check_fields({"Image": "x", "HostConfig": {"KernelMemory": 0, "Gone": 0, "Odd": 1}}) == [
        "HostConfig.Odd is not a field of API 1.51 and is ignored"
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"Cmd": 3},
        {"Env": "A=b"},
        {"Tty": "yes"},
        {"Labels": {"a": 1}},
        {"HostConfig": {"Memory": "1g"}},
        {"HostConfig": {"Memory": True}},
        {"HostConfig": {"Binds": "/a:/b"}},
        {"HostConfig": {"PortBindings": {"80/tcp": {"HostPort": "1"}}}},
        {"HostConfig": {"Mounts": [{"Target": 1}]}},
        {"NetworkingConfig": {"EndpointsConfig": {"n": {"Aliases": "a"}}}},
        {"HostConfig": 1},
    ],
)
def test_a_value_of_another_kind_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="cannot unmarshal"):
        check_fields(body)


def _check(
    engine: Daemon,
    outcome: Outcome,
    *,
    config: Mapping[str, Any] = (),  # type: ignore[assignment]
    host: Mapping[str, Any] = (),  # type: ignore[assignment]
    shown: tuple[str, str],
) -> None:
    if not isinstance(outcome, Seen):
        body = {"Image": "busybox", "Cmd": ["true"], "HostConfig": dict(host), **dict(config)}
        _check_answer(engine, outcome, body, shown)
        return
    settings = {**dict(host), **dict(outcome.host)}
    body = {"Image": "busybox", "Cmd": ["sh", "-c", outcome.command], "HostConfig": settings}
    assert _run(engine, {**body, **dict(outcome.config), **dict(config)}) == outcome.output


def _check_answer(engine: Daemon, outcome: Outcome, body: dict[str, Any], shown: tuple[str, str]) -> None:
    status, answer = engine.api("POST", "/containers/create", body)
    text = answer.decode()
    if status == 201:
        created = engine.json("GET", f"/containers/{_id(text)}/json")
        start = engine.api("POST", f"/containers/{_id(text)}/start") if isinstance(outcome, Refused) else (204, b"")
        engine.api("DELETE", f"/containers/{_id(text)}?force=1&v=1")
        if start[0] >= 400:  # some things are found out at the start only
            status, text = start[0], start[1].decode()
    match outcome:
        case Refused():
            assert status in {400, 404}, text
            assert outcome.words in text.replace('\\"', '"')
        case Warned():
            assert status == 201, text
            assert outcome.words in text
        case Kept():
            assert status == 201, text
            part = created[shown[0]].get(shown[1]) if shown[1] in created[shown[0]] else created["NetworkSettings"]
            assert shown[1] == "NetworkingConfig" or part == outcome.value


def _id(answer: str) -> str:
    return answer.partition('"Id":"')[2].partition('"')[0]


def _run(engine: Daemon, body: dict[str, Any]) -> str:
    """The output of a container that runs to its end."""
    container = engine.json("POST", "/containers/create", body)["Id"]
    try:
        engine.json("POST", f"/containers/{container}/start")
        engine.json("POST", f"/containers/{container}/wait")
        _, data = engine.api("GET", f"/containers/{container}/logs?stdout=1&stderr=1")
        return _plain(data).decode().replace("\r\n", "\n").rstrip("\n")
    finally:
        engine.api("DELETE", f"/containers/{container}?force=1&v=1")


def _plain(data: bytes) -> bytes:
    """Without the frames, where there are any."""
    found = b""
    while data[:1] in (b"\x01", b"\x02"):
        length = int.from_bytes(data[4:8], "big")
        found, data = found + data[8 : 8 + length], data[8 + length :]
    return found or data
