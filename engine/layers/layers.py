"""The layers of this host: committed ones by chain id, writable ones by container id.

On disk: the driver's folders, and per layer `layers/<hex>/layer.json` with `recipe.zst`. A layer exists when its
`layer.json` does; what else is there at start was half made and is removed. A writable layer is a symbolic link in
`writable/`, named by its container, to the chain id below it.
"""

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct, field
from msgspec.structs import asdict

from engine.config import EngineConfig, IdMap
from engine.errors import NotFound, Unavailable
from engine.layers.compression import HashingReader, Source
from engine.layers.recipe import RecipeWriter, assemble
from engine.layers.tar_reader import BadArchive, TarReader
from engine.layers.unpack import Unpacker
from engine.linux import syscalls, user_namespaces
from engine.linux.files import write_atomically
from engine.storage import StagedLayer, StorageDriver, open_driver

_NO_CHAIN = "none"  # what a container without an image stands on


class Layer(Struct, frozen=True):
    """A committed layer. `size_bytes` is the sum of its files, `tar_bytes` the length of its tar."""

    chain_id: str
    diff_id: str
    parent: str | None
    size_bytes: int
    tar_bytes: int


class LayerLease(Struct):
    """Keeps layers from being collected before the image that wants them is stored."""

    chain_ids: set[str] = field(default_factory=set)


class UnpackedLayer(Struct):
    """On disk but not yet committed. End it with `Layers.commit` or `Layers.abort`."""

    staged: StagedLayer
    diff_id: str
    size_bytes: int
    tar_bytes: int


def chain_ids(diff_ids: Sequence[str]) -> list[str]:
    """The chain id of each layer, lowest first (OCI image spec, config.md, Layer ChainID)."""
    chain: list[str] = []
    for diff_id in diff_ids:
        text = f"{chain[-1] if chain else ''} {diff_id}"
        chain.append(f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if chain else diff_id)
    return chain


class Layers:
    """The door. Call `start` first; `set_roots` hands in which chain ids are still wanted."""

    def __init__(self, config: EngineConfig) -> None:
        self._driver: StorageDriver = open_driver(config.storage_driver, config.root / "storage")
        self._id_map = config.id_map
        self._folder = config.root / "layers"
        self._writable_folder = config.root / "writable"
        self._layers: dict[str, Layer] = {}
        self._writable: dict[str, str | None] = {}
        self._leases: list[LayerLease] = []
        self._roots: Callable[[], Iterable[str]] = list
        self._has_roots = False
        self._cleaning: asyncio.Task[None] | None = None
        self._locks: dict[str, asyncio.Lock] = {}
        for folder in (self._folder, self._writable_folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def start(self) -> None:
        """Find what is on the disk, and throw away what a daemon that died has left half made."""
        await asyncio.to_thread(self._read)
        if self._id_map is not None:
            user_namespaces.check_reachable(self._folder)
            try:
                await asyncio.to_thread(self._driver.check_id_map, self._id_map)
            except OSError as error:
                raise Unavailable(
                    f"users of containers cannot be mapped on {self._driver.name}: {error}; it needs Linux 5.19 and a "
                    "file system that takes idmapped mounts, or the storage driver vfs"
                ) from error

    @property
    def driver_name(self) -> str:
        return self._driver.name

    @property
    def driver_status(self) -> list[list[str]]:
        return self._driver.status()

    @property
    def are_independent(self) -> bool:
        """Whether a layer can be unpacked before those below it are."""
        return self._driver.layers_are_independent

    def set_roots(self, roots: Callable[[], Iterable[str]]) -> None:
        """`roots` tells the topmost chain id of each image; all that they stand on is kept as well."""
        self._roots = roots
        self._has_roots = True

    def _read(self) -> None:
        self._driver.recover()
        for entry in self._folder.iterdir():
            try:
                layer = Layer(**orjson.loads((entry / "layer.json").read_bytes()))
            except (FileNotFoundError, NotADirectoryError):
                shutil.rmtree(entry, ignore_errors=True)
                continue
            if self._driver.has_layer(layer.chain_id):
                self._layers[layer.chain_id] = layer
            else:
                shutil.rmtree(entry, ignore_errors=True)
        self._driver.keep_only(self._layers)
        for path in self._writable_folder.iterdir():
            if path.is_symlink():
                chain_id = str(path.readlink())
                self._writable[path.name] = None if chain_id == _NO_CHAIN else chain_id

    def get(self, chain_id: str) -> Layer:
        """Raises NotFound."""
        try:
            return self._layers[chain_id]
        except KeyError:
            raise NotFound(f"layer {chain_id} does not exist: pull or load its image again") from None

    def has(self, chain_id: str) -> bool:
        return chain_id in self._layers

    def lineage(self, chain_id: str | None) -> list[Layer]:
        """The layer and all below it, lowest first."""
        found: list[Layer] = []
        while chain_id is not None:
            layer = self.get(chain_id)
            found.append(layer)
            chain_id = layer.parent
        return found[::-1]

    def lock(self, chain_id: str) -> asyncio.Lock:
        """Held by whoever makes this layer, so that two pulls of one image unpack it once."""
        return self._locks.setdefault(chain_id, asyncio.Lock())

    @contextlib.contextmanager
    def lease(self) -> Iterator[LayerLease]:
        lease = LayerLease()
        self._leases.append(lease)
        try:
            yield lease
        finally:
            self._leases.remove(lease)

    def unpack(self, source: Source, *, parent: str | None, expected_diff_id: str | None) -> UnpackedLayer:
        """Unpack an uncompressed tar; blocks, call it in a thread.

        Raises BadArchive for what is no layer or has another diff id, OSError; nothing is then left.
        """
        staged = self._driver.stage(parent)
        try:
            reader = HashingReader(source)
            recipe = RecipeWriter(staged.directory / "recipe.zst")
            try:
                unpacker = Unpacker(staged.files, self._driver.whiteouts, recipe, staged.directory / "shadow")
                unpacker.unpack(TarReader(reader, recipe.raw))
            finally:
                recipe.close()
            reader.drain()
            if expected_diff_id not in (None, reader.digest):
                raise BadArchive(f"layer has diff id {reader.digest}, the image's config says {expected_diff_id}")
        except BaseException:
            self._driver.abort(staged)
            raise
        return UnpackedLayer(staged, reader.digest, unpacker.size_bytes, reader.size_bytes)

    def abort(self, unpacked: UnpackedLayer) -> None:
        self._driver.abort(unpacked.staged)

    def commit(self, unpacked: UnpackedLayer, parent: str | None) -> Layer:
        """Make it a layer on `parent`; one that is there already is returned instead. Blocks."""
        below = [layer.diff_id for layer in self.lineage(parent)]
        chain_id = chain_ids([*below, unpacked.diff_id])[-1]
        if chain_id in self._layers:
            self._driver.abort(unpacked.staged)
            return self._layers[chain_id]
        layer = Layer(chain_id, unpacked.diff_id, parent, unpacked.size_bytes, unpacked.tar_bytes)
        self._driver.commit(unpacked.staged, chain_id)
        folder = self._folder / chain_id[7:]
        folder.mkdir(exist_ok=True, mode=0o700)
        write_atomically(folder / "layer.json", orjson.dumps(asdict(layer)))
        self._layers[chain_id] = layer
        return layer

    def tar(self, chain_id: str) -> Iterator[bytes]:
        """The layer's own tar, byte for byte as it came; blocks between pieces."""
        files = self._driver.files_of(chain_id)
        return assemble(files.parent / "recipe.zst", files, files.parent / "shadow")

    def image_graph_driver(self, chain_id: str | None) -> dict[str, Any]:
        names = [layer.chain_id for layer in self.lineage(chain_id)]
        return {"Name": self.driver_name, "Data": self._driver.image_graph_data(names)}

    async def sync(self) -> None:
        """Put all that was unpacked on the disk, before an image says that it is there."""
        await asyncio.to_thread(syscalls.syncfs, self._folder)

    def collect(self) -> list[str]:
        """Discard the layers that no image, container or lease stands on; returns their chain ids, topmost first."""
        if not self._has_roots:
            return []
        wanted: set[str] = set()
        leased = {chain_id for lease in self._leases for chain_id in lease.chain_ids}
        for top in {*self._roots(), *leased, *filter(None, self._writable.values())}:
            current: str | None = top
            while current is not None and current not in wanted and current in self._layers:
                wanted.add(current)
                current = self._layers[current].parent
        gone = sorted(set(self._layers) - wanted, key=lambda chain_id: -len(self.lineage(chain_id)))
        for chain_id in gone:
            self._forget(chain_id)
        if gone:
            self._clean_soon()
        return gone

    def _forget(self, chain_id: str) -> None:
        # The record goes first: a layer without one is removed at start, one without files would be missed.
        folder = self._folder / chain_id[7:]
        (folder / "layer.json").unlink(missing_ok=True)
        self._driver.discard_layer(chain_id)
        shutil.rmtree(folder, ignore_errors=True)
        del self._layers[chain_id]
        self._locks.pop(chain_id, None)

    def _clean_soon(self) -> None:
        """Free the space behind the caller's back; one at a time."""
        if self._cleaning is None or self._cleaning.done():
            self._cleaning = asyncio.create_task(asyncio.to_thread(self._driver.empty_trash))

    async def stop(self) -> None:
        """Wait for space that is being freed; what is left of it is freed at the next start."""
        if self._cleaning is not None:
            await asyncio.wait([self._cleaning], timeout=5)
        await asyncio.to_thread(self._driver.close)

    async def create_writable(self, container_id: str, chain_id: str | None, id_map: IdMap | None = None) -> None:
        """An empty writable layer for the container on the layers up to `chain_id`. Raises NotFound for those.

        With `id_map` all that is seen in it belongs to the mapped ids.
        """
        names = [layer.chain_id for layer in self.lineage(chain_id)]
        self._writable[container_id] = chain_id
        try:
            # A symbolic link is whole or not there, also after a kill or a power cut, and costs no fsync.
            record = self._writable_folder / container_id
            record.unlink(missing_ok=True)
            record.symlink_to(chain_id or _NO_CHAIN)
            if self._driver.layers_are_independent:
                self._driver.create_writable(container_id, names, id_map)  # a few mkdirs: cheaper than a thread
            else:
                await asyncio.to_thread(self._driver.create_writable, container_id, names, id_map)
        except BaseException:
            await self.remove_writable(container_id)
            raise

    async def mount(self, container_id: str, label: str = "") -> Path:
        """The container's merged root file system; mounting it again returns the same. Raises NotFound."""
        if container_id not in self._writable:
            raise NotFound(f"container {container_id} has no writable layer")
        return await asyncio.to_thread(self._driver.mount, container_id, label)

    def rootfs_of(self, container_id: str) -> Path:
        """Where `mount` mounts it."""
        return self._driver.rootfs_of(container_id)

    async def unmount(self, container_id: str) -> None:
        await asyncio.to_thread(self._driver.unmount, container_id)

    async def remove_writable(self, container_id: str) -> None:
        """Unmount and throw away; nothing there is success. Its space is freed in the background."""
        await asyncio.to_thread(self._driver.remove_writable, container_id)
        (self._writable_folder / container_id).unlink(missing_ok=True)
        self._writable.pop(container_id, None)
        self._clean_soon()

    def graph_driver(self, container_id: str) -> Mapping[str, Any]:
        return {"Name": self.driver_name, "Data": self._driver.graph_data(container_id)}

    async def changes(self, container_id: str) -> list[dict[str, Any]]:
        """`{"Path", "Kind"}`: 0 changed, 1 added, 2 deleted."""
        return await asyncio.to_thread(self._driver.changes, container_id)

    async def size_rw(self, container_id: str) -> int:
        return await asyncio.to_thread(self._driver.size_rw, container_id)

    async def restore(self, known_ids: Iterable[str]) -> None:
        """At start: remove the writable layers of containers that do not exist, and layers that nothing wants."""
        known = set(known_ids)
        for container_id in (self._driver.writables() | set(self._writable)) - known:
            await self.remove_writable(container_id)
        self.collect()
        self._clean_soon()
