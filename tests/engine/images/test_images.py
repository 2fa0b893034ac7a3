"""Load, save, push, pull, remove: the images room on a real disk and a real registry."""

import asyncio
import bz2
import gzip
import io
import lzma
import os
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from engine.api.filters import Filters
from engine.config import EngineConfig
from engine.content import digest_of
from engine.errors import Conflict, InvalidArgument, NotFound, Unavailable
from engine.events import EventBus
from engine.images import Images
from engine.images.distribution import KnownBlobs
from engine.layers import Layers
from engine.registry import Blob
from tests.daemons import Registry
from tests.images import busybox_layer, layer_tar, save_tar

pytestmark = [pytest.mark.real, pytest.mark.beside]


async def opened(root: Path, driver: str | None = "overlay2") -> Images:
    layers = Layers(EngineConfig(root=root, exec_root=root, storage_driver=driver))
    await layers.start()
    images = Images(EngineConfig(root=root, exec_root=root), layers, EventBus().publish)
    await images.start()
    await layers.restore([])
    return images


@pytest.fixture(params=["overlay2", "vfs"])
async def images(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Images]:
    room = await opened(tmp_path / "root", request.param)
    yield room
    await room.close()


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    path = tmp_path / "image.tar"
    layers = [
        busybox_layer(),
        layer_tar({"data/file": b"x" * 5000}),
        layer_tar({"data/.wh.file": b"", "data/new": b"n"}),
    ]
    save_tar(path, tags=["busybox:latest"], layers=layers)
    return path.read_bytes()


async def stream(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 100_000):
        yield data[start : start + 100_000]


async def load(images: Images, data: bytes) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    await images.load(stream(data), told.append)
    return told


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
async def test_an_archive_is_loaded_however_it_is_compressed(images: Images, archive: bytes, compress: Any) -> None:
    told = await load(images, compress(archive))
    assert {"stream": "Loaded image: busybox:latest\n"} in told
    assert (await images.resolve("busybox")).config["Cmd"] == ["sh"]


async def test_what_is_saved_loads_as_the_same_image(images: Images, archive: bytes, tmp_path: Path) -> None:
    await load(images, archive)
    saved = b"".join([data async for data in await images.save(["busybox"])])
    other = await opened(tmp_path / "other")
    await load(other, saved)
    assert (await other.resolve("busybox:latest")).id == (await images.resolve("busybox")).id
    layout = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(saved)) as source, tarfile.open(fileobj=layout, mode="w") as target:
        for member in source:
            if member.name not in ("manifest.json", "repositories"):
                target.addfile(member, source.extractfile(member))
    third = await opened(tmp_path / "third")
    await load(third, layout.getvalue())
    assert third.count() == 1
    assert third.inspect("busybox")["RootFS"] == images.inspect("busybox")["RootFS"]


@pytest.mark.parametrize("data", [b"", b"nonsense" * 100, gzip.compress(b"x" * 5000)[:60]])
async def test_what_is_no_archive_is_refused_and_leaves_nothing(images: Images, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InvalidArgument):
        await load(images, data)
    assert images.count() == 0
    assert not list((tmp_path / "root/content/ingest").iterdir())


async def test_a_pushed_image_is_pulled_under_the_same_id(images: Images, archive: bytes, registry: Registry) -> None:
    await load(images, archive)
    image_id = (await images.resolve("busybox")).id
    name = f"{registry.address}/team/{images._layers.driver_name}"
    images.tag("busybox", name, "v1")
    told: list[dict[str, Any]] = []
    await images.push(name, "v1", auth="e30=", progress=told.append)
    assert told[-1]["aux"]["Tag"] == "v1"
    assert images.remove("busybox") == [{"Untagged": "busybox:latest"}]
    images.remove(f"{name}:v1")
    assert images.count() == 0
    told.clear()
    await images.pull(f"{name}:v1", auth=None, progress=told.append)
    assert (await images.resolve(f"{name}:v1")).id == image_id
    assert told[0] == {"status": "Pulling from " + name.partition("/")[2], "id": "v1"}
    assert told[-1] == {"status": f"Status: Downloaded newer image for {name}:v1"}
    assert sum(document["status"] == "Pull complete" for document in told) == 3
    told.clear()
    await images.pull(f"{name}:v1", auth=None, progress=told.append)
    assert told[-1] == {"status": f"Status: Image is up to date for {name}:v1"}
    assert (await images.distribution(f"{name}:v1", None))["Platforms"] == [{"architecture": "amd64", "os": "linux"}]


async def test_layers_that_another_repository_has_are_mounted_even_after_they_were_removed_here(
    images: Images, archive: bytes, registry: Registry
) -> None:
    names = [f"{registry.address}/mounts/{images._layers.driver_name}-{place}" for place in ("first", "second")]
    for name, words in zip(names, ("Pushed", f"Mounted from {names[0].partition('/')[2]}"), strict=True):
        await load(images, archive)
        images.tag("busybox", name, "v1")
        told: list[dict[str, Any]] = []
        await images.push(name, "v1", auth=None, progress=told.append)
        assert sum(document.get("status") == words for document in told) == 3
        images.remove("busybox")
        images.remove(f"{name}:v1")
        assert images.count() == 0
    await images.pull(f"{names[1]}:v1", auth=None, progress=lambda _: None)


async def test_a_layer_that_the_other_repository_lost_is_sent_again(
    images: Images, archive: bytes, registry: Registry
) -> None:
    gone, name = (f"{registry.address}/lost/{images._layers.driver_name}-{place}" for place in ("gone", "here"))
    await load(images, archive)
    for layer in images._layers.lineage((await images.resolve("busybox")).chain_id):
        blob = Blob(digest_of(layer.chain_id.encode()), 1000, "application/vnd.docker.image.rootfs.diff.tar.gzip")
        images._known_blobs.add(layer.diff_id, gone, blob)  # the registry answers a mount with 202
    images.tag("busybox", name, "v1")
    told: list[dict[str, Any]] = []
    await images.push(name, "v1", auth=None, progress=told.append)
    assert sum(document.get("status") == "Pushed" for document in told) == 3


def test_where_blobs_are_is_kept_for_the_layers_seen_last(tmp_path: Path) -> None:
    known = KnownBlobs(tmp_path)
    diff_ids = [digest_of(str(number).encode()) for number in range(5)]
    blob = Blob(digest_of(b"packed"), 6, "application/vnd.docker.image.rootfs.diff.tar.gzip")
    for number, diff_id in enumerate(diff_ids):
        known.add(diff_id, "registry/app", blob)
        os.utime(tmp_path / f"{diff_id[7:]}.json", (number, number))
    known = KnownBlobs(tmp_path, kept_layers=2)
    assert [diff_id for diff_id in diff_ids if known.of(diff_id)] == diff_ids[3:]


async def test_pulls_of_one_image_at_once_make_one(images: Images, archive: bytes, registry: Registry) -> None:
    await load(images, archive)
    name = f"{registry.address}/many/{images._layers.driver_name}"
    images.tag("busybox", name, "v1")
    await images.push(name, "v1", auth=None, progress=lambda _: None)
    images.remove("busybox")
    images.remove(f"{name}:v1")
    pulls = [images.pull(f"{name}:v1", auth=None, progress=lambda _: None) for _ in range(5)]
    assert len({image.id for image in await asyncio.gather(*pulls)}) == 1
    assert images.count() == 1


async def test_a_tag_that_the_registry_has_not_is_named(images: Images, registry: Registry) -> None:
    with pytest.raises(NotFound, match=r"manifest for .*/nope:v9 not found: manifest unknown"):
        await images.pull(f"{registry.address}/nope:v9", auth=None, progress=lambda _: None)


async def test_a_registry_that_is_down_is_named(images: Images) -> None:
    with pytest.raises(Unavailable, match="connection refused"):
        await images.pull("127.0.0.1:9/nope", auth=None, progress=lambda _: None)


async def test_an_image_in_use_keeps_its_last_name(images: Images, archive: bytes) -> None:
    await load(images, archive)
    images.in_use = lambda _: [("f" * 64, False)]
    with pytest.raises(
        Conflict, match=r'unable to remove repository reference "busybox" \(must force\) - container ffff'
    ):
        images.remove("busybox")
    image_id = (await images.resolve("busybox")).id
    with pytest.raises(Conflict, match=r"must be forced\) - image is being used by stopped container ffff"):
        images.remove(image_id)
    images.in_use = lambda _: [("f" * 64, True)]
    with pytest.raises(Conflict, match=r"cannot be forced\) - image is being used by running container"):
        images.remove(image_id, force=True)
    assert images.count() == 1


async def test_removing_by_name_deletes_the_image_and_its_layers(images: Images, archive: bytes) -> None:
    await load(images, archive)
    removed = images.remove("busybox")
    assert removed[0] == {"Untagged": "busybox:latest"}
    assert sum("Deleted" in item for item in removed) == 4
    with pytest.raises(NotFound, match="No such image: busybox:latest"):
        await images.resolve("busybox")


async def test_an_image_survives_a_restart_of_the_daemon(images: Images, archive: bytes, tmp_path: Path) -> None:
    await load(images, archive)
    again = await opened(tmp_path / "root", None)
    assert again.inspect("busybox") == images.inspect("busybox")
    assert [image["RepoTags"] for image in again.list_wire(Filters())] == [["busybox:latest"]]


async def test_an_import_takes_dockerfile_changes(images: Images) -> None:
    image_id = await images.import_(
        stream(busybox_layer()),
        repository="made",
        tag="1",
        message="by hand",
        changes=["CMD ls", "ENV a=b", "EXPOSE 80"],
    )
    inspected = images.inspect("made:1")
    assert inspected["Id"] == image_id
    assert inspected["Config"] == {"Cmd": ["/bin/sh", "-c", "ls"], "Env": ["a=b"], "ExposedPorts": {"80/tcp": {}}}


async def test_prune_takes_untagged_images_only_unless_asked(images: Images, archive: bytes) -> None:
    await load(images, archive)
    assert images.prune(Filters()) == ([], 0)
    removed, size_bytes = images.prune(Filters({"dangling": ("false",)}))
    assert removed[0] == {"Untagged": "busybox:latest"}
    assert size_bytes > 1_000_000
