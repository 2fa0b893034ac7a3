"""`docker import`: one tar of a root file system becomes an image of one layer."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from engine.content import ContentStore
from engine.errors import InvalidArgument
from engine.images.archive import Slice, spool
from engine.images.model import Image
from engine.images.pull import host_architecture
from engine.images.store import ImageStore
from engine.images.unpacking import run_blocking
from engine.layers import Layers, open_decompressed

_LISTS = {"CMD": "Cmd", "ENTRYPOINT": "Entrypoint"}


async def import_tar(
    stream: AsyncIterator[bytes],
    *,
    store: ImageStore,
    content: ContentStore,
    layers: Layers,
    message: str,
    changes: Sequence[str],
) -> Image:
    """Raises InvalidArgument for a bad change or a bad tar; nothing is then left."""
    config = apply_changes({}, changes)
    path = await spool(content, stream)
    try:
        file = Slice(path.open("rb"), 0, path.stat().st_size)
        with layers.lease() as lease:
            try:
                plain = open_decompressed(file)
                unpacked = await run_blocking(lambda: layers.unpack(plain, parent=None, expected_diff_id=None))
            finally:
                file.close()
            lease.chain_ids.add(unpacked.diff_id)
            layer = await asyncio.to_thread(layers.commit, unpacked, None)
            await layers.sync()
            return store.add(_document(layer.diff_id, config, message))
    finally:
        path.unlink(missing_ok=True)


def _document(diff_id: str, config: dict[str, Any], message: str) -> bytes:
    created = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return orjson.dumps(
        {
            "architecture": host_architecture(),
            "comment": message,
            "config": config,
            "created": created,
            "history": [{"created": created, "comment": message}],
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        }
    )


def apply_changes(config: dict[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """Dockerfile instructions that change a container's configuration (import --change, commit --change)."""
    changed = dict(config)
    for change in changes:
        instruction, _, rest = change.strip().partition(" ")
        _apply(changed, instruction.upper(), rest.strip())
    return changed


def _apply(config: dict[str, Any], instruction: str, rest: str) -> None:
    if instruction in _LISTS:
        config[_LISTS[instruction]] = _words(rest)
    elif instruction in ("ENV", "LABEL"):
        _apply_pairs(config, instruction, rest)
    elif instruction in ("EXPOSE", "VOLUME"):
        key = "ExposedPorts" if instruction == "EXPOSE" else "Volumes"
        words = orjson.loads(rest) if rest.startswith("[") else rest.split()
        names = [f"{word}/tcp" if instruction == "EXPOSE" and "/" not in word else word for word in words]
        config[key] = {**(config.get(key) or {}), **{name: {} for name in names}}
    elif instruction in ("USER", "WORKDIR", "STOPSIGNAL"):
        config[{"USER": "User", "WORKDIR": "WorkingDir", "STOPSIGNAL": "StopSignal"}[instruction]] = rest
    elif instruction == "ONBUILD":
        config["OnBuild"] = [*(config.get("OnBuild") or []), rest]
    else:
        raise InvalidArgument(f"{instruction.lower()} is not a valid change command")


def _words(rest: str) -> list[str]:
    if rest.startswith("["):
        try:
            return [str(word) for word in orjson.loads(rest)]
        except orjson.JSONDecodeError:
            pass  # docker, too, takes what is no JSON for the shell form
    return ["/bin/sh", "-c", rest]


def _apply_pairs(config: dict[str, Any], instruction: str, rest: str) -> None:
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise InvalidArgument(f"{instruction} {rest}: {error}") from error
    if words and "=" not in words[0]:
        key, _, value = rest.partition(" ")
        words = [f"{key}={value.strip()}"]
    pairs = dict(word.partition("=")[::2] for word in words)
    if instruction == "LABEL":
        config["Labels"] = {**(config.get("Labels") or {}), **pairs}
        return
    kept = [item for item in config.get("Env") or [] if item.partition("=")[0] not in pairs]
    config["Env"] = [*kept, *(f"{key}={value}" for key, value in pairs.items())]
