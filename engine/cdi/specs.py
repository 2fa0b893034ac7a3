"""The files that describe devices: where they lie, which of two counts, and what is in them.

CNCF Container Device Interface, SPEC.md: `*.json` and `*.yaml` in some folders, of which the later ones count more.
They are read anew for every container, as drivers write them when their devices come and go.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct, field

from engine.errors import InvalidArgument

log = logging.getLogger(__name__)

_LARGEST_FILE_BYTES = 16 << 20


class _Spec(Struct, frozen=True):
    """One file: the edits that each of its devices brings, and those of single ones by name."""

    kind: str
    edits: Mapping[str, Any]
    devices: Mapping[str, Mapping[str, Any]]


class _Found(Struct):
    devices: dict[str, _Spec] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)


class CdiSpecs:
    """The devices described in `folders`. Each call reads the files: it blocks."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    def kinds(self) -> set[str]:
        """`vendor.com/class` of every device."""
        return {name.partition("=")[0] for name in self.devices()}

    def devices(self) -> list[str]:
        """The full names of all devices."""
        return sorted(self._read().devices)

    def edits(self, names: Iterable[str]) -> list[Mapping[str, Any]]:
        """The `containerEdits` of these devices, those of their whole file first and once. Raises InvalidArgument."""
        found = self._read()
        wanted = list(names)
        if missing := [name for name in wanted if name not in found.devices]:
            reason = " (described more than once)" if found.ambiguous.intersection(missing) else ""
            places = ", ".join(map(str, self.folders))
            raise InvalidArgument(
                f"CDI device injection failed: unresolvable CDI devices {', '.join(missing)}{reason}: "
                f"no such device is described in {places}"
            )
        edits: list[Mapping[str, Any]] = []
        seen: list[_Spec] = []
        for name in wanted:
            spec = found.devices[name]
            if not any(spec is one for one in seen):
                seen.append(spec)
                edits.append(spec.edits)
            edits.append(spec.devices[name.partition("=")[2]])
        return edits

    def _read(self) -> _Found:
        found = _Found()
        for folder in self.folders:
            here: dict[str, _Spec] = {}
            ambiguous: set[str] = set()
            for spec in _specs_in(folder):
                for device in spec.devices:
                    name = f"{spec.kind}={device}"
                    ambiguous |= {name} & here.keys()
                    here[name] = spec
            # A later folder decides what an earlier one says; two files of one folder about one device decide nothing.
            found.devices |= here
            found.ambiguous = found.ambiguous - here.keys() | ambiguous
            for name in ambiguous:
                del found.devices[name]
        return found


def _specs_in(folder: Path) -> Iterator[_Spec]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in (".json", ".yaml", ".yml"))
    except OSError:
        return
    for path in paths:
        try:
            yield _spec(_parse(path))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("the CDI specification %s is passed over: %s", path, error)


def _parse(path: Path) -> Mapping[str, Any]:
    with path.open("rb") as file:
        data = file.read(_LARGEST_FILE_BYTES + 1)
    if len(data) > _LARGEST_FILE_BYTES:
        raise ValueError(f"it is over {_LARGEST_FILE_BYTES} bytes")
    document = orjson.loads(data) if path.suffix == ".json" else _from_yaml(data)
    if not isinstance(document, dict):
        raise TypeError("it holds no object")
    return document


def _from_yaml(data: bytes) -> Any:
    import yaml  # most hosts have no such file, and a start is quicker without

    try:
        return yaml.safe_load(data)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _spec(document: Mapping[str, Any]) -> _Spec:
    kind = str(document["kind"])
    if "/" not in kind:
        raise ValueError(f"kind {kind!r} is not vendor/class")
    devices = {str(device["name"]): device.get("containerEdits") or {} for device in document.get("devices") or ()}
    return _Spec(kind, document.get("containerEdits") or {}, devices)
