"""Under which digests registries know our layers: what saves a push from sending them again.

It outlives the layers: what is pulled, removed, loaded and pushed again is still in the registry.
"""

import heapq
from pathlib import Path

import orjson
from msgspec.structs import asdict

from engine.linux.files import write_atomically
from engine.registry import Blob

_KEPT = 16
_KEPT_LAYERS = 4096


class KnownBlobs:
    """One small file per layer, keyed by diff id: repository -> blob. The layers seen last are kept."""

    def __init__(self, folder: Path, *, kept_layers: int = _KEPT_LAYERS) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = list(folder.iterdir())
        if (surplus := len(files) - kept_layers) > 0:
            for path in heapq.nsmallest(surplus, files, key=lambda path: path.stat().st_mtime_ns):
                path.unlink()

    def _path(self, diff_id: str) -> Path:
        return self._folder / f"{diff_id[7:]}.json"

    def of(self, diff_id: str) -> dict[str, Blob]:
        try:
            return {name: Blob(**blob) for name, blob in orjson.loads(self._path(diff_id).read_bytes()).items()}
        except FileNotFoundError:
            return {}

    def add(self, diff_id: str, repository: str, blob: Blob) -> None:
        known = self.of(diff_id)
        if known.get(repository) == blob:
            return
        known.pop(repository, None)
        newest = [*known.items(), (repository, blob)][-_KEPT:]
        write_atomically(self._path(diff_id), orjson.dumps({name: asdict(item) for name, item in newest}))
