"""One suite for every storage driver: layers, what a container writes over them, what a crash leaves."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import IdMap
from engine.storage import StorageDriver, open_driver

pytestmark = pytest.mark.real

BASE, TOP = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@pytest.fixture(params=["overlay2", "vfs"])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorageDriver]:
    opened = open_driver(request.param, tmp_path)
    yield opened
    for writable_id in opened.writables():
        opened.remove_writable(writable_id)
    opened.close()
    opened.empty_trash()


def put_layer(driver: StorageDriver, layer_id: str, parent: str | None, files: dict[str, str]) -> None:
    staged = driver.stage(parent)
    for name, text in files.items():
        (staged.files / name).write_text(text)
    driver.commit(staged, layer_id)


def mounted(driver: StorageDriver) -> Path:
    put_layer(driver, BASE, None, {"kept": "base", "changed": "base", "deleted": "base"})
    put_layer(driver, TOP, BASE, {"top": "top"})
    driver.create_writable("one", [BASE, TOP])
    return driver.mount("one")


def test_a_container_sees_all_its_layers_and_none_sees_its_changes(driver: StorageDriver) -> None:
    files = mounted(driver)
    assert {path.name for path in files.iterdir()} == {"kept", "changed", "deleted", "top"}
    (files / "changed").write_text("mine")
    driver.create_writable("two", [BASE, TOP])

    assert (driver.mount("two") / "changed").read_text() == "base"
    assert (driver.files_of(BASE) / "changed").read_text() == "base"
    assert driver.mount("one") == files
    assert driver.writables() == {"one", "two"}


def test_changes_are_told_as_docker_diff_does(driver: StorageDriver) -> None:
    files = mounted(driver)
    (files / "changed").write_text("longer than before")
    (files / "deleted").unlink()
    (files / "added").write_text("mine")

    assert driver.changes("one") == [
        {"Path": "/added", "Kind": 1},
        {"Path": "/changed", "Kind": 0},
        {"Path": "/deleted", "Kind": 2},
    ]


def test_the_size_is_that_of_what_was_written(driver: StorageDriver) -> None:
    files = mounted(driver)
    assert driver.size_rw("one") == 0
    (files / "big").write_bytes(bytes(5000))
    assert driver.size_rw("one") == 5000


def test_what_was_written_is_there_after_unmounting(driver: StorageDriver) -> None:
    (mounted(driver) / "added").write_text("mine")
    driver.unmount("one")
    driver.unmount("one")
    assert (driver.mount("one") / "added").read_text() == "mine"


def test_a_layer_above_hides_what_is_below(driver: StorageDriver) -> None:
    put_layer(driver, BASE, None, {"gone": "base", "kept": "base"})
    staged = driver.stage(BASE)
    directory_fd = os.open(staged.files, os.O_RDONLY)
    try:
        driver.whiteouts.hide(directory_fd, b"gone")
    finally:
        os.close(directory_fd)
    driver.commit(staged, TOP)
    driver.create_writable("one", [BASE, TOP])
    assert [path.name for path in driver.mount("one").iterdir()] == ["kept"]


def test_a_layer_that_was_not_committed_is_seen_by_nobody(driver: StorageDriver, tmp_path: Path) -> None:
    driver.stage(None)
    aborted = driver.stage(None)
    driver.abort(aborted)
    driver.recover()
    driver.empty_trash()
    assert not driver.has_layer(BASE)
    assert not aborted.directory.exists()


def test_a_second_copy_of_a_layer_is_dropped_and_unknown_layers_are_discarded(driver: StorageDriver) -> None:
    put_layer(driver, BASE, None, {"file": "first"})
    put_layer(driver, BASE, None, {"file": "second"})
    put_layer(driver, TOP, BASE, {})
    assert (driver.files_of(BASE) / "file").read_text() == "first"
    driver.keep_only([BASE])
    assert driver.has_layer(BASE)
    assert not driver.has_layer(TOP)


def test_removing_twice_is_fine_and_nothing_stays(driver: StorageDriver) -> None:
    mounted(driver)
    driver.remove_writable("one")
    driver.remove_writable("one")
    assert driver.writables() == set()


def test_a_container_of_an_image_without_layers_is_empty(driver: StorageDriver) -> None:
    driver.create_writable("one", [])
    files = driver.mount("one")
    assert list(files.iterdir()) == []
    (files / "added").write_text("mine")
    assert driver.changes("one") == [{"Path": "/added", "Kind": 1}]


def test_a_mapped_container_sees_all_as_its_own_and_only_its_changes_are_changes(driver: StorageDriver) -> None:
    id_map = IdMap(200_000, 300_000, 65_536)
    driver.check_id_map(id_map)
    staged = driver.stage(None)
    (staged.files / "root").write_text("base")
    (staged.files / "setuid").write_text("base")
    (staged.files / "link").symlink_to("root")
    os.chown(staged.files / "setuid", 5, 6)
    (staged.files / "setuid").chmod(0o4755)
    driver.commit(staged, BASE)

    driver.create_writable("mapped", [BASE], id_map)
    driver.create_writable("plain", [BASE])
    files = driver.mount("mapped")
    owners = {path.name: (path.lstat().st_uid, path.lstat().st_gid) for path in files.iterdir()}
    assert owners == {"root": (200_000, 300_000), "link": (200_000, 300_000), "setuid": (200_005, 300_006)}
    assert (files / "setuid").stat().st_mode & 0o7777 == 0o4755
    assert (driver.mount("plain") / "setuid").stat().st_uid == 5
    assert driver.changes("mapped") == []

    (files / "root").write_text("changed by the container")
    assert [change["Path"] for change in driver.changes("mapped")] == ["/root"]
    driver.unmount("mapped")
    assert (driver.mount("mapped") / "root").stat().st_uid == 200_000


def test_a_writable_layer_of_version_1_0_can_still_be_mounted(tmp_path: Path) -> None:
    driver = open_driver("overlay2", tmp_path)
    assert (mounted(driver) / "top").read_text() == "top"
    driver.unmount("one")
    link = next(tmp_path.glob("**/writable/one")) / "lower"
    link.with_name("lower.json").write_text(json.dumps(os.readlink(link).split(":")))  # noqa: PTH115
    link.unlink()
    assert (driver.mount("one") / "top").read_text() == "top"
    driver.remove_writable("one")
    driver.close()
