"""What a standard user may not write into a body, in each disguise; the answer names the field."""

from typing import Any

import pytest

from webui.access import Role
from webui.gate import Actor, Decision, decide
from webui.hosts.models import Host

HOST = Host(slug="local", name="Local", url="unix:///nowhere")
STANDARD = Actor(2, "stan", Role.STANDARD)


def _create(body: dict[str, Any], role: str = Role.STANDARD) -> Decision:
    return decide(Actor(2, "stan", role), HOST, "POST", "/v1.47/containers/create", body={"Image": "busybox", **body})


FORBIDDEN = [
    ("Binds", ["/:/host"]), ("Binds", ["./x:/host"]), ("Binds", ["data:/d:rshared"]), ("Binds", [["/", "/x"]]),
    ("Binds", "/:/host"), ("Mounts", [{"Type": "bind", "Source": "/", "Target": "/h"}]),
    ("Mounts", [{"type": "bind", "Source": "/", "Target": "/h"}]),
    ("Mounts", [{"Type": "volume", "type": "bind", "Source": "/", "Target": "/h"}]),
    ("Mounts", [{"Type": "volume", "\u017fource": "/", "Target": "/h"}]), ("Mounts", [{"Source": "/", "Target": "/h"}]),
    ("Mounts", [{"Type": "volume", "Target": "/h", "VolumeOptions": {"DriverConfig": {
        "Name": "local", "Options": {"type": "none", "o": "bind", "device": "/"}}}}]),
    ("Mounts", [{"Type": "volume", "Target": "/h", "BindOptions": {"Propagation": "rshared"}}]),
    ("Mounts", [{"Type": "image", "Source": "x", "Target": "/h"}]),
    ("Mounts", [{"Type": "tmpfs", "Target": "/h", "TmpfsOptions": {"Options": [["dev"]]}}]),
    ("VolumesFrom", ["web"]), ("VolumeDriver", "nfs"), ("Tmpfs", {"/t": "rw,dev"}), ("Privileged", True),
    ("Privileged", 1), ("privileged", True), ("CapAdd", ["SYS_ADMIN"]),
    ("Devices", [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/sda", "CgroupPermissions": "rwm"}]),
    ("DeviceRequests", [{"Driver": "nvidia", "Count": -1}]), ("DeviceCgroupRules", ["a *:* rwm"]),
    ("NetworkMode", "host"), ("NetworkMode", "container:web"), ("NetworkMode", "ns:/proc/1/ns/net"),
    ("NetworkMode", "0a1b2c3d4e5f"), ("PidMode", "host"), ("PidMode", "container:web"), ("IpcMode", "host"),
    ("IpcMode", "container:web"), ("UTSMode", "host"), ("UsernsMode", "host"), ("CgroupnsMode", "host"),
    ("Cgroup", "container:web"), ("SecurityOpt", ["seccomp=unconfined"]), ("SecurityOpt", ["label:disable"]),
    ("SecurityOpt", ["systempaths=unconfined"]), ("Sysctls", {"kernel.msgmax": "1"}), ("Runtime", "other"),
    ("CgroupParent", "/"), ("Ulimits", [{"Name": "memlock", "Soft": -1, "Hard": -1}]), ("MaskedPaths", []),
    ("ReadonlyPaths", []), ("OomScoreAdj", -1000), ("OomKillDisable", True), ("Links", ["db:db"]),
    ("Annotations", {"run.oci.hooks": "x"}), ("LogConfig", {"Type": "syslog", "Config": {}}), ("Hereafter", "x"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), FORBIDDEN, ids=str)
def test_a_field_that_reaches_the_host_is_refused_by_its_name(field: str, value: object) -> None:
    decision = _create({"HostConfig": {field: value}})
    assert not decision.is_allowed
    assert "hostconfig" in decision.refusal.casefold()
    assert field.casefold() in decision.refusal.casefold()
    assert _create({"ho\u017ftconfig": {field: value}}).refusal
    # Docker up to 20.10 reads them outside of HostConfig too.
    assert not _create({field: value}).is_allowed or value == []


@pytest.mark.parametrize("field", ["HostConfig", "NetworkingConfig", "Volumes"])
def test_what_should_be_an_object_and_is_none_is_refused(field: str) -> None:
    assert not _create({field: ["/:/host"]}).is_allowed


def test_networks_of_the_host_and_binds_among_anonymous_volumes_are_refused() -> None:
    assert not _create({"NetworkingConfig": {"EndpointsConfig": {"host": {}}}}).is_allowed
    assert not _create({"NetworkingConfig": {"EndpointsConfig": {"a": {"DriverOpts": {"x": "y"}}}}}).is_allowed
    assert not _create({"Volumes": {"/etc:/host": {}}}).is_allowed


def test_what_people_need_every_day_goes_through() -> None:
    decision = _create(
        {
            "Cmd": ["sh"], "Env": ["A=b"], "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}}, "Tty": True,
            "HostConfig": {
                "Binds": ["data:/data:ro", "/anonymous"], "Memory": 1 << 26, "NetworkMode": "shop_default",
                "PortBindings": {"80/tcp": [{"HostPort": "8080"}]}, "RestartPolicy": {"Name": "always"},
                "Mounts": [{"Type": "volume", "Source": "data", "Target": "/d"}, {"Type": "tmpfs", "Target": "/t"}],
                "Tmpfs": {"/run": "size=64m,noexec"}, "Privileged": False, "CapAdd": None, "Devices": [], "PidMode": "",
                "SecurityOpt": ["no-new-privileges"], "MaskedPaths": None, "LogConfig": {"Type": "", "Config": {}},
                "BlkioWeightDevice": [], "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}],
            },
            "NetworkingConfig": {"EndpointsConfig": {"shop_default": {"Aliases": ["web"], "NetworkID": ""}}},
        }
    )  # fmt: skip
    assert decision.is_allowed, decision.refusal


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.HOST_ADMINISTRATOR])
def test_who_rules_the_host_is_not_held_back(role: str) -> None:
    assert _create({"HostConfig": {"Privileged": True, "Binds": ["/:/host"]}}, role).is_allowed


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1.23/containers/c1/start", {"Binds": ["/:/host"]}),
        ("/containers/c1/exec", {"Cmd": ["sh"], "Privileged": True}),
        ("/containers/c1/update", {"Devices": [{"PathOnHost": "/dev/sda"}]}),
        ("/volumes/create", {"Name": "x", "DriverOpts": {"type": "none", "o": "bind", "device": "/"}}),
        ("/volumes/create", {"Name": "x", "driveropts": {"device": "/"}}),
        ("/volumes/create", {"Name": "x", "Driver": "nfs"}),
        ("/networks/create", {"Name": "x", "Driver": "macvlan"}),
        ("/networks/create", {"Name": "x", "Options": {"com.docker.network.bridge.name": "eth0"}}),
        ("/networks/n1/connect", {"Container": "c1", "EndpointConfig": {"DriverOpts": {"a": "b"}}}),
    ],
)
def test_other_bodies_hold_no_way_out_either(path: str, body: dict[str, Any]) -> None:
    decision = decide(STANDARD, HOST, "POST", path, body=body)
    assert not decision.is_allowed
    assert decision.rule.startswith("body ")


@pytest.mark.parametrize(
    "query", [{"networkmode": "host"}, {"version": "2"}, {"cgroupparent": "/"}, {"remote": "http://x/"}, {"new": "1"}]
)
def test_a_build_may_not_reach_the_host(query: dict[str, str]) -> None:
    assert not decide(STANDARD, HOST, "POST", "/build", query=query, is_streamed=True).is_allowed
    assert decide(STANDARD, HOST, "POST", "/build", query={"t": "x", "version": "1"}, is_streamed=True).is_allowed
