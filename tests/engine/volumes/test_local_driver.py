"""The options of local volumes, read as mount(8) reads them."""

import pytest

from engine.errors import InvalidArgument
from engine.linux.mounts import MountFlag
from engine.volumes.local_driver import MountOptions, parse_options


def test_no_options_mean_a_plain_folder() -> None:
    assert parse_options({}) is None
    assert parse_options({"type": "", "o": ""}) is None


def test_flags_are_told_from_the_options_of_the_file_system() -> None:
    options = parse_options({"type": "tmpfs", "device": "tmpfs", "o": "size=1m,nosuid,nodev,suid,uid=1000"})

    assert options == MountOptions("tmpfs", "tmpfs", int(MountFlag.NODEV), "size=1m,uid=1000")


def test_a_bind_needs_no_type() -> None:
    options = parse_options({"device": "/srv", "o": "rbind,ro"})

    assert options is not None
    assert options.is_bind
    assert options.flags == MountFlag.BIND | MountFlag.REC | MountFlag.RDONLY


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"foo": "bar"}, 'invalid option: "foo"'),
        ({"type": "tmpfs"}, 'missing required option: "device"'),
        ({"device": "/dev/sda1"}, 'missing required option: "type"'),
        ({"size": "10g"}, "no quota support"),
    ],
)
def test_what_cannot_be_mounted_is_refused(options: dict[str, str], text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        parse_options(options)
