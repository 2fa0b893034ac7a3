from typing import Any

import pytest

from engine.containers.host_config import complete_host_config
from engine.errors import InvalidArgument


def complete(**given: Any) -> dict[str, Any]:
    return complete_host_config(given, cgroup_namespace="host", masked_paths=["/m"], readonly_paths=["/r"])


def test_every_default_is_filled_in() -> None:
    config = complete()
    assert config["NetworkMode"] == "bridge"
    assert config["RestartPolicy"] == {"Name": "no", "MaximumRetryCount": 0}
    assert config["ShmSize"] == 64 * 1024 * 1024
    assert config["MaskedPaths"] == ["/m"]


def test_a_privileged_container_has_no_masked_paths() -> None:
    assert complete(Privileged=True)["MaskedPaths"] is None


def test_a_memory_limit_allows_as_much_swap_again() -> None:
    assert complete(Memory=20 << 20)["MemorySwap"] == 40 << 20


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Memory": 100}, "Minimum memory limit allowed is 6MB"),
        ({"RestartPolicy": {"Name": "foo"}}, "invalid restart policy 'foo'"),
        (
            {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 3}},
            "maximum retry count cannot be used with restart policy 'always'",
        ),
        (
            {"AutoRemove": True, "RestartPolicy": {"Name": "always"}},
            "can't create 'AutoRemove' container with restart policy",
        ),
        ({"LogConfig": {"Type": "foo"}}, 'error looking up logging plugin foo: plugin "foo" not found'),
        ({"ExtraHosts": ["zz"]}, 'bad format for add-host: "zz"'),
        ({"ShmSize": -1}, "SHM size can not be less than 0"),
        ({"PortBindings": {"80/tcp": [{"HostPort": "x"}]}}, 'invalid port specification: "x"'),
    ],
)
def test_bad_values_are_refused_in_docker_s_words(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        complete(**given)
    assert raised.value.message == message
