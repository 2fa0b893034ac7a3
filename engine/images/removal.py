"""Taking names and images away, under docker's rules of who stands in the way."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from engine.errors import Conflict
from engine.events import Publish
from engine.images.model import Image, ImageUse
from engine.images.store import ImageStore
from engine.layers import Layers
from engine.registry import Reference

InUse = Callable[[str], Iterable[tuple[str, bool]]]
Removed = list[dict[str, str]]


class Remover(Struct, frozen=True):
    store: ImageStore
    layers: Layers
    publish: Publish
    in_use: InUse

    def remove(self, text: str, *, force: bool) -> Removed:
        """`[{"Untagged"}, {"Deleted"}]`. Raises NotFound, or Conflict and then nothing is changed."""
        image, reference = self.store.find_with_reference(text)
        references = self.store.references_of(image.id)
        names = {name.repository for name in references}
        if reference is None:
            return self._remove_by_id(image, references, names, force=force)
        tags = [name for name in references if name.tag]
        others = [name for name in references if name != reference and (name.tag or reference.digest)]
        removed: Removed = []
        if others or (reference.tag and len(tags) > 1):
            self._untag_with_digests(reference, image, removed)
            return removed
        self._check_last_name(text, image, force=force)
        for name in [reference, *(name for name in references if name != reference)]:
            self._untag(name, image, removed)
        if self._users(image) and any(use.is_running for use in self._users(image)):
            return removed  # forced: the name is gone, the image stays with its container
        self._delete(image, removed)
        return removed

    def _check_last_name(self, text: str, image: Image, *, force: bool) -> None:
        users = self._users(image)
        if users and not force:
            raise Conflict(
                f'conflict: unable to remove repository reference "{text}" (must force) - container '
                f"{users[0].container_id[:12]} is using its referenced image {image.short_id}"
            )

    def _remove_by_id(self, image: Image, references: list[Reference], names: set[str], *, force: bool) -> Removed:
        users = self._users(image)
        running = next((use for use in users if use.is_running), None)
        if running:
            raise Conflict(
                f"conflict: unable to delete {image.short_id} (cannot be forced) - image is being used by running "
                f"container {running.container_id[:12]}"
            )
        if not force and len(names) > 1:
            raise Conflict(
                f"conflict: unable to delete {image.short_id} (must be forced) - image is referenced in multiple "
                "repositories"
            )
        if not force and len([name for name in references if name.tag]) > 1:
            raise Conflict(
                f"conflict: unable to delete {image.short_id} (must be forced) - image is referenced in multiple "
                "repositories"
            )
        if users and not force:
            raise Conflict(
                f"conflict: unable to delete {image.short_id} (must be forced) - image is being used by stopped "
                f"container {users[0].container_id[:12]}"
            )
        removed: Removed = []
        for name in references:
            self._untag(name, image, removed)
        self._delete(image, removed)
        return removed

    def _users(self, image: Image) -> list[ImageUse]:
        return [ImageUse(container_id, is_running) for container_id, is_running in self.in_use(image.id)]

    def _untag_with_digests(self, reference: Reference, image: Image, removed: Removed) -> None:
        """A repository's digests go with its last tag."""
        self._untag(reference, image, removed)
        rest = [name for name in self.store.references_of(image.id) if name.repository == reference.repository]
        if reference.tag and not any(name.tag for name in rest):
            for name in rest:
                self._untag(name, image, removed)

    def _untag(self, reference: Reference, image: Image, removed: Removed) -> None:
        self.store.forget(reference)
        removed.append({"Untagged": reference.familiar})
        self.publish("image", "untag", image.id, {"name": image.id, **image.labels})

    def _delete(self, image: Image, removed: Removed) -> None:
        self.store.remove(image.id)
        removed.append({"Deleted": image.id})
        self.publish("image", "delete", image.id, {"name": image.id, **image.labels})
        for chain_id in self.layers.collect():
            removed.append({"Deleted": chain_id})
