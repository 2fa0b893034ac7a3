"""On real engines: an edit that changes nothing makes a container with the same inspection, ids and times aside."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemons import Daemon
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
        "harbour": {"Aliases": ["web", "www"], "IPAMConfig": {"IPv4Address": "10.213.7.9"}}}}},
    "no-network": {**SLEEP, "HostConfig": {"NetworkMode": "none"}},
    "host-network": {**SLEEP, "HostConfig": {"NetworkMode": "host"}},
}  # fmt: skip


@pytest.fixture(params=["engine", pytest.param("dockerd", marks=pytest.mark.peer)])
def daemon(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """An engine with two networks of its own, and afterwards with nothing in it."""
    found: Daemon = request.getfixturevalue(request.param)
    for name, subnet in (("harbour", "10.213.7.0/24"), ("quay", "10.213.8.0/24")):
        found.json("POST", "/networks/create", {"Name": name, "IPAM": {"Config": [{"Subnet": subnet}]}})
    yield found
    found.remove_all_containers()
    for name in ("harbour", "quay"):
        found.json("DELETE", f"/networks/{name}")
    for name in ("heirloom", "named"):
        found.api("DELETE", f"/volumes/{name}?force=1")


@pytest.fixture
def host(daemon: Daemon) -> Host:
    return Host.objects.create(slug="yard", name="Yard", url=daemon.url)


def seen(daemon: Daemon, container: str) -> dict[str, Any]:
    """An inspection without what an engine gives to each container anew."""
    found = daemon.json("GET", f"/containers/{container}/json")
    config, given = found["Config"], {found["Id"][:12], found["Name"].lstrip("/")}
    if config.get("Hostname") in given:
        config["Hostname"] = ""
    # A volume without a name goes on under the one that it was given, which is a bind for the new one.
    binds = [bind for bind in found["HostConfig"].get("Binds") or [] if not re.match(r"[0-9a-f]{64}:", bind)]
    for mount in found["HostConfig"].get("Mounts") or []:
        if re.fullmatch(r"[0-9a-f]{64}", mount.get("Source", "")):
            del mount["Source"]
    networks = {
        name: {"Aliases": sorted(set(one.get("Aliases") or []) - given), "IPAMConfig": one.get("IPAMConfig") or {},
               "DriverOpts": one.get("DriverOpts") or {}}
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


def test_an_edit_that_changes_nothing_makes_the_same_container(
    daemon: Daemon, host: Host, olga: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(job_tasks.carry_out, "delay", lambda _id: None)
    for name, body in CORPUS.items():
        # dockerd fills in what it assumes only where there is a HostConfig to fill.
        status, reply = daemon.api("POST", f"/containers/create?name={name}", {"HostConfig": {}, **body})
        assert status == 201, (name, reply)
        old_id = str(json.loads(reply)["Id"])
        if name == "networks":
            daemon.json(
                "POST", "/networks/quay/connect", {"Container": old_id, "EndpointConfig": {"Aliases": ["also"]}}
            )
        before = seen(daemon, old_id)
        found = daemon.json("GET", f"/containers/{old_id}/json")
        recipe = recipe_of(found, daemon.json("GET", f"/images/{found['Image']}/json"))
        edited = sent_as_it_came(recipe).request()
        job = start(actor_of(olga), host, "container.recreate", params_for(old_id, name, recipe=edited))
        job_tasks.carry_out(str(job.pk))
        job.refresh_from_db()
        assert job.state == JobState.DONE, (name, job.error)
        assert daemon.json("GET", f"/containers/{name}/json")["Id"] != old_id
        after = seen(daemon, name)
        for part in before:
            assert _differing(before[part], after[part]) == {}, (name, part)
