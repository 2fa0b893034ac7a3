"""Pulling: manifest, config, then all layers, each unpacked while it still arrives."""

import asyncio
import contextlib
import platform as host_platform
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson
from msgspec import Struct

from engine.content import DigestMismatch, digest_of
from engine.errors import EngineError, Forbidden, InvalidArgument, NotFound, Unauthorized
from engine.images.byte_queue import ByteQueue
from engine.images.distribution import KnownBlobs
from engine.images.model import Image
from engine.images.progress import Meter, Progress, status
from engine.images.store import ImageStore
from engine.images.unpacking import unpack_layers
from engine.layers import Layers, open_decompressed
from engine.layers.compression import HashingReader, Source
from engine.layers.layers import UnpackedLayer
from engine.registry import Blob, Reference, RegistryClient, parse_document

_DOWNLOADS = 3
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_INDEXES = ("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json")


class RemoteImage(Struct, frozen=True):
    """`digest` is that of what the name means at the registry: the index, where there is one."""

    digest: str
    config: bytes
    layers: Sequence[Blob]


class Puller(Struct, frozen=True):
    store: ImageStore
    layers: Layers
    known_blobs: KnownBlobs

    async def pull(
        self, client: RegistryClient, reference: Reference, platform: str, progress: Progress
    ) -> tuple[Image, bool]:
        """The image, stored under its name, and whether it is new. Raises NotFound, Unauthorized, Unavailable..."""
        wanted = reference.digest or reference.tag or "latest"
        try:
            remote = await resolve_remote(client, wanted, platform)
        except (NotFound, Unauthorized, Forbidden) as error:
            raise _denied(reference, wanted, error) from error
        progress({"status": f"Pulling from {_path(reference)}", "id": wanted})
        config = orjson.loads(remote.config)
        diff_ids = (config.get("rootfs") or {}).get("diff_ids") or []
        if len(diff_ids) != len(remote.layers):
            raise InvalidArgument(f"the manifest has {len(remote.layers)} layers, the config {len(diff_ids)}")
        image_id = digest_of(remote.config)
        with self.layers.lease() as lease:
            if not self.store.has(image_id):
                await unpack_layers(
                    self.layers,
                    diff_ids,
                    lease=lease,
                    fetch=_Fetcher(client, remote.layers, progress).fetch,
                    on_done=lambda i, was_there: self._tell(remote.layers[i], was_there, progress),
                )
                await self.layers.sync()
            is_new = self._store(reference, remote, diff_ids)
        progress({"status": f"Digest: {remote.digest}"})
        return self.store.find(image_id), is_new

    @staticmethod
    def _tell(blob: Blob, was_there: bool, progress: Progress) -> None:
        progress(status("Already exists" if was_there else "Pull complete", blob.digest[7:19]))

    def _store(self, reference: Reference, remote: RemoteImage, diff_ids: Sequence[str]) -> bool:
        image = self.store.add(remote.config)
        for diff_id, blob in zip(diff_ids, remote.layers, strict=True):
            self.known_blobs.add(diff_id, reference.repository, blob)
        self.store.refer(reference.with_digest(remote.digest), image.id)
        if reference.digest:
            return False
        return self.store.refer(reference.with_default_tag(), image.id) != image.id


class _Fetcher:
    """Downloads layers, three at a time, into the unpacker."""

    def __init__(self, client: RegistryClient, blobs: Sequence[Blob], progress: Progress) -> None:
        self._client = client
        self._blobs = blobs
        self._progress = progress
        self._slots = asyncio.Semaphore(_DOWNLOADS)

    async def fetch(self, i: int, unpack: Callable[[Source], Awaitable[UnpackedLayer]]) -> UnpackedLayer:
        blob = self._blobs[i]
        layer = blob.digest[7:19]
        self._progress(status("Pulling fs layer", layer))
        if self._slots.locked():
            self._progress(status("Waiting", layer))
        async with self._slots:
            queue = ByteQueue()
            compressed = HashingReader(queue)
            is_unpacked = asyncio.Event()
            download = asyncio.create_task(self._download(blob, queue, compressed, is_unpacked))
            try:
                # Opened by the thread: the first bytes may be long in coming.
                unpacked = await unpack(_Verified(compressed, blob))
                is_unpacked.set()
                await download
            except BaseException as error:
                download.cancel()
                queue.fail(error if isinstance(error, Exception) else EngineError("the pull was cancelled"))
                await asyncio.gather(download, return_exceptions=True)
                raise
            return unpacked

    async def _download(
        self, blob: Blob, queue: ByteQueue, compressed: HashingReader, is_unpacked: asyncio.Event
    ) -> None:
        layer = blob.digest[7:19]
        meter = Meter(self._progress, "Downloading", layer=layer, total=blob.size)
        try:
            async for data in self._client.blob(blob.digest):
                meter.add(len(data))
                await queue.put(data)
        except Exception as error:
            queue.fail(error)
            raise
        queue.end()
        self._progress(status("Verifying Checksum", layer))
        self._progress(status("Download complete", layer))
        extraction = Meter(self._progress, "Extracting", layer=layer, total=blob.size)
        extraction.add(min(compressed.size_bytes, blob.size))
        while not is_unpacked.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(is_unpacked.wait(), 0.1)
            extraction.add(min(compressed.size_bytes, blob.size) - extraction.current)


class _Verified:
    """The layer's tar; its end is told only after the compressed bytes were found to be those that were promised."""

    def __init__(self, compressed: HashingReader, blob: Blob) -> None:
        self._compressed = compressed
        self._blob = blob
        self._plain: Source | None = None

    def read(self, size: int = -1, /) -> bytes:
        if self._plain is None:
            self._plain = open_decompressed(self._compressed)
        data = self._plain.read(size)
        if not data:
            self._compressed.drain()
            if self._compressed.digest != self._blob.digest:
                raise DigestMismatch(f"filesystem layer verification failed for digest {self._blob.digest}")
        return data


async def resolve_remote(client: RegistryClient, wanted: str, platform: str) -> RemoteImage:
    """What `wanted`, a tag or digest, means for `platform` (os/architecture[/variant]; "" is this host's)."""
    manifest = await client.manifest(wanted)
    digest = digest_of(manifest.body)
    if wanted.startswith("sha256:") and digest != wanted:
        raise DigestMismatch(f"manifest verification failed for digest {wanted}")
    document = parse_document(manifest.body, f"the registry, asked for the manifest of {wanted},")
    if manifest.media_type in _INDEXES or "manifests" in document:
        inner = choose(document["manifests"], platform)
        manifest = await client.manifest(inner)
        if digest_of(manifest.body) != inner:
            raise DigestMismatch(f"manifest verification failed for digest {inner}")
        document = parse_document(manifest.body, f"the registry, asked for the manifest of {wanted},")
    if document.get("schemaVersion") != 2 or "config" not in document:
        raise InvalidArgument(
            "the registry offers a manifest of schema 1, which is not supported any more: push it anew"
        )
    config = b"".join([data async for data in client.blob(document["config"]["digest"])])
    if digest_of(config) != document["config"]["digest"]:
        raise DigestMismatch(f"image config verification failed for digest {document['config']['digest']}")
    if not orjson.loads(config).get("rootfs"):
        raise InvalidArgument(f"{wanted} is no image for containers: its config is {document['config']['mediaType']}")
    layers = [Blob(layer["digest"], layer["size"], layer["mediaType"]) for layer in document["layers"]]
    return RemoteImage(digest, config, layers)


def host_architecture() -> str:
    machine = host_platform.machine()
    return _ARCHITECTURES.get(machine, machine)


def choose(manifests: Sequence[Mapping[str, Any]], platform: str) -> str:
    """The digest of the manifest for `platform`. Raises NotFound, in docker's words."""
    os_name, _, rest = (platform or f"linux/{host_architecture()}").lower().partition("/")
    architecture, _, variant = (rest or host_architecture()).partition("/")
    for manifest in manifests:
        offered = manifest.get("platform") or {}
        if (offered.get("os"), offered.get("architecture")) == (os_name, architecture) and (
            not variant or offered.get("variant") == variant
        ):
            return str(manifest["digest"])
    suffix = f"/{variant}" if variant else ""
    raise NotFound(f"no matching manifest for {os_name}/{architecture}{suffix} in the manifest list entries")


def _path(reference: Reference) -> str:
    return reference.path


def _denied(reference: Reference, wanted: str, error: EngineError) -> EngineError:
    if isinstance(error, NotFound) and error.message.startswith("manifest unknown"):
        separator = "@" if wanted.startswith("sha256:") else ":"
        return NotFound(f"manifest for {reference.familiar_name}{separator}{wanted} not found: {error.message}")
    if isinstance(error, NotFound) and error.message.startswith("no matching manifest"):
        return error
    if error.message == "no basic auth credentials":
        return type(error)(f'Head "/v2/{reference.path}/manifests/{wanted}": {error.message}')
    return NotFound(
        f"pull access denied for {reference.familiar_name}, repository does not exist or may require 'docker login': "
        f"{error.message}"
    )
