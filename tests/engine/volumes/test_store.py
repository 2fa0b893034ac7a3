"""Volumes: made, found again, mounted, pruned, never deleted under somebody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.api.filters import Filters
from engine.config import EngineConfig
from engine.errors import Conflict, EngineError, InvalidArgument, NotFound
from engine.linux import mounts
from engine.volumes import VolumeStore

TMPFS = {"type": "tmpfs", "device": "tmpfs", "o": "size=64k"}


class Told(list[tuple[str, str]]):
    def __call__(self, kind: str, action: str, name: str, attributes: object) -> None:
        self.append((action, name))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    return EngineConfig(root=tmp_path, exec_root=tmp_path)


@pytest.fixture
async def store(config: EngineConfig, told: Told) -> AsyncIterator[VolumeStore]:
    started = VolumeStore(config, told)
    await started.start()
    yield started
    mounts.unmount_under(config.root)


async def test_a_volume_is_made_once_and_found_after_a_restart(
    store: VolumeStore, config: EngineConfig, told: Told
) -> None:
    made = await store.create("data", labels={"a": "b"})
    again = await store.create("data", labels={"other": ""})
    second = VolumeStore(config, told)
    await second.start()

    assert again is made
    assert second.inspect("data") == made.to_wire() == second.list_wire(Filters())[0]
    assert made.to_wire()["Mountpoint"] == str(config.root / "volumes/data/_data")
    assert made.mountpoint.stat().st_mode & 0o777 == 0o755
    assert told == [("create", "data")]


async def test_of_many_creations_of_one_name_one_makes_it(store: VolumeStore, told: Told) -> None:
    volumes = await asyncio.gather(*(store.create("data") for _ in range(10)))

    assert len({id(volume) for volume in volumes}) == 1
    assert told == [("create", "data")]


async def test_a_volume_without_a_name_is_anonymous(store: VolumeStore) -> None:
    volume = await store.create_wire({})

    assert len(volume["Name"]) == 64
    assert volume["Labels"] == {"com.docker.volume.anonymous": ""}


@pytest.mark.parametrize("name", ["a", "../etc", "a/b", "a b", ".hidden", "x" * 256])
async def test_a_name_that_is_no_name_is_refused(store: VolumeStore, name: str) -> None:
    with pytest.raises(InvalidArgument):
        await store.create(name)


async def test_what_dockerd_refuses_is_refused_in_its_words(store: VolumeStore) -> None:
    with pytest.raises(NotFound, match="get nope: no such volume"):
        store.get("nope")
    with pytest.raises(NotFound, match='create xx: error looking up volume plugin foo: plugin "foo" not found'):
        await store.create("xx", "foo")
    with pytest.raises(InvalidArgument, match='create xx: invalid option: "foo"'):
        await store.create("xx", options={"foo": "bar"})
    with pytest.raises(NotFound):
        await store.remove("nope")
    await store.remove("nope", force=True)


async def test_a_volume_that_a_container_has_is_not_removed(store: VolumeStore) -> None:
    volume = await store.create("data")
    (volume.mountpoint / "file").write_text("precious")
    store.in_use = lambda name: ["c1"] if name == "data" else []

    with pytest.raises(Conflict, match=r"remove data: volume is in use - \[c1\]"):
        await store.remove("data", force=True)
    assert (volume.mountpoint / "file").read_text() == "precious"
    store.in_use = lambda name: []
    await store.remove("data")
    assert not volume.mountpoint.parent.exists()


async def test_prune_takes_named_volumes_only_when_told(store: VolumeStore) -> None:
    anonymous, named, kept = (await store.create(), await store.create("named"), await store.create("kept"))
    (anonymous.mountpoint / "file").write_bytes(bytes(8192))
    store.in_use = lambda name: ["c1"] if name == kept.name else []

    names, size_bytes = await store.prune(Filters(), only_anonymous=True)
    assert names == [anonymous.name]
    assert size_bytes >= 8192
    assert (await store.prune(Filters({"all": ("true",)}), only_anonymous=True))[0] == [named.name]


async def test_lists_are_filtered(store: VolumeStore) -> None:
    await store.create("data-one", labels={"tier": "db"})
    await store.create("data-two")
    store.in_use = lambda name: ["c1"] if name == "data-one" else []

    def names(**filters: str) -> list[str]:
        return [volume.name for volume in store.list(Filters({key: (value,) for key, value in filters.items()}))]

    assert names(name="two") == ["data-two"]
    assert names(label="tier=db") == ["data-one"]
    assert names(dangling="true") == ["data-two"]
    assert names(dangling="false") == ["data-one"]
    with pytest.raises(InvalidArgument, match="invalid filter 'colour'"):
        names(colour="red")


@pytest.mark.real
async def test_a_volume_with_a_file_system_is_mounted_while_it_is_used(store: VolumeStore) -> None:
    await store.create("fast", options=TMPFS)
    path = await store.mount("fast", "c1")
    await store.mount("fast", "c1")
    await store.mount("fast", "c2")
    assert mounts.mountpoints_under(path) == [path]

    await store.unmount("fast", "c1")
    assert mounts.is_mountpoint(path)
    await store.unmount("fast", "c2")
    await store.unmount("fast", "c2")
    assert not mounts.is_mountpoint(path)


@pytest.mark.real
async def test_removing_a_bind_volume_spares_what_it_shows(store: VolumeStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_text("precious")
    await store.create("shown", options={"type": "none", "device": str(source), "o": "bind,ro"})
    path = await store.mount("shown", "c1")
    assert (path / "file").read_text() == "precious"
    with pytest.raises(OSError, match="Read-only"):
        (path / "file").write_text("changed")
    with pytest.raises(Conflict):
        await store.remove("shown")

    await store.restore({})  # as after a crash: nobody uses it now
    mounts.bind(source, path)  # and somebody mounted it by hand
    await store.remove("shown")
    assert (source / "file").read_text() == "precious"


@pytest.mark.real
async def test_a_device_that_cannot_be_mounted_is_told_and_counts_no_user(store: VolumeStore) -> None:
    await store.create("lost", options={"type": "none", "device": "/no/such/folder", "o": "bind"})

    with pytest.raises(EngineError, match="failed to mount local volume: mount /no/such/folder"):
        await store.mount("lost", "c1")
    await store.remove("lost")


async def test_what_a_killed_daemon_left_half_made_or_half_removed_goes_and_data_stays(config: EngineConfig) -> None:
    root = config.root / "volumes"
    for name in ("half-made/_data", ".removed-1/_data", "without-document/_data"):
        (root / name).mkdir(parents=True)
    (root / ".removed-1/_data/file").touch()
    (root / "without-document/_data/file").touch()
    await VolumeStore(config, Told()).start()

    assert {path.name for path in root.iterdir()} == {"without-document"}
