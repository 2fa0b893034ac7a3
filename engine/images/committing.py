"""From what a container changed to an image: one layer more, and a configuration."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from msgspec import Struct

from engine.images.model import Image
from engine.images.pull import host_architecture
from engine.images.store import ImageStore
from engine.images.unpacking import run_blocking
from engine.layers import Layers


class Commit(Struct, frozen=True):
    """What is said of the image that is to be made. `config` is its part for containers.

    `chain_id` are the layers that the container stands on, and `parent` their image, which may be gone by now.
    """

    config: Mapping[str, Any]
    container_id: str
    container_config: Mapping[str, Any]
    chain_id: str | None
    parent: Image | None
    comment: str = ""
    author: str = ""


async def commit_image(pieces: Iterator[bytes], commit: Commit, *, store: ImageStore, layers: Layers) -> Image:
    """Make an image of the layer whose tar `pieces` yields, in a thread. When it raises, nothing is left."""
    with layers.lease() as lease:
        if commit.chain_id:
            lease.chain_ids.add(commit.chain_id)
        source = _Pieces(pieces)
        unpacked = await run_blocking(lambda: layers.unpack(source, parent=commit.chain_id, expected_diff_id=None))
        layer = await asyncio.to_thread(layers.commit, unpacked, commit.chain_id)
        lease.chain_ids.add(layer.chain_id)
        await layers.sync()
        diff_ids = [one.diff_id for one in layers.lineage(layer.chain_id)]
        document = orjson.dumps(_document(commit, diff_ids))
        return store.add(document, parent=commit.parent.id if commit.parent else "")


def _document(commit: Commit, diff_ids: list[str]) -> dict[str, Any]:
    below: Mapping[str, Any] = commit.parent.document if commit.parent else {}
    created = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    history = list(below.get("history") or ({"created": created} for _ in diff_ids[:-1]))
    step = {
        "created": created,
        "created_by": " ".join(commit.container_config.get("Cmd") or ()),
        "author": commit.author,
        "comment": commit.comment,
    }
    kept = {key: below[key] for key in ("variant", "os.version", "os.features") if below.get(key)}
    return {
        "architecture": below.get("architecture") or host_architecture(),
        "os": below.get("os") or "linux",
        **kept,
        "author": commit.author,
        "comment": commit.comment,
        "config": commit.config,
        "container": commit.container_id,
        "container_config": commit.container_config,
        "created": created,
        "history": [*history, {key: value for key, value in step.items() if value}],
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }


class _Pieces:
    """A generator as a file; a read may give more than was asked for, which readers of tars take."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int = -1, /) -> bytes:
        return next((piece for piece in self._pieces if piece), b"")
