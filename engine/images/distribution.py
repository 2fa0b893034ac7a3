"""Under which digests registries know our layers: what saves a push from sending them again."""

from dataclasses import asdict
from pathlib import Path

import orjson

from engine.linux.files import write_atomically
from engine.registry import Blob

_KEPT = 16


class KnownBlobs:
    """One small file per layer, keyed by diff id: repository -> blob."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

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

    def forget(self, diff_id: str) -> None:
        self._path(diff_id).unlink(missing_ok=True)
