from typing import Any

import pytest

from engine.cdi import cdi_names, is_cdi_name
from engine.errors import InvalidArgument

_ALL_GPUS = {"Driver": "", "Count": -1, "DeviceIDs": None, "Capabilities": [["gpu"]], "Options": {}}


@pytest.mark.parametrize("text", ["vendor.com/class=name", "nvidia.com/gpu=0", "a-b.c/d_e=GPU-1:2.3"])
def test_a_vendors_device_is_told_from_a_path(text: str) -> None:
    assert is_cdi_name(text)


@pytest.mark.parametrize("text", ["/dev/null", "vendor.com/class", "vendor.com=name", "v/c=", "=x", "/dev/by-id/a=b"])
def test_a_path_is_no_vendors_device(text: str) -> None:
    assert not is_cdi_name(text)


def test_devices_are_asked_for_by_request_and_by_mapping() -> None:
    host = {
        "Devices": [{"PathOnHost": "/dev/null"}, {"PathOnHost": "v.com/c=one"}],
        "DeviceRequests": [{"Driver": "cdi", "DeviceIDs": ["v.com/c=two", "v.com/c=one"]}],
    }
    assert cdi_names(host, []) == ["v.com/c=one", "v.com/c=two"]


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        (_ALL_GPUS, ["nvidia.com/gpu=all"]),
        (_ALL_GPUS | {"Count": 2}, ["nvidia.com/gpu=0", "nvidia.com/gpu=1"]),
        (_ALL_GPUS | {"Count": 0, "DeviceIDs": ["GPU-7"]}, ["nvidia.com/gpu=GPU-7"]),
        (_ALL_GPUS | {"Driver": "nvidia"}, ["nvidia.com/gpu=all"]),
    ],
)
def test_gpus_are_those_of_the_vendor_that_this_host_has(request_: dict[str, Any], names: list[str]) -> None:
    assert cdi_names({"DeviceRequests": [request_]}, ["other.com/x", "nvidia.com/gpu"]) == names


@pytest.mark.parametrize(
    ("request_", "kinds"),
    [
        (_ALL_GPUS, []),
        (_ALL_GPUS | {"Driver": "nvidia"}, ["amd.com/gpu"]),
        (_ALL_GPUS | {"Capabilities": [["tpu"]]}, ["nvidia.com/gpu"]),
    ],
)
def test_a_request_that_nothing_here_can_answer_is_refused_in_dockerds_words(
    request_: dict[str, Any], kinds: list[str]
) -> None:
    with pytest.raises(InvalidArgument, match=r'could not select device driver ".*" with capabilities: \[\[.pu\]\]'):
        cdi_names({"DeviceRequests": [request_]}, kinds)


@pytest.mark.parametrize(
    "request_",
    [
        {"Driver": "cdi", "DeviceIDs": ["/dev/null"]},
        {"Driver": "cdi", "Count": 1},
        _ALL_GPUS | {"Count": 1, "DeviceIDs": ["0"]},
    ],
)
def test_a_request_that_contradicts_itself_is_refused(request_: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        cdi_names({"DeviceRequests": [request_]}, ["nvidia.com/gpu"])
