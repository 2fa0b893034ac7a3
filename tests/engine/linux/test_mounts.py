"""Mounts, on the real kernel, each below a folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.linux import mounts, syscalls
from engine.linux.mounts import MountFlag

pytestmark = pytest.mark.real


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    mounts.unmount_under(tmp_path)


def test_a_mount_point_is_found_whatever_its_name(folder: Path) -> None:
    odd = folder / "a b\\c\nd"
    odd.mkdir()
    mounts.mount("tmpfs", odd, "tmpfs", MountFlag.NOSUID, "size=64k")

    assert mounts.mountpoints_under(folder) == [odd]
    point = mounts.mountpoints()[-1]
    assert (point.path, point.fstype, "nosuid" in point.options) == (odd, "tmpfs", True)


def test_mount_points_come_deepest_first_and_stacked_ones_twice(folder: Path) -> None:
    mounts.mount("tmpfs", folder, "tmpfs")
    inner = folder / "inner"
    inner.mkdir()
    mounts.mount("tmpfs", inner, "tmpfs")
    mounts.mount("tmpfs", inner, "tmpfs")

    assert mounts.mountpoints_under(folder) == [inner, inner, folder]
    mounts.unmount_under(folder)
    assert mounts.mountpoints_under(folder) == []


def test_a_path_lies_on_the_mount_that_is_seen_there(folder: Path) -> None:
    mounts.mount("tmpfs", folder, "tmpfs", data="size=64k")
    (folder / "inner").mkdir()
    (folder / "inner-not").mkdir()
    mounts.mount("tmpfs", folder / "inner", "tmpfs", data="size=128k")

    sizes = {
        name: next(option for option in found.super_options if option.startswith("size="))
        for name in ("inner", "inner/deep", "inner-not", "other")
        if (found := mounts.covering(folder / name))
    }
    assert sizes == {"inner": "size=128k", "inner/deep": "size=128k", "inner-not": "size=64k", "other": "size=64k"}
    assert [point.path for point in mounts.mountpoints(below=folder)] == [folder, folder / "inner"]
    assert mounts.mountpoints(below=folder / "inner-not") == []


def test_a_read_only_bind_cannot_be_written_and_its_source_can(folder: Path) -> None:
    source, target = folder / "source", folder / "target"
    source.mkdir()
    target.mkdir()
    mounts.bind(source, target, read_only=True)

    (source / "file").write_text("here")
    assert (target / "file").read_text() == "here"
    with pytest.raises(OSError, match="Read-only file system"):
        (target / "other").write_text("no")


def test_unmounting_what_is_not_mounted_is_fine(folder: Path) -> None:
    mounts.unmount(folder)
    mounts.unmount(folder / "missing")


def test_unmounting_what_is_busy_says_so_unless_it_is_lazy(folder: Path) -> None:
    mounts.mount("tmpfs", folder, "tmpfs")
    with (folder / "open").open("w"):
        with pytest.raises(OSError, match="busy"):
            mounts.unmount(folder)
        mounts.unmount(folder, lazy=True)

    assert not mounts.is_mountpoint(folder)


def test_a_failed_mount_names_its_target(folder: Path) -> None:
    with pytest.raises(OSError, match=str(folder)):
        mounts.mount("none", folder, "no-such-file-system")


def test_a_file_system_takes_its_options_one_by_one(folder: Path) -> None:
    with syscalls.FsContext("tmpfs") as context:
        context.set_string("size", "64k")
        context.attach(folder)

    assert "size=64k" in mounts.mountpoints()[-1].super_options
    with pytest.raises(OSError, match="no_such_option"), syscalls.FsContext("tmpfs") as context:
        context.set_string("no_such_option", "1")
