from pathlib import Path
from typing import Any

import pytest

from engine.containers.model import MountPoint
from engine.containers.mount_points import mount_points, parse_bind
from engine.errors import InvalidArgument


def points(config: dict[str, Any] | None = None, **host_config: Any) -> list[MountPoint]:
    return mount_points(config or {}, host_config, from_container=lambda reference: [])


def test_a_source_that_is_a_path_is_a_bind() -> None:
    point = parse_bind("/srv/data:/data:ro,rslave")
    assert (point.type, point.source, point.is_writable, point.propagation) == ("bind", "/srv/data", False, "rslave")


def test_a_source_that_is_no_path_is_a_volume() -> None:
    point = parse_bind("vol:/data")
    assert (point.type, point.name, point.is_writable, point.copies_image) == ("volume", "vol", True, True)


def test_a_volume_of_the_image_is_anonymous_unless_something_is_mounted_there() -> None:
    image = {"Volumes": {"/data": {}, "/other": {}}}
    found = {point.destination: point.is_anonymous for point in points(image, Binds=["vol:/data"])}
    assert found == {"/data": False, "/other": True}


def test_parents_come_before_what_is_in_them() -> None:
    found = points(Binds=["v1:/a/b", "v2:/a"])
    assert [point.destination for point in found] == ["/a", "/a/b"]


def test_volumes_of_another_container_can_be_read_only() -> None:
    shared = [MountPoint("volume", "/data", name="vol", driver="local")]
    found = mount_points({}, {"VolumesFrom": ["other:ro"]}, from_container=lambda reference: shared)
    assert [(point.name, point.is_writable) for point in found] == [("vol", False)]


@pytest.mark.parametrize(
    ("host_config", "message"),
    [
        ({"Binds": ["v1:/v:zz"]}, "invalid mode: zz"),
        (
            {"Binds": ["v1:v"]},
            "invalid volume specification: 'v1:v': invalid mount config for type \"volume\": invalid mount path: 'v' "
            "mount path must be absolute",
        ),
        ({"Binds": ["v1:/v", "v2:/v"]}, "Duplicate mount point: /v"),
        (
            {"Mounts": [{"Type": "image", "Target": "/a"}]},
            'invalid mount config for type "image": field Source must not be empty',
        ),
        (
            {"Mounts": [{"Type": "image", "Source": "app", "Target": "/a", "ImageOptions": {"Subpath": "b/../../c"}}]},
            'invalid mount config for type "image": subpath must be a relative path within the volume',
        ),
        ({"Mounts": [{"Type": "foo", "Target": "/a"}]}, 'invalid mount config for type "foo": mount type unknown'),
        (
            {"Mounts": [{"Type": "bind", "Source": "/is/not/there", "Target": "/a"}]},
            'invalid mount config for type "bind": bind source path does not exist: /is/not/there',
        ),
    ],
)
def test_bad_mounts_are_refused_in_docker_s_words(host_config: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        points(**host_config)
    assert raised.value.message == message


def test_a_bind_of_mounts_takes_a_folder_that_is_there(tmp_path: Path) -> None:
    mount = {"Type": "bind", "Source": str(tmp_path), "Target": "/a", "ReadOnly": True}
    assert [(p.source, p.is_writable) for p in points(Mounts=[mount])] == [(str(tmp_path), False)]
