"""On real engines: an edit that changes nothing makes a container with the same inspection, ids and times aside."""

import json
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemons import Daemon
from tests.podman import running_podman
from tests.webui.containers.test_lossless_form import sent_as_it_came
from webui.accounts.models import User
from webui.containers.jobs import params_for
from webui.containers.recreation import recipe_of
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.jobs import start
from webui.jobs import tasks as job_tasks
from webui.jobs.models import JobState

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]

SLEEP = {"Image": "busybox:latest", "Cmd": ["sleep", "600"]}
CORPUS: dict[str, dict[str, Any]] = {
    "bare": {"Image": "busybox:latest"},
    "process": {**SLEEP, "Entrypoint": ["env", "-i"], "User": "33:33", "WorkingDir": "/tmp", "Tty": True,
                "OpenStdin": True, "StopSignal": "SIGINT", "StopTimeout": 0, "Hostname": "web", "Domainname": "x.org",
                "AttachStdout": True, "StdinOnce": True, "HostConfig": {"Init": True, "GroupAdd": ["5"]}},
    "words": {**SLEEP, "Env": ["A=1\n2", "B= c ", "C="], "Labels": {"a": "1\n2", "b": "", "": "x"}},
    "health": {**SLEEP, "Healthcheck": {"Test": ["CMD", "true", "a b"], "Interval": 10**10, "Timeout": 2 * 10**9,
                                        "StartPeriod": 10**9, "Retries": 5}},
    "no-health": {**SLEEP, "Healthcheck": {"Test": ["NONE"]}},
    "ports": {**SLEEP, "ExposedPorts": {"7/udp": {}, "80/tcp": {}}, "HostConfig": {
        "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18099"}, {"HostIp": "", "HostPort": ""}]},
        "PublishAllPorts": True}},
    "storage": {**SLEEP, "Volumes": {"/cache": {}}, "HostConfig": {
        "Binds": ["heirloom:/data", "/tmp:/host:ro,rslave"], "Tmpfs": {"/run": "size=1m", "/t": ""},
        "Mounts": [{"Type": "volume", "Source": "named", "Target": "/named", "VolumeOptions": {"NoCopy": True}},
                   {"Type": "volume", "Target": "/nameless"},
                   {"Type": "tmpfs", "Target": "/mem", "TmpfsOptions": {"SizeBytes": 1 << 20, "Mode": 448}}],
        "ShmSize": 1 << 20, "ReadonlyRootfs": True}},
    "limits": {**SLEEP, "HostConfig": {
        "Memory": 64 << 20, "MemoryReservation": 32 << 20, "NanoCpus": 500_000_000, "CpuShares": 100,
        "PidsLimit": 50, "Ulimits": [{"Name": "nofile", "Soft": 100, "Hard": 200}], "OomScoreAdj": 100,
        "CpusetCpus": "0", "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}},
    "always": {**SLEEP, "HostConfig": {"RestartPolicy": {"Name": "always"}}},
    "swap": {**SLEEP, "HostConfig": {"Memory": 64 << 20, "MemorySwap": -1, "MemorySwappiness": 0}},
    "security": {**SLEEP, "HostConfig": {
        "CapAdd": ["NET_ADMIN"], "CapDrop": ["CHOWN"], "SecurityOpt": ["no-new-privileges"], "IpcMode": "host",
        "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/zilch", "CgroupPermissions": "r"}],
        "DeviceCgroupRules": ["c 1:3 rwm"], "MaskedPaths": [], "ReadonlyPaths": [], "PidMode": "host",
        "Sysctls": {"net.ipv4.ip_forward": "1"}, "Annotations": {"a": "b"}}},
    "logging": {**SLEEP, "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "tag": "a,b"}},
                                        "AutoRemove": False, "ExtraHosts": ["db:10.0.0.5"], "Dns": ["1.1.1.1"],
                                        "DnsOptions": ["ndots:1"], "DnsSearch": ["x.org"]}},
    "networks": {**SLEEP, "HostConfig": {"NetworkMode": "harbour"}, "NetworkingConfig": {"EndpointsConfig": {
        "harbour": {"Aliases": ["web", "www"], "IPAMConfig": {"IPv4Address": "10.213.7.9"},
                    "MacAddress": "92:d0:c6:0a:29:33"}}}},
    "bridge-and-more": {**SLEEP, "HostConfig": {"NetworkMode": "bridge"}},
    "no-network": {**SLEEP, "HostConfig": {"NetworkMode": "none"}},
    "host-network": {**SLEEP, "HostConfig": {"NetworkMode": "host"}},
}  # fmt: skip


# What `docker run` (28) has flags for, but for those that need a newer API than a host has, or a device of a machine.
EVERY_FLAG = """
    --add-host db:10.0.0.5 --blkio-weight 300 --cap-add NET_ADMIN --cap-drop CHOWN --cgroupns private --cpu-shares 100
    --cpus 0.5 --cpuset-cpus 0 --device-cgroup-rule c\\ 1:3\\ rwm --device-read-bps /dev/null:1mb --dns 1.1.1.1
    --dns-option ndots:1 --dns-search x.org --domainname x.org --entrypoint sleep -e A=1 -e B=two\\ words
    --expose 7/udp --group-add 5 --health-cmd true --health-interval 10s --health-retries 3 --health-start-period 1s
    --health-timeout 2s -h web --init --ip 10.213.7.9 --ipc private --label a=b --log-driver json-file
    --log-opt max-size=1m --memory 64m --memory-reservation 32m --memory-swap 128m
    --mount type=volume,src=named,dst=/named --mount type=tmpfs,dst=/mem,tmpfs-size=1048576 --network harbour
    --network-alias www --oom-score-adj 100 --pids-limit 50 -p 127.0.0.1:18099:80 -p 18100:81/udp --read-only
    --restart on-failure:3 --security-opt no-new-privileges --shm-size 1m --stop-signal SIGINT --stop-timeout 7
    --sysctl net.ipv4.ip_forward=1 --tmpfs /run:size=1m -t -i --ulimit nofile=100:200 -u 33:33 -v heirloom:/data
    -v /tmp:/host:ro -v /nameless --volumes-from donor:ro -w /tmp
"""
# What Podman cannot take: its create knows no label without a name.
_REFUSED = {("podman", "words"): {"Labels": {"a": "1\n2", "b": ""}}}


@pytest.fixture(scope="module")
def podman(busybox_tar: Path) -> Iterator[Daemon]:
    with tempfile.TemporaryDirectory(prefix="podman-") as name, running_podman(Path(name)) as running:
        running.load(busybox_tar)
        yield running


_PEERS = [pytest.param(name, marks=pytest.mark.peer) for name in ("dockerd", "podman")]


@pytest.fixture(params=["engine", *_PEERS])
def daemon(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """An engine with two networks of its own, and afterwards with nothing in it."""
    found: Daemon = request.getfixturevalue(request.param)
    for name, subnet in (("harbour", "10.213.7.0/24"), ("quay", "10.213.8.0/24")):
        found.json("POST", "/networks/create", {"Name": name, "IPAM": {"Config": [{"Subnet": subnet}]}})
    yield found
    found.remove_all_containers()
    for name in ("harbour", "quay"):
        found.json("DELETE", f"/networks/{name}")
    for name in ("heirloom", "named", "donated"):
        found.api("DELETE", f"/volumes/{name}?force=1")


@pytest.fixture
def host(daemon: Daemon) -> Host:
    return Host.objects.create(slug="yard", name="Yard", url=daemon.url)


def seen(daemon: Daemon, container: str) -> dict[str, Any]:
    """An inspection without what an engine gives to each container anew."""
    found = daemon.json("GET", f"/containers/{container}/json")
    config, given = found["Config"], {found["Id"][:12], found["Name"].lstrip("/")}
    if daemon.name == "podman":
        # It adds this variable, some time, and gives variables and ports in an order of the moment.
        config["Env"] = sorted({*config["Env"]} - {f"HOSTNAME={config['Hostname']}"})
        for bindings in found["HostConfig"]["PortBindings"].values():
            (bindings or []).sort(key=str)
    if config.get("Hostname") in given:
        config["Hostname"] = ""
    # A volume without a name goes on under the one that it was given, which is a bind for the new one.
    binds = [bind for bind in found["HostConfig"].get("Binds") or [] if not re.match(r"[0-9a-f]{64}:", bind)]
    for mount in found["HostConfig"].get("Mounts") or []:
        if re.fullmatch(r"[0-9a-f]{64}", mount.get("Source", "")):
            del mount["Source"]
    networks = {
        name: {"Aliases": sorted(set(one.get("Aliases") or []) - given), "IPAMConfig": one.get("IPAMConfig") or {},
               "DriverOpts": one.get("DriverOpts") or {},
               # Podman says it of all, made up or not.
               "MacAddress": "" if daemon.name == "podman" else one.get("MacAddress")}
        for name, one in found["NetworkSettings"]["Networks"].items()
    }  # fmt: skip
    mounts = [{key: value for key, value in mount.items() if key != "Mode"} for mount in found["Mounts"]]
    return {
        "Config": config, "HostConfig": {**found["HostConfig"], "Binds": binds}, "Networks": networks,
        "Mounts": sorted(mounts, key=lambda mount: str(mount["Destination"])), "Path": found["Path"],
        "Args": found["Args"], "Image": found["Image"],
    }  # fmt: skip


def _differing(before: Any, after: Any) -> Any:
    """The fields that differ, each with both of its values."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return {} if before == after else {"": (before, after)}
    names = {*before, *after}
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


@pytest.fixture
def _jobs_run_here(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(job_tasks.carry_out, "delay", lambda _id: None)


@pytest.mark.usefixtures("_jobs_run_here")
def test_an_edit_that_changes_nothing_makes_the_same_container(daemon: Daemon, host: Host, olga: User) -> None:
    for name, wanted in CORPUS.items():
        # dockerd fills in what it assumes only where there is a HostConfig to fill.
        body = {"HostConfig": {}, **wanted, **_REFUSED.get((daemon.name, name), {})}
        status, reply = daemon.api("POST", f"/containers/create?name={name}", body)
        assert status == 201, (name, reply)
        old_id = str(json.loads(reply)["Id"])
        if name in {"networks", "bridge-and-more"}:
            daemon.api("POST", "/networks/quay/connect", {"Container": old_id, "EndpointConfig": {"Aliases": ["also"]}})
        _edit_unchanged(daemon, host, olga, name)


@pytest.mark.usefixtures("_jobs_run_here")
def test_an_edit_keeps_all_that_the_docker_cli_has_flags_for(daemon: Daemon, host: Host, olga: User) -> None:
    if (docker := shutil.which("docker")) is None:
        pytest.skip("there is no docker CLI")
    command = [docker, "-H", daemon.url]
    donor = {**SLEEP, "HostConfig": {"Binds": ["donated:/donated"]}}
    assert daemon.api("POST", "/containers/create?name=donor", donor)[0] == 201
    flags = shlex.split(EVERY_FLAG)
    line = [*command, "create", "--name", "all", *flags, "busybox", "600"]
    made = subprocess.run(line, check=False, capture_output=True)
    assert made.returncode == 0, made.stderr
    _edit_unchanged(daemon, host, olga, "all")


def _edit_unchanged(daemon: Daemon, host: Host, olga: User, name: str) -> None:
    """Edit a container in the form, changing nothing, and compare what the host says of it before and after."""
    before = seen(daemon, name)
    found = daemon.json("GET", f"/containers/{name}/json")
    recipe = recipe_of(found, daemon.json("GET", f"/images/{found['Image']}/json"))
    edited = sent_as_it_came(recipe).request()
    job = start(actor_of(olga), host, "container.recreate", params_for(found["Id"], name, recipe=edited))
    job_tasks.carry_out(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE, (name, job.error)
    assert daemon.json("GET", f"/containers/{name}/json")["Id"] != found["Id"]
    after = seen(daemon, name)
    for part in before:
        assert _differing(before[part], after[part]) == {}, (name, part)
