"""The OCI document, without running it."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.errors import InvalidArgument
from engine.selinux import Labels
from engine.spec import HostFacts, MountSpec, ProcessUser, SpecRequest, build_spec, exec_process
from engine.spec.capabilities import ALL_CAPABILITIES, DEFAULT_CAPABILITIES

FACTS = HostFacts(cgroup_v2=False, capabilities=frozenset(ALL_CAPABILITIES) - {"CAP_SYS_RESOURCE"}, nofile_limit=20000)


def spec_of(host_config: dict[str, Any] | None = None, **request: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "container_id": "c" * 64,
        "rootfs": Path("/merged"),
        "args": ["sh"],
        "env": [],
        "user": ProcessUser(),
        "host_config": host_config or {},
        "cgroup_path": "/quayside/x",
        "facts": FACTS,
        "hostname": "box",
    }
    return build_spec(SpecRequest(**defaults | request))


def namespaces(spec: dict[str, Any]) -> dict[str, str | None]:
    return {entry["type"]: entry.get("path") for entry in spec["linux"]["namespaces"]}


def mount_at(spec: dict[str, Any], destination: str) -> dict[str, Any]:
    found = [mount for mount in spec["mounts"] if mount["destination"] == destination]
    assert len(found) == 1, found
    return found[0]


def test_a_plain_container_has_dockers_capabilities_and_hidden_paths() -> None:
    spec = spec_of()
    assert set(spec["process"]["capabilities"]["effective"]) == DEFAULT_CAPABILITIES
    assert spec["process"]["capabilities"]["inheritable"] == []
    assert "/proc/kcore" in spec["linux"]["maskedPaths"]
    assert "/proc/sys" in spec["linux"]["readonlyPaths"]
    assert spec["linux"]["resources"]["devices"][0] == {"allow": False, "access": "rwm"}


def test_another_user_than_root_holds_no_capability() -> None:
    sets = spec_of(user=ProcessUser(1000, 1000))["process"]["capabilities"]
    assert (sets["effective"], sets["permitted"]) == ([], [])
    assert set(sets["bounding"]) == DEFAULT_CAPABILITIES


def test_privileged_has_what_the_machine_has_and_sees_everything() -> None:
    spec = spec_of({"Privileged": True})
    assert set(spec["process"]["capabilities"]["effective"]) == FACTS.capabilities
    assert spec["linux"]["maskedPaths"] == spec["linux"]["readonlyPaths"] == []
    assert spec["linux"]["resources"]["devices"] == [{"allow": True, "access": "rwm"}]
    assert "rw" in mount_at(spec, "/sys")["options"]


def test_paths_that_were_given_replace_the_hidden_ones() -> None:
    spec = spec_of({"MaskedPaths": [], "ReadonlyPaths": ["/proc/a"]})
    assert (spec["linux"]["maskedPaths"], spec["linux"]["readonlyPaths"]) == ([], ["/proc/a"])


@pytest.mark.parametrize(
    ("add", "drop", "expected"),
    [
        (["NET_ADMIN"], [], DEFAULT_CAPABILITIES | {"CAP_NET_ADMIN"}),
        (["cap_net_admin"], ["chown"], DEFAULT_CAPABILITIES - {"CAP_CHOWN"} | {"CAP_NET_ADMIN"}),
        (["ALL"], ["SYS_ADMIN"], FACTS.capabilities - {"CAP_SYS_ADMIN"}),
        (["CHOWN"], ["ALL"], {"CAP_CHOWN"}),
        (["ALL"], [], FACTS.capabilities),
    ],
)
def test_capabilities_are_added_and_dropped(add: list[str], drop: list[str], expected: set[str]) -> None:
    spec = spec_of({"CapAdd": add, "CapDrop": drop})
    assert set(spec["process"]["capabilities"]["bounding"]) == expected


@pytest.mark.parametrize("name", ["NONSENSE", "SYS_RESOURCE"])
def test_a_capability_that_cannot_be_given_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidArgument, match=name):
        spec_of({"CapAdd": [name]})


def test_the_environment_is_completed_and_the_given_wins() -> None:
    env = spec_of(env=["PATH=/mine", "EMPTY=", "HOSTNAME"], tty=True)["process"]["env"]
    assert env == ["PATH=/mine", "TERM=xterm", "HOME=/", "EMPTY="]


def test_no_command_is_an_error() -> None:
    with pytest.raises(InvalidArgument, match="No command specified"):
        spec_of(args=[])


def test_namespaces_are_own_joined_or_the_hosts() -> None:
    joined = {"ipc": Path("/proc/7/ns/ipc")}
    found = namespaces(spec_of({"PidMode": "host"}, joined=joined, netns=Path("/run/n")))
    assert found == {"mount": None, "ipc": "/proc/7/ns/ipc", "uts": None, "network": "/run/n"}
    assert "network" not in namespaces(spec_of())


def test_the_cgroup_namespace_is_private_on_the_unified_hierarchy_only() -> None:
    unified = HostFacts(cgroup_v2=True, capabilities=FACTS.capabilities, nofile_limit=1)
    assert "cgroup" not in namespaces(spec_of())
    assert "cgroup" in namespaces(spec_of(facts=unified))
    assert "cgroup" not in namespaces(spec_of({"CgroupnsMode": "host"}, facts=unified))


def test_a_shared_uts_namespace_gets_no_hostname() -> None:
    assert "hostname" not in spec_of({"UTSMode": "host"})
    assert spec_of()["hostname"] == "box"


def test_a_given_mount_replaces_the_usual_one_and_those_below() -> None:
    destinations = [m["destination"] for m in spec_of(mounts=(MountSpec("/dev", "/dev"),))["mounts"]]
    assert destinations.count("/dev") == 1
    assert not {"/dev/pts", "/dev/shm"} & set(destinations)


def test_parents_are_mounted_before_children() -> None:
    mounts = (MountSpec("/a/b/c", "/3"), MountSpec("/a", "/1"), MountSpec("/a/b", "/2"))
    assert [m["source"] for m in spec_of(mounts=mounts)["mounts"][-3:]] == ["/1", "/2", "/3"]


def test_a_bind_mount_says_how() -> None:
    spec = spec_of(mounts=(MountSpec("/x", "/y", read_only=True, propagation="rshared", recursive=False),))
    assert mount_at(spec, "/x")["options"] == ["bind", "ro", "rshared"]
    assert spec["linux"]["rootfsPropagation"] == "shared"
    assert spec_of()["linux"]["rootfsPropagation"] == "rprivate"


def test_a_tmpfs_is_careful_unless_told_otherwise() -> None:
    spec = spec_of({"Tmpfs": {"/run": "exec,size=1m", "/tmp": ""}})
    assert mount_at(spec, "/run")["options"] == ["nosuid", "nodev", "exec", "size=1m"]
    assert mount_at(spec, "/tmp")["options"] == ["nosuid", "nodev", "noexec"]


@pytest.mark.parametrize(
    ("host_config", "expected"),
    [
        ({"Memory": 100}, {"memory": {"limit": 100, "swap": 200}}),
        ({"Memory": 100, "MemorySwap": -1}, {"memory": {"limit": 100, "swap": -1}}),
        ({"NanoCpus": 1_500_000_000}, {"cpu": {"period": 100_000, "quota": 150_000}}),
        ({"CpuShares": 512, "CpusetCpus": "0-1"}, {"cpu": {"shares": 512, "cpus": "0-1"}}),
        ({"PidsLimit": 5}, {"pids": {"limit": 5}}),
        ({"PidsLimit": -1}, {"pids": {"limit": -1}}),
        ({"PidsLimit": None, "Memory": 0, "MemorySwappiness": -1}, {}),
        ({"MemorySwappiness": 0}, {"memory": {"swappiness": 0}}),
        (
            {"BlkioDeviceReadBps": [{"Path": "/dev/zero", "Rate": 9}]},
            {"blockIO": {"throttleReadBpsDevice": [{"major": 1, "minor": 5, "rate": 9}]}},
        ),
    ],
)
def test_limits_become_resources(host_config: dict[str, Any], expected: dict[str, Any]) -> None:
    resources = spec_of(host_config)["linux"]["resources"]
    del resources["devices"]
    assert resources == expected


def test_ulimits_are_carried_over_and_unlimited_is_the_kernels_word_for_it() -> None:
    limits = spec_of({"Ulimits": [{"Name": "core", "Soft": 0, "Hard": -1}]})["process"]["rlimits"]
    assert limits == [{"type": "RLIMIT_CORE", "soft": 0, "hard": 2**64 - 1}]


def test_a_ulimit_beyond_what_the_engine_may_give_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="at most 20000"):
        spec_of({"Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 20001}]})


def test_devices_are_made_and_allowed() -> None:
    entry = {"PathOnHost": "/dev/zero", "PathInContainer": "/dev/nil", "CgroupPermissions": "r"}
    linux = spec_of({"Devices": [entry], "DeviceCgroupRules": ["c 10:* rw"]})["linux"]
    assert [(d["path"], d["major"], d["minor"]) for d in linux["devices"]] == [("/dev/nil", 1, 5)]
    assert linux["resources"]["devices"][-2:] == [
        {"allow": True, "type": "c", "major": 1, "minor": 5, "access": "r"},
        {"allow": True, "type": "c", "access": "rw", "major": 10},
    ]


@pytest.mark.parametrize(
    ("host_config", "words"),
    [
        ({"Devices": [{"PathOnHost": "/dev/nowhere"}]}, "no such file or directory"),
        ({"Devices": [{"PathOnHost": "/etc/passwd"}]}, "not a device node"),
        ({"DeviceCgroupRules": ["everything"]}, "invalid device cgroup rule format"),
    ],
)
def test_a_device_that_is_none_is_refused(host_config: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        spec_of(host_config)


def test_an_init_stands_before_the_command() -> None:
    spec = spec_of(init=Path("/usr/bin/tini"))
    assert spec["process"]["args"] == ["/sbin/docker-init", "--", "sh"]
    assert mount_at(spec, "/sbin/docker-init")["source"] == "/usr/bin/tini"


@pytest.mark.parametrize("option", ["no-new-privileges", "no-new-privileges=true", "no-new-privileges:true"])
def test_no_new_privileges_is_understood_in_all_its_spellings(option: str) -> None:
    assert spec_of({"SecurityOpt": [option]})["process"]["noNewPrivileges"]
    assert not spec_of({"SecurityOpt": ["no-new-privileges=false"]})["process"]["noNewPrivileges"]


def test_an_apparmor_profile_needs_apparmor() -> None:
    with pytest.raises(InvalidArgument, match="AppArmor is not enabled"):
        spec_of({"SecurityOpt": ["apparmor=mine"]})
    assert spec_of({"SecurityOpt": ["apparmor=unconfined"]})["process"]["apparmorProfile"] == "unconfined"


def test_dockers_apparmor_profile_is_used_where_it_is_loaded() -> None:
    facts = replace(FACTS, has_apparmor=True, default_apparmor_profile="docker-default")
    assert spec_of(facts=facts)["process"]["apparmorProfile"] == "docker-default"
    assert "apparmorProfile" not in spec_of({"Privileged": True}, facts=facts)
    assert spec_of({"SecurityOpt": ["apparmor=mine"]}, facts=facts)["process"]["apparmorProfile"] == "mine"


def test_an_exec_begins_with_what_its_container_has() -> None:
    spec = spec_of(env=["A=1"], cwd="/work")
    process = exec_process(spec, ["id"], facts=FACTS, env=["B=2", "A=3"])
    assert process["args"] == ["id"]
    assert process["cwd"] == "/work"
    assert {"A=3", "B=2"} <= set(process["env"])
    assert process["capabilities"] == spec["process"]["capabilities"]


def test_a_privileged_exec_of_an_ordinary_container_has_all_capabilities() -> None:
    process = exec_process(spec_of(), ["id"], facts=FACTS, privileged=True)
    assert set(process["capabilities"]["effective"]) == FACTS.capabilities


def test_an_exec_as_root_in_a_container_of_another_user_holds_its_capabilities() -> None:
    spec = spec_of(user=ProcessUser(1000, 1000, (), "/home/olga"))
    process = exec_process(spec, ["id"], facts=FACTS, user=ProcessUser(home="/root"))
    assert set(process["capabilities"]["effective"]) == DEFAULT_CAPABILITIES
    assert "HOME=/root" in process["env"]


def test_the_labels_of_selinux_are_those_of_the_process_and_of_its_mounts() -> None:
    labelled = spec_of(labels=Labels("u:r:container_t:s0:c1,c2", "u:r:container_file_t:s0:c1,c2"))
    assert labelled["process"]["selinuxLabel"] == "u:r:container_t:s0:c1,c2"
    assert labelled["linux"]["mountLabel"] == "u:r:container_file_t:s0:c1,c2"
    assert "selinuxLabel" not in spec_of()["process"]
    assert "mountLabel" not in spec_of()["linux"]


def test_a_container_of_mapped_users_gets_the_hosts_own_device_files() -> None:
    devices = {"Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/mine"}]}
    spec = spec_of(devices, userns=Path("/proc/7/ns/user"))
    assert {"type": "user", "path": "/proc/7/ns/user"} in spec["linux"]["namespaces"]
    assert spec["linux"]["devices"] == []
    assert mount_at(spec, "/dev/mine")["source"] == "/dev/null"
