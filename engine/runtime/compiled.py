"""Seccomp filters that crun has compiled once, so that it need not do it again for each container.

Compiling Docker's profile is nearly half of the time that crun takes to create a container. The compiled filter is kept
under a digest of all that it was made from; a container whose filter is there is given it in an annotation instead of
the rules.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

_ANNOTATION = "run.oci.seccomp_bpf_data"


class CompiledFilters:
    """Kept in `folder`, which only root may write, and in memory. `maker` names the program that compiles."""

    def __init__(self, folder: Path, maker: str) -> None:
        self._folder = folder
        self._maker = maker.encode()
        self._known: dict[str, str] = {}

    def key(self, spec: Mapping[str, Any]) -> str | None:
        """What the filter of this spec is kept under; None when it has none."""
        rules = spec["linux"].get("seccomp")
        if rules is None or rules.get("listenerPath"):
            return None
        return hashlib.sha256(self._maker + orjson.dumps(rules, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def apply(self, spec: dict[str, Any], key: str) -> dict[str, Any] | None:
        """`spec` with the compiled filter in place of the rules; None when it has not been compiled yet."""
        encoded = self._known.get(key) or self._load(key)
        if encoded is None:
            return None
        linux = {name: value for name, value in spec["linux"].items() if name != "seccomp"}
        return spec | {"linux": linux, "annotations": {**spec.get("annotations", {}), _ANNOTATION: encoded}}

    def add(self, key: str, compiled: bytes) -> None:
        """Keep a filter; the file appears whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._folder / f".{key}"
        temporary.write_bytes(compiled)
        temporary.replace(self._folder / key)
        self._known[key] = base64.b64encode(compiled).decode()

    def _load(self, key: str) -> str | None:
        try:
            compiled = (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None
        # A filter is a list of 8-byte instructions; anything else is a file cut short by a full disk.
        if not compiled or len(compiled) % 8:
            return None
        return self._known.setdefault(key, base64.b64encode(compiled).decode())
