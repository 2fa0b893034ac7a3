"""An image as this host has it."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from engine.layers import chain_ids


class ImageUse(Struct, frozen=True):
    """A container that was made from an image."""

    container_id: str
    is_running: bool


class Image(Struct, frozen=True):
    """`document` is the whole image config (OCI image spec, config.md); `config` its part for containers."""

    id: str
    document: Mapping[str, Any]
    repo_tags: Sequence[str] = ()
    repo_digests: Sequence[str] = ()
    size_bytes: int = 0
    last_tagged_ns: int = 0
    parent: str = ""

    @property
    def config(self) -> Mapping[str, Any]:
        return self.document.get("config") or {}

    @property
    def labels(self) -> Mapping[str, str]:
        return self.config.get("Labels") or {}

    @property
    def created(self) -> str:
        return str(self.document.get("created") or "0001-01-01T00:00:00Z")

    @property
    def diff_ids(self) -> list[str]:
        return list((self.document.get("rootfs") or {}).get("diff_ids") or [])

    @property
    def chain_id(self) -> str | None:
        """Its topmost layer; None for an image without layers."""
        chain = chain_ids(self.diff_ids)
        return chain[-1] if chain else None

    @property
    def short_id(self) -> str:
        return self.id[7:19]
