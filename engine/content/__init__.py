"""Blobs on disk, each named by the SHA-256 of its bytes.

A blob is being written (an Ingest, which no reader can see) or committed (immutable).
What a blob means is the business of images and layers.
"""

from engine.content.store import BlobNotFound, ContentStore, DigestMismatch, Ingest, digest_of

__all__ = ["BlobNotFound", "ContentStore", "DigestMismatch", "Ingest", "digest_of"]
