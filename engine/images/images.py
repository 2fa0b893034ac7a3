"""The door of the images room. `auth` is the X-Registry-Auth header of the request."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from engine.config import EngineConfig
from engine.content import ContentStore, digest_of
from engine.errors import Conflict, EngineError, NotFound, Unauthorized
from engine.events import Publish
from engine.images import archive, wire
from engine.images.committing import Commit, commit_image
from engine.images.distribution import KnownBlobs
from engine.images.import_ import import_tar
from engine.images.model import Image
from engine.images.progress import Progress
from engine.images.pull import Puller, resolve_remote
from engine.images.push import Pusher
from engine.images.removal import Remover
from engine.images.store import ImageStore
from engine.images.wire import Filters
from engine.layers import Layers
from engine.registry import RegistryClient, parse_auth_header, parse_reference
from engine.registry.auth import credentials_of

_NEWEST = (1, 51)


def _nobody(_: str) -> Sequence[tuple[str, bool]]:
    return ()


class Images:
    """All images of this host. Methods that read answer from memory; `in_use` tells which containers use one.

    It answers with (container id, whether it runs) for an image id.
    """

    def __init__(
        self,
        config: EngineConfig,
        layers: Layers,
        publish: Publish,
        *,
        in_use: Callable[[str], Sequence[tuple[str, bool]]] = _nobody,
    ) -> None:
        self._config = config
        self._layers = layers
        self._publish = publish
        self.in_use = in_use
        self._content = ContentStore(config.root / "content")
        self._store = ImageStore(config.root / "images", self._content, layers)
        self._known_blobs = KnownBlobs(config.root / "distribution")

    async def start(self) -> None:
        """Read what is on the disk; the layers have started before."""
        await asyncio.to_thread(self._store.read)
        self._layers.set_roots(self._store.chain_tops)

    async def close(self) -> None:
        """Let what is being freed be freed."""
        await self._layers.stop()

    def count(self) -> int:
        return len(self._store)

    async def resolve(self, reference: str) -> Image:
        """By name, id or unique beginning of an id. Raises NotFound: "No such image: x:latest"."""
        return self._store.find(reference)

    def list_wire(
        self, filters: Filters, *, shared_size: bool = False, api_version: tuple[int, int] = _NEWEST
    ) -> list[dict[str, Any]]:
        """GET /images/json, newest first."""
        moments = {name: self._store.find(name) for key in ("before", "since") for name in filters.get(key)}
        images = wire.select(list(self._store), filters, moments=moments)
        images.sort(key=wire.created_at, reverse=True)
        shared = self._shared_sizes() if shared_size else {}
        return [
            wire.list_element(
                image,
                containers=-1,
                shared_size=shared.get(image.id, -1 if not shared_size else 0),
                api_version=api_version,
            )
            for image in images
        ]

    def _shared_sizes(self) -> dict[str, int]:
        lineages = {image.id: self._layers.lineage(image.chain_id) for image in self._store}
        counts: dict[str, int] = {}
        for lineage in lineages.values():
            for layer in lineage:
                counts[layer.chain_id] = counts.get(layer.chain_id, 0) + 1
        return {
            image_id: sum(layer.size_bytes for layer in lineage if counts[layer.chain_id] > 1)
            for image_id, lineage in lineages.items()
        }

    async def disk_usage(self) -> tuple[int, list[dict[str, Any]]]:
        """Bytes of all layers, and the images with `Containers` and `SharedSize` filled in."""
        shared = self._shared_sizes()
        layers = {layer.chain_id: layer for image in self._store for layer in self._layers.lineage(image.chain_id)}
        elements = [
            wire.list_element(
                image,
                containers=len(self.in_use(image.id)),
                shared_size=shared[image.id],
                api_version=_NEWEST,
            )
            for image in self._store
        ]
        return sum(layer.size_bytes for layer in layers.values()), elements

    def inspect(self, reference: str, api_version: tuple[int, int] = _NEWEST) -> dict[str, Any]:
        image = self._store.find(reference)
        return wire.inspect(image, self._layers.image_graph_driver(image.chain_id), api_version)

    def history(self, reference: str) -> list[dict[str, Any]]:
        image = self._store.find(reference)
        return wire.history(image, self._layers.lineage(image.chain_id))

    def tag(self, reference: str, repository: str, tag: str) -> None:
        """Give the image one more name; a name that meant another image moves. Raises NotFound, InvalidArgument."""
        image = self._store.find(reference)
        target = parse_reference(f"{repository}:{tag}" if tag else repository).with_default_tag()
        self._store.refer(target, image.id)
        self._publish("image", "tag", image.id, {"name": target.familiar, **image.labels})

    def remove(self, reference: str, *, force: bool = False) -> list[dict[str, str]]:
        """`[{"Untagged"}, {"Deleted"}]`; raises NotFound, Conflict."""
        return self._remover().remove(reference, force=force)

    def _remover(self) -> Remover:
        return Remover(self._store, self._layers, self._publish, self.in_use)

    def prune(self, filters: Filters) -> tuple[list[dict[str, str]], int]:
        """Remove unused images, only untagged ones unless `dangling=false`; returns what went, and its bytes."""
        filters.check_known({"dangling", "label", "label!", "until"})
        only_dangling = filters.flag("dangling", default=True)
        until = filters.until()
        before = self._layer_bytes()
        removed: list[dict[str, str]] = []
        for image in list(self._store):
            is_wanted = (only_dangling and image.repo_tags) or (until and wire.created_at(image) >= until)
            if is_wanted or not filters.match_labels(image.labels) or self.in_use(image.id):
                continue
            try:
                removed += self._remover().remove(image.id, force=True)
            except Conflict:
                continue  # a container took it in the meantime
        freed = before - self._layer_bytes()
        self._publish("image", "prune", "", {"reclaimed": str(freed)})
        return removed, freed

    def _layer_bytes(self) -> int:
        layers = {layer.chain_id: layer for image in self._store for layer in self._layers.lineage(image.chain_id)}
        return sum(layer.size_bytes for layer in layers.values())

    async def pull(self, reference: str, *, platform: str = "", auth: str | None, progress: Progress) -> Image:
        """Bring an image from its registry; progress in docker's words. Raises NotFound, Unauthorized, Unavailable."""
        wanted = parse_reference(reference).with_default_tag()
        async with RegistryClient(self._config, wanted, parse_auth_header(auth)) as client:
            puller = Puller(self._store, self._layers, self._known_blobs)
            image, is_new = await puller.pull(client, wanted, platform, progress)
        words = "Downloaded newer image for" if is_new else "Image is up to date for"
        progress({"status": f"Status: {words} {wanted.familiar}"})
        self._publish("image", "pull", wanted.familiar, {"name": wanted.familiar_name, **image.labels})
        return image

    async def push(self, reference: str, tag: str, *, auth: str | None, progress: Progress) -> None:
        """Push one tag, or all of the repository without one. Raises NotFound, Unauthorized, Forbidden..."""
        wanted = parse_reference(f"{reference}:{tag}" if tag else reference)
        known = [name for image in self._store for name in self._store.references_of(image.id)]
        wanted_names = [name for name in known if name.tag and name.repository == wanted.repository]
        progress({"status": f"The push refers to repository [{wanted.repository}]"})
        if not wanted_names:
            raise NotFound(f"An image does not exist locally with the tag: {wanted.familiar_name}")
        if wanted.tag:
            wanted_names = [name for name in wanted_names if name.tag == wanted.tag]
        if not wanted_names:
            raise NotFound(f"tag does not exist: {wanted.familiar}")
        async with RegistryClient(self._config, wanted, parse_auth_header(auth), actions="pull,push") as client:
            pusher = Pusher(self._store, self._content, self._layers, self._known_blobs)
            for name in wanted_names:
                await pusher.push(client, name, self._store.find(name.familiar), progress)
        self._publish("image", "push", wanted.familiar, {"name": wanted.familiar_name})

    async def load(self, stream: AsyncIterator[bytes], progress: Progress) -> None:
        """Load all images of an archive (docker save or OCI layout, also compressed). Raises BadArchive."""
        for image, name in await archive.Loader(self._store, self._content, self._layers).load(stream, progress):
            self._publish("image", "load", image.id, {"name": name or image.id, **image.labels})

    async def save(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        """The archive of these images. Raises NotFound before the first byte."""
        wanted: dict[str, list[str]] = {}
        for text in names:
            image, reference = self._store.find_with_reference(text)
            tags = wanted.setdefault(image.id, [])
            if reference is not None and reference.tag:
                tags.append(reference.familiar)
        images = [(self._store.find(image_id), tags) for image_id, tags in wanted.items()]
        return self._pieces(archive.save(images, self._content, self._layers), [image for image, _ in images])

    async def _pieces(self, pieces: Iterator[bytes], images: Sequence[Image]) -> AsyncIterator[bytes]:
        with self._layers.lease() as lease:
            lease.chain_ids.update(image.chain_id for image in images if image.chain_id)
            while data := await asyncio.to_thread(_gather, pieces):
                yield data
        for image in images:
            self._publish("image", "save", image.id, {"name": image.id, **image.labels})

    async def import_(
        self, stream: AsyncIterator[bytes], *, repository: str, tag: str, message: str, changes: Sequence[str]
    ) -> str:
        """An image from a tar of a root file system; returns its id."""
        target = (
            parse_reference(f"{repository}:{tag}" if tag else repository).with_default_tag() if repository else None
        )
        image = await import_tar(
            stream,
            store=self._store,
            content=self._content,
            layers=self._layers,
            message=message or "Imported from -",
            changes=changes,
        )
        if target is not None:
            self._store.refer(target, image.id)
        self._publish("image", "import", image.id, {"name": target.familiar if target else image.id})
        return image.id

    async def commit(self, pieces: Iterator[bytes], commit: Commit, *, repository: str, tag: str) -> str:
        """An image of what a container changed, `pieces` being the tar of that; returns its id.

        Raises InvalidArgument for a name that is none.
        """
        name = f"{repository}:{tag}" if tag else repository
        target = parse_reference(name).with_default_tag() if repository else None
        image = await commit_image(pieces, commit, store=self._store, layers=self._layers)
        if target is not None:
            self._store.refer(target, image.id)
            self._publish("image", "tag", image.id, {"name": target.familiar, **image.labels})
        return image.id

    async def distribution(self, reference: str, auth: str | None) -> dict[str, Any]:
        """GET /distribution/{name}/json: what the registry says of a name."""
        wanted = parse_reference(reference).with_default_tag()
        async with RegistryClient(self._config, wanted, parse_auth_header(auth)) as client:
            manifest = await client.manifest(wanted.digest or wanted.tag or "latest")
            document = orjson.loads(manifest.body)
            if "manifests" in document:
                platforms = [item["platform"] for item in document["manifests"] if item.get("platform")]
            else:
                remote = await resolve_remote(client, wanted.digest or wanted.tag or "latest", "")
                config = orjson.loads(remote.config)
                platforms = [{"architecture": config.get("architecture"), "os": config.get("os")}]
        descriptor = {
            "mediaType": manifest.media_type,
            "digest": manifest.digest or digest_of(manifest.body),
            "size": len(manifest.body),
        }
        return {"Descriptor": descriptor, "Platforms": platforms}

    async def check_credentials(self, document: Mapping[str, Any]) -> str:
        """POST /auth: "Login Succeeded". Raises Unauthorized, Unavailable."""
        address = str(document.get("serveraddress") or "docker.io")
        host = address.removeprefix("https://").removeprefix("http://").split("/")[0]
        reference = parse_reference("docker.io/x" if host == "index.docker.io" else f"{host}/x")
        try:
            async with RegistryClient(self._config, reference, credentials_of(document), actions="pull") as client:
                await client.check()
        except Unauthorized as error:
            raise Unauthorized(f"login attempt to https://{host}/v2/ failed with status: 401 Unauthorized") from error
        except EngineError:
            raise
        return "Login Succeeded"


def _gather(pieces: Iterator[bytes]) -> bytes:
    """About a megabyte at a time: a thread per piece would cost more than the piece."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= 1 << 20:
            break
    return b"".join(gathered)
