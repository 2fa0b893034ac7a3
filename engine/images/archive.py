"""Archives of images: what `docker save` wrote, of any version, and OCI layouts; and our own, which is both."""

import asyncio
import hashlib
import posixpath
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from msgspec import Struct, field

from engine.content import ContentStore, digest_of
from engine.errors import InvalidArgument
from engine.images.byte_queue import ByteQueue
from engine.images.model import Image
from engine.images.progress import Meter, Progress
from engine.images.pull import choose
from engine.images.store import ImageStore
from engine.images.unpacking import unpack_layers
from engine.layers import BadArchive, Layers, open_decompressed
from engine.layers.compression import Source
from engine.layers.layers import UnpackedLayer
from engine.registry import parse_reference

_CHUNK = 1 << 20
_MAX_JSON = 16 << 20
_REFERENCE_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class PackedImage(Struct, frozen=True):
    """One image of an archive: its config, the members that are its layers, the names it had."""

    config: bytes
    layers: Sequence[str]
    tags: Sequence[str] = field(default_factory=tuple)


class Archive:
    """A tar on disk with random access to its members. Raises BadArchive for what is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._members: dict[str, tarfile.TarInfo] = {}
        try:
            with tarfile.open(path, "r:") as tar:
                for member in tar:
                    self._members[posixpath.normpath(member.name)] = member
        except tarfile.TarError as error:
            raise BadArchive(f"archive/tar: {error}") from error

    def has(self, name: str) -> bool:
        return posixpath.normpath(name) in self._members

    def _member(self, name: str) -> tarfile.TarInfo:
        name = posixpath.normpath(name)
        for _ in range(8):  # old `docker save` links a layer that two images share
            member = self._members.get(name)
            if member is None:
                raise BadArchive(f"invalid archive: {name} is missing")
            if member.isreg():
                return member
            above = posixpath.dirname(name) if member.issym() else ""
            name = posixpath.normpath(posixpath.join(above, member.linkname))
        raise BadArchive(f"invalid archive: {name} is no file")

    def size(self, name: str) -> int:
        return self._member(name).size

    def read(self, name: str) -> bytes:
        if self.size(name) > _MAX_JSON:
            raise BadArchive(f"invalid archive: {name} is over {_MAX_JSON} bytes")
        with closing(self.open(name)) as member:
            return member.read()

    def json(self, name: str) -> Any:
        try:
            return orjson.loads(self.read(name))
        except orjson.JSONDecodeError as error:
            raise BadArchive(f"invalid archive: {name}: {error}") from error

    def open(self, name: str) -> "Slice":
        member = self._member(name)
        return Slice(self._path.open("rb"), member.offset_data, member.size)


class Slice:
    """A part of a file, as a source."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self._file = file
        self._left = size
        self.on_read: Callable[[int], object] = lambda _: None
        file.seek(offset)

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        self.on_read(len(data))
        return data

    def close(self) -> None:
        self._file.close()


def images_in(archive: Archive) -> list[PackedImage]:
    """Raises BadArchive where the archive is neither docker's nor an OCI layout."""
    if archive.has("manifest.json"):
        return [
            PackedImage(archive.read(item["Config"]), item.get("Layers") or [], item.get("RepoTags") or [])
            for item in archive.json("manifest.json")
        ]
    if archive.has("index.json"):
        return [_from_layout(archive, item) for item in archive.json("index.json").get("manifests") or []]
    raise BadArchive("invalid archive: it has neither a manifest.json (docker save) nor an index.json (OCI layout)")


def _from_layout(archive: Archive, descriptor: Mapping[str, Any]) -> PackedImage:
    annotations = descriptor.get("annotations") or {}
    manifest = archive.json(_blob(descriptor["digest"]))
    if "manifests" in manifest:
        manifest = archive.json(_blob(choose(manifest["manifests"], "")))
    name = next((annotations[key] for key in _REFERENCE_NAMES if annotations.get(key)), "")
    tags = [name] if "/" in name or ":" in name else []
    layers = [_blob(layer["digest"]) for layer in manifest["layers"]]
    return PackedImage(archive.read(_blob(manifest["config"]["digest"])), layers, tags)


def _blob(digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    return f"blobs/{algorithm}/{value}"


async def spool(content: ContentStore, stream: AsyncIterator[bytes]) -> Path:
    """The archive that arrives, decompressed, as a file that the caller deletes."""
    ingest = content.ingest()
    queue = ByteQueue()
    writing = asyncio.get_running_loop().run_in_executor(None, _write, queue, ingest.file)
    try:
        async for data in stream:
            if writing.done():
                break
            await queue.put(data)
        queue.end()
        await writing
    except BaseException as error:
        queue.fail(error if isinstance(error, Exception) else ConnectionResetError("the upload was cut"))
        await asyncio.gather(writing, return_exceptions=True)
        ingest.abort()
        raise
    return ingest.path


def _write(queue: ByteQueue, file: BinaryIO) -> None:
    try:
        source = open_decompressed(queue)
        while data := source.read(_CHUNK):
            file.write(data)
    finally:
        # A loop that waits for room must not wait for a reader that is gone.
        queue.abandon()
        file.close()


class Loader(Struct, frozen=True):
    store: ImageStore
    content: ContentStore
    layers: Layers

    async def load(self, stream: AsyncIterator[bytes], progress: Progress) -> list[tuple[Image, str]]:
        """Load all images of an archive; returns each with the name it now has ("" without one)."""
        path = await spool(self.content, stream)
        try:
            archive = await asyncio.to_thread(Archive, path)
            loaded: list[tuple[Image, str]] = []
            for packed in images_in(archive):
                loaded += await self._load_one(archive, packed, progress)
            return loaded
        except (KeyError, TypeError, AttributeError) as error:
            raise BadArchive(f"invalid archive: {error!r} in its manifest") from error
        finally:
            path.unlink(missing_ok=True)

    async def _load_one(self, archive: Archive, packed: PackedImage, progress: Progress) -> list[tuple[Image, str]]:
        diff_ids = _diff_ids(packed)
        with self.layers.lease() as lease:
            await unpack_layers(
                self.layers,
                diff_ids,
                lease=lease,
                fetch=_Fetcher(archive, packed.layers, diff_ids, progress).fetch,
                on_done=lambda i, was_there: None,
            )
            await self.layers.sync()
            image = self.store.add(packed.config)
        loaded = [(self._tag(tag, image, progress), tag) for tag in packed.tags]
        for tag in packed.tags:
            progress({"stream": f"Loaded image: {parse_reference(tag).familiar}\n"})
        if not packed.tags:
            progress({"stream": f"Loaded image ID: {image.id}\n"})
        return loaded or [(image, "")]

    def _tag(self, tag: str, image: Image, progress: Progress) -> Image:
        reference = parse_reference(tag).with_default_tag()
        before = self.store.refer(reference, image.id)
        if before not in (None, image.id):
            text = (
                f"The image {reference.familiar} already exists, "
                f"renaming the old one with ID {before} to empty string\n"
            )
            progress({"stream": text})
        return self.store.find(image.id)


def _diff_ids(packed: PackedImage) -> list[str]:
    config = orjson.loads(packed.config)
    diff_ids = (config.get("rootfs") or {}).get("diff_ids") or []
    if len(diff_ids) != len(packed.layers):
        raise InvalidArgument(
            f"invalid manifest, layers length mismatch: expected {len(packed.layers)}, got {len(diff_ids)}"
        )
    return list(diff_ids)


class _Fetcher:
    def __init__(self, archive: Archive, names: Sequence[str], diff_ids: Sequence[str], progress: Progress) -> None:
        self._archive = archive
        self._names = names
        self._diff_ids = diff_ids
        self._progress = progress
        self._slots = asyncio.Semaphore(3)

    async def fetch(self, i: int, unpack: Callable[[Source], Awaitable[UnpackedLayer]]) -> UnpackedLayer:
        async with self._slots:
            layer = self._diff_ids[i][7:19]
            loop = asyncio.get_running_loop()
            meter = Meter(self._progress, "Loading layer", layer=layer, total=self._archive.size(self._names[i]))
            with closing(self._archive.open(self._names[i])) as member:
                member.on_read = partial(_call_soon, loop, meter.add)
                return await unpack(open_decompressed(member))


def _call_soon(loop: asyncio.AbstractEventLoop, report: Callable[[int], None], count: int) -> None:
    loop.call_soon_threadsafe(report, count)


def save(images: Sequence[tuple[Image, Sequence[str]]], content: ContentStore, layers: Layers) -> Iterator[bytes]:
    """A tar that docker of any version loads, and that is an OCI layout. Blocks between pieces."""
    manifest, index, repositories = [], [], dict[str, dict[str, str]]()
    written: set[str] = set()
    for image, tags in images:
        config = content.read(image.id)
        lineage = layers.lineage(image.chain_id)
        names = [_blob(layer.diff_id) for layer in lineage]
        for layer, name in zip(lineage, names, strict=True):
            if name not in written:
                written.add(name)
                yield from _layer_member(name, layer.tar_bytes, layer.diff_id, layers.tar(layer.chain_id))
        body = _oci_manifest(image.id, config, [(layer.diff_id, layer.tar_bytes) for layer in lineage])
        for name, data in ((_blob(image.id), config), (_blob(digest_of(body)), body)):
            if name not in written:
                written.add(name)
                yield _member(name, data)
        manifest.append({"Config": _blob(image.id), "RepoTags": list(tags) or None, "Layers": names})
        index += _index_entries(body, tags)
        for tag in tags:
            reference = parse_reference(tag)
            top = lineage[-1].chain_id[7:] if lineage else image.id[7:]
            repositories.setdefault(reference.familiar_name, {})[str(reference.tag)] = top
    document = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": index}
    yield _member("index.json", orjson.dumps(document))
    yield _member("manifest.json", orjson.dumps(manifest))
    yield _member("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    if repositories:
        yield _member("repositories", orjson.dumps(repositories))
    yield bytes(1024)


def _layer_member(name: str, size: int, diff_id: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield _header(name, size)
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    if f"sha256:{digest.hexdigest()}" != diff_id:
        raise BadArchive(f"layer {diff_id} on disk is not what it was: pull or load it again")
    yield bytes(-size % 512)


def _member(name: str, data: bytes) -> bytes:
    return _header(name, len(data)) + data + bytes(-len(data) % 512)


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.GNU_FORMAT)


def _oci_manifest(image_id: str, config: bytes, layers: Sequence[tuple[str, int]]) -> bytes:
    return orjson.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": image_id,
                "size": len(config),
            },
            "layers": [
                {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": diff_id, "size": size}
                for diff_id, size in layers
            ],
        }
    )


def _index_entries(body: bytes, tags: Sequence[str]) -> list[dict[str, Any]]:
    descriptor = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": digest_of(body),
        "size": len(body),
    }
    named = [(parse_reference(tag), tag) for tag in tags]
    return [
        descriptor
        | {
            "annotations": {
                "io.containerd.image.name": f"{reference.repository}:{reference.tag}",
                "org.opencontainers.image.ref.name": reference.tag,
            }
        }
        for reference, _ in named
    ] or [descriptor]
