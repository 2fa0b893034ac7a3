from typing import Any

import pytest

from engine.cdi import apply_edits
from engine.errors import InvalidArgument


def _spec(uid: int = 0) -> dict[str, Any]:
    return {
        "process": {"env": ["A=1", "B=2"], "user": {"uid": uid, "gid": 0}},
        "mounts": [{"destination": "/proc"}],
        "linux": {"namespaces": [], "devices": [], "resources": {"devices": []}},
    }


def test_variables_replace_those_of_the_same_name() -> None:
    spec = _spec()
    apply_edits(spec, [{"env": ["A=3"]}, {"env": ["C=4"]}])
    assert spec["process"]["env"] == ["B=2", "A=3", "C=4"]


def test_a_device_node_takes_its_numbers_from_the_host_and_may_be_opened() -> None:
    spec = _spec()
    apply_edits(spec, [{"deviceNodes": [{"path": "/dev/mine", "hostPath": "/dev/null", "permissions": "r"}]}])
    assert spec["linux"]["devices"] == [
        {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666},
    ]
    assert spec["linux"]["resources"]["devices"] == [
        {"allow": True, "access": "r", "type": "c", "major": 1, "minor": 3}
    ]


def test_in_a_user_namespace_a_device_is_the_hosts_own_file() -> None:
    spec = _spec()
    spec["linux"]["namespaces"] = [{"type": "user"}]
    apply_edits(spec, [{"deviceNodes": [{"path": "/dev/mine", "hostPath": "/dev/null"}]}])
    assert spec["linux"]["devices"] == []
    assert (spec["mounts"][-1]["destination"], spec["mounts"][-1]["source"]) == ("/dev/mine", "/dev/null")


def test_a_device_of_a_user_belongs_to_the_user() -> None:
    spec = _spec(uid=1000)
    apply_edits(spec, [{"deviceNodes": [{"path": "/dev/m", "type": "c", "major": 7, "minor": 0, "gid": 44}]}])
    (device,) = spec["linux"]["devices"]
    assert (device["uid"], device["gid"], device["minor"]) == (1000, 44, 0)


@pytest.mark.parametrize(
    "node", [{"path": "/dev/none-like-it"}, {"path": "/dev/x", "hostPath": "/etc"}, {"path": "/dev/null", "type": "b"}]
)
def test_a_device_that_the_host_does_not_have_is_refused_by_name(node: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match=node.get("hostPath", node["path"])):
        apply_edits(_spec(), [{"deviceNodes": [node]}])


def test_mounts_are_binds_and_parents_come_first() -> None:
    spec = _spec()
    mounts = [
        {"hostPath": "/a", "containerPath": "/opt/a/b", "options": ["ro", "bind"]},
        {"hostPath": "/c", "containerPath": "/opt"},
    ]
    apply_edits(spec, [{"mounts": mounts}])
    assert spec["mounts"][1:] == [
        {"destination": "/opt", "source": "/c", "type": "bind", "options": ["rbind"]},
        {"destination": "/opt/a/b", "source": "/a", "type": "bind", "options": ["ro", "bind"]},
    ]


def test_hooks_and_groups_are_added() -> None:
    spec = _spec()
    hook = {"hookName": "createContainer", "path": "/bin/hook", "args": ["hook", "x"]}
    apply_edits(spec, [{"hooks": [hook], "additionalGids": [44, 0]}])
    assert spec["hooks"] == {"createContainer": [{"path": "/bin/hook", "args": ["hook", "x"]}]}
    assert spec["process"]["user"]["additionalGids"] == [44]


def test_a_hook_that_would_never_be_run_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="hook poststop is not run"):
        apply_edits(_spec(), [{"hooks": [{"hookName": "poststop", "path": "/bin/true"}]}])
