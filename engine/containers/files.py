"""The door to the files of containers: copied in and out, exported, committed. By reference, as all of the API."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from engine.containers.archive import Archives
from engine.containers.committing import Committer
from engine.containers.filesystem import ContainerTrees
from engine.containers.lifecycle import Lifecycle
from engine.containers.rooms import Images, Layers, Runtime, Volumes
from engine.containers.store import ContainerStore


class ContainerFiles:
    """Each method raises NotFound "No such container: REFERENCE" when there is none, and what its part raises."""

    def __init__(
        self,
        store: ContainerStore,
        lifecycle: Lifecycle,
        *,
        images: Images,
        layers: Layers,
        runtime: Runtime,
        volumes: Volumes,
    ) -> None:
        self._store = store
        trees = ContainerTrees(layers=layers, runtime=runtime, volumes=volumes)
        self._archives = Archives(trees, layers, lifecycle.tell)
        self._committer = Committer(lifecycle, images=images, layers=layers)

    async def stat_path(self, reference: str, path: str) -> dict[str, Any]:
        return await self._archives.stat(self._store.get(reference), path, reference=reference)

    def archive(
        self, reference: str, path: str
    ) -> contextlib.AbstractAsyncContextManager[tuple[Mapping[str, Any], AsyncIterator[bytes]]]:
        return self._archives.get(self._store.get(reference), path, reference=reference)

    async def extract(
        self, reference: str, path: str, stream: AsyncIterator[bytes], *, keeps_kind: bool, takes_owner: bool
    ) -> None:
        container = self._store.get(reference)
        await self._archives.put(
            container, path, stream, reference=reference, keeps_kind=keeps_kind, takes_owner=takes_owner
        )

    def export(self, reference: str) -> contextlib.AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._committer.export(self._store.get(reference))

    async def commit(self, reference: str, **about: Any) -> str:
        """See Committer.commit."""
        return await self._committer.commit(self._store.get(reference), **about)
