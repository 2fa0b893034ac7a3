"""The blob store. Everything here blocks on the disk: large writes go through a thread."""

import hashlib
import os
import re
import secrets
from pathlib import Path
from types import TracebackType

from engine.errors import InvalidArgument, NotFound

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class DigestMismatch(InvalidArgument):
    """The bytes that arrived are not the bytes that were promised."""


class BlobNotFound(NotFound):
    """No blob of that digest is committed."""


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Ingest:
    """A blob being written. Leaving it as a context manager without a commit deletes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("w+b")
        self.size = 0
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)
        self.file.write(data)

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def sync(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())

    def abort(self) -> None:
        """Delete what was written; after a commit it does nothing."""
        self.file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> "Ingest":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.abort()


class ContentStore:
    """Blobs below `root`. What a daemon that died was writing is deleted when the store opens."""

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs" / "sha256"
        self._ingests = root / "ingest"
        for folder in (self._blobs, self._ingests):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for leftover in self._ingests.iterdir():
            leftover.unlink()

    def path_of(self, digest: str) -> Path:
        """Where the blob is, if it is. Raises InvalidArgument for what is no SHA-256 digest."""
        if not _DIGEST.fullmatch(digest):
            raise InvalidArgument(f"invalid digest {digest!r}: wanted sha256: and 64 hex digits")
        return self._blobs / digest[7:]

    def has(self, digest: str) -> bool:
        return self.path_of(digest).exists()

    def read(self, digest: str) -> bytes:
        """The whole blob, for small ones. Raises BlobNotFound."""
        try:
            return self.path_of(digest).read_bytes()
        except FileNotFoundError:
            raise BlobNotFound(f"blob {digest} is not here") from None

    def ingest(self) -> Ingest:
        return Ingest(self._ingests / secrets.token_hex(8))

    def commit(self, ingest: Ingest, *, expected: str | None = None) -> str:
        """Make the ingested bytes readable under their digest, and return it.

        Calling it twice with the same bytes is fine; the second copy is dropped.
        Raises DigestMismatch; the ingest is then already deleted.
        """
        if expected is not None and ingest.digest != expected:
            ingest.abort()
            raise DigestMismatch(f"expected {expected}, got {ingest.digest} after {ingest.size} bytes")
        # fsync before rename: without it a power cut can leave the right name on an empty file.
        ingest.sync()
        ingest.path.replace(self.path_of(ingest.digest))
        return ingest.digest

    def add(self, data: bytes, *, expected: str | None = None) -> str:
        """Commit `data` as one blob; raises DigestMismatch."""
        digest = digest_of(data)
        if expected in (None, digest) and self.has(digest):
            return digest
        with self.ingest() as ingest:
            ingest.write(data)
            return self.commit(ingest, expected=expected)

    def remove(self, digest: str) -> None:
        """Delete the blob; nothing there is success."""
        self.path_of(digest).unlink(missing_ok=True)

    def digests(self) -> set[str]:
        return {f"sha256:{name}" for name in os.listdir(self._blobs)}  # noqa: PTH208
