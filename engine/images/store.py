"""Which images are here and what they are called.

On disk: the config blob in the content store, `images/<hex>.json` per image, `images/references.json` for all names.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from msgspec.structs import replace

from engine.content import ContentStore
from engine.errors import InvalidArgument, NotFound
from engine.images.model import Image
from engine.layers import Layers
from engine.linux.files import write_atomically
from engine.registry import Reference, parse_reference

_HEX_PREFIX = re.compile(r"[0-9a-f]{4,64}")


class ImageStore:
    def __init__(self, root: Path, content: ContentStore, layers: Layers) -> None:
        self._folder = root
        self._content = content
        self._layers = layers
        self._images: dict[str, Image] = {}
        self._references: dict[str, str] = {}
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def read(self) -> None:
        """Find what is on the disk; half-made images are removed. Blocks."""
        path = self._folder / "references.json"
        self._references = orjson.loads(path.read_bytes()) if path.exists() else {}
        for record in self._folder.glob("[0-9a-f]*.json"):
            facts = orjson.loads(record.read_bytes())
            image_id = f"sha256:{record.stem}"
            if self._content.has(image_id):
                self._index(image_id, facts)
        self._references = {name: i for name, i in self._references.items() if i in self._images}
        for digest in self._content.digests() - set(self._images):
            self._content.remove(digest)
        for image_id in self._images:
            self._refresh(image_id)

    def _index(self, image_id: str, facts: dict[str, Any]) -> None:
        document = orjson.loads(self._content.read(image_id))
        image = Image(image_id, document, last_tagged_ns=facts["last_tagged_ns"], parent=facts["parent"])
        # A layer that is not there makes the image unusable; it is left out and its tag can be pulled again.
        if image.chain_id is None or self._layers.has(image.chain_id):
            size = sum(layer.size_bytes for layer in self._layers.lineage(image.chain_id))
            self._images[image_id] = replace(image, size_bytes=size)

    def __iter__(self) -> Iterator[Image]:
        return iter(list(self._images.values()))

    def __len__(self) -> int:
        return len(self._images)

    def chain_tops(self) -> list[str]:
        return [image.chain_id for image in self._images.values() if image.chain_id]

    def has(self, image_id: str) -> bool:
        return image_id in self._images

    def add(self, config: bytes, *, parent: str = "") -> Image:
        """Store an image whose layers are all here. The same config again is the same image. Blocks on fsync."""
        image_id = self._content.add(config)
        if image_id not in self._images:
            facts = {"last_tagged_ns": 0, "parent": parent}
            self._save(image_id, facts)
            self._index(image_id, facts)
        return self._images[image_id]

    def _save(self, image_id: str, facts: dict[str, Any]) -> None:
        write_atomically(self._folder / f"{image_id[7:]}.json", orjson.dumps(facts))

    def remove(self, image_id: str) -> None:
        (self._folder / f"{image_id[7:]}.json").unlink(missing_ok=True)
        self._content.remove(image_id)
        del self._images[image_id]

    def refer(self, reference: Reference, image_id: str) -> str | None:
        """Let the name mean the image; returns the id that it meant before."""
        name = _key(reference)
        before = self._references.get(name)
        if before == image_id:
            return before
        self._references[name] = image_id
        self._save_references()
        image = self._images[image_id]
        if reference.tag:
            image = replace(image, last_tagged_ns=time.time_ns())
            self._save(image_id, {"last_tagged_ns": image.last_tagged_ns, "parent": image.parent})
            self._images[image_id] = image
        for changed in {image_id, before} & set(self._images):
            self._refresh(str(changed))
        return before

    def forget(self, reference: Reference) -> None:
        image_id = self._references.pop(_key(reference))
        self._save_references()
        if image_id in self._images:
            self._refresh(image_id)

    def _save_references(self) -> None:
        write_atomically(self._folder / "references.json", orjson.dumps(self._references))

    def _refresh(self, image_id: str) -> None:
        found = [parse_reference(name) for name, known in self._references.items() if known == image_id]
        tags = sorted(reference.familiar for reference in found if reference.tag)
        digests = sorted(reference.familiar for reference in found if reference.digest)
        self._images[image_id] = replace(self._images[image_id], repo_tags=tags, repo_digests=digests)

    def references_of(self, image_id: str) -> list[Reference]:
        return [parse_reference(name) for name, known in sorted(self._references.items()) if known == image_id]

    def lookup(self, reference: Reference) -> Image | None:
        return self._images.get(self._references.get(_key(reference), ""))

    def find(self, text: str) -> Image:
        """By name, id, or the beginning of an id that is unique. Raises NotFound, in dockerd's words."""
        return self.find_with_reference(text)[0]

    def find_with_reference(self, text: str) -> tuple[Image, Reference | None]:
        """The image, and the name where it was found by one."""
        if text in self._images:
            return self._images[text], None
        try:
            reference = parse_reference(text).with_default_tag()
        except InvalidArgument:
            reference = None
        if reference is not None and (image := self.lookup(reference)) is not None:
            return image, replace(reference, tag=None) if reference.digest else reference
        prefix = text.removeprefix("sha256:")
        if _HEX_PREFIX.fullmatch(prefix):
            found = [image for image in self._images.values() if image.id[7:].startswith(prefix)]
            if len(found) == 1:
                return found[0], None
        raise NotFound(f"No such image: {reference.familiar if reference else text}")


def _key(reference: Reference) -> str:
    suffix = f"@{reference.digest}" if reference.digest else f":{reference.tag}"
    return f"{reference.repository}{suffix}"
