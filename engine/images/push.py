"""Pushing: every layer the registry has not, compressed on the way; then config and manifest."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from isal import isal_zlib
from msgspec import Struct

from engine.content import ContentStore, digest_of
from engine.errors import EngineError, NotFound
from engine.images.distribution import KnownBlobs
from engine.images.model import Image
from engine.images.progress import Meter, Progress, status
from engine.images.store import ImageStore
from engine.images.unpacking import all_or_none
from engine.layers import Layer, Layers
from engine.registry import Blob, Reference, RegistryClient

_UPLOADS = 5
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
_PIECE = 1 << 20
_POOL = ThreadPoolExecutor(4, "compress")


class Pusher(Struct, frozen=True):
    store: ImageStore
    content: ContentStore
    layers: Layers
    known_blobs: KnownBlobs

    async def push(self, client: RegistryClient, reference: Reference, image: Image, progress: Progress) -> None:
        """Push one tag. Raises Unauthorized, Forbidden, Unavailable; the tag is then as it was."""
        lineage = self.layers.lineage(image.chain_id)
        for layer in reversed(lineage):
            progress(status("Preparing", layer.diff_id[7:19]))
        slots = asyncio.Semaphore(_UPLOADS)
        blobs: dict[str, Blob] = {}

        async def send(layer: Layer) -> None:
            if slots.locked():
                progress(status("Waiting", layer.diff_id[7:19]))
            async with slots:
                blobs[layer.chain_id] = await self._layer(client, reference, layer, progress)

        with self.layers.lease() as lease:
            lease.chain_ids.update(layer.chain_id for layer in lineage)
            await all_or_none([send(layer) for layer in reversed(lineage)])
            config = self.content.read(image.id)
            if await client.has_blob(image.id) is None:
                await (await client.upload_blob(_once(config))).finish(image.id)
        body = _manifest(image.id, len(config), [blobs[layer.chain_id] for layer in lineage])
        tag = reference.tag or "latest"
        await client.put_manifest(tag, body, _MANIFEST)
        digest = digest_of(body)
        self.store.refer(reference.with_digest(digest), image.id)
        progress({"status": f"{tag}: digest: {digest} size: {len(body)}"})
        progress({"progressDetail": {}, "aux": {"Tag": tag, "Digest": digest, "Size": len(body)}})

    async def _layer(self, client: RegistryClient, reference: Reference, layer: Layer, progress: Progress) -> Blob:
        short = layer.diff_id[7:19]
        known = self.known_blobs.of(layer.diff_id)
        for blob in dict.fromkeys(known.values()):
            if await client.has_blob(blob.digest) is not None:
                progress(status("Layer already exists", short))
                self.known_blobs.add(layer.diff_id, reference.repository, blob)
                return blob
        for repository, blob in known.items():
            domain, _, path = repository.partition("/")
            if domain == reference.domain and path != reference.path and await _mount(client, blob, path):
                progress(status(f"Mounted from {path}", short))
                self.known_blobs.add(layer.diff_id, reference.repository, blob)
                return blob
        compression = _Compression(self.layers.tar(layer.chain_id), layer)
        meter = Meter(progress, "Pushing", layer=short, total=layer.tar_bytes)
        upload = await client.upload_blob(compression.run(meter))
        blob = compression.blob()
        await upload.finish(blob.digest)
        self.known_blobs.add(layer.diff_id, reference.repository, blob)
        progress(status("Pushed", short))
        return blob


async def _mount(client: RegistryClient, blob: Blob, path: str) -> bool:
    try:
        return await client.mount_blob(blob.digest, path)
    except (NotFound, EngineError):
        return False  # then the bytes are sent, which needs no right on the other repository


class _Compression:
    """A layer's tar as gzip, compressed in a thread while the piece before is on its way."""

    def __init__(self, tar: Iterator[bytes], layer: Layer) -> None:
        self._tar = tar
        self._layer = layer
        self._plain = hashlib.sha256()
        self._packed = hashlib.sha256()
        self._size = 0
        self._deflate = isal_zlib.compressobj(2, isal_zlib.DEFLATED, 31)

    async def run(self, meter: Meter) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        ahead = loop.run_in_executor(_POOL, self._next)
        while True:
            data, count = await ahead
            if not count:
                break
            ahead = loop.run_in_executor(_POOL, self._next)
            meter.add(count)
            if data:
                yield data
        if data:
            yield data

    def _next(self) -> tuple[bytes, int]:
        """Compressed bytes, and of how many plain ones; (rest, 0) is the end."""
        packed: list[bytes] = []
        count = 0
        for piece in self._tar:
            self._plain.update(piece)
            packed.append(self._deflate.compress(piece))
            count += len(piece)
            if count >= _PIECE:
                break
        if not count:
            packed.append(self._deflate.flush())
            if f"sha256:{self._plain.hexdigest()}" != self._layer.diff_id:
                raise EngineError(f"layer {self._layer.diff_id} on disk is not what it was: pull or load it again")
        data = b"".join(packed)
        self._packed.update(data)
        self._size += len(data)
        return data, count

    def blob(self) -> Blob:
        return Blob(f"sha256:{self._packed.hexdigest()}", self._size, _LAYER)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _manifest(config_digest: str, config_size: int, layers: Sequence[Blob]) -> bytes:
    """Image manifest version 2, schema 2, laid out as docker does."""
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {"mediaType": _CONFIG, "size": config_size, "digest": config_digest},
        "layers": [{"mediaType": _docker_type(blob), "size": blob.size, "digest": blob.digest} for blob in layers],
    }
    return json.dumps(document, indent=3).encode()


def _docker_type(blob: Blob) -> str:
    """A manifest of docker's kind names its layers by docker's names; zstd has only OCI's."""
    return blob.media_type if blob.media_type.endswith("+zstd") else _LAYER
