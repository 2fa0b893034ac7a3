"""What every storage driver does.

A layer is *staged* (being filled, seen by nobody) or committed (never changed again, found by its id). A writable
layer belongs to one container and stands on committed layers. Everything here blocks: call it in a thread.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from engine.config import IdMap


class Whiteouts(Protocol):
    """How a layer says that something of the layers below is gone."""

    def hide(self, directory_fd: int, name: bytes) -> None:
        """Hide `name` of the layers below; nothing of that name is in this layer."""

    def hide_all(self, directory_fd: int, kept: frozenset[bytes]) -> None:
        """Hide all that the layers below have in this directory; `kept` are names that this layer has put there."""


class StagedLayer(Struct, frozen=True):
    """A layer being filled: `files` is its tree, `directory` all that belongs to it."""

    directory: Path
    files: Path


class StorageDriver(ABC):
    """One way of keeping layers under `root`, which it has to itself."""

    name: str
    # Whether a layer is extracted without looking at those below it, so that all can be extracted at once.
    layers_are_independent: bool
    whiteouts: Whiteouts

    @abstractmethod
    def status(self) -> list[list[str]]:
        """Pairs for `DriverStatus` of GET /info."""

    @abstractmethod
    def stage(self, parent: str | None) -> StagedLayer:
        """Begin a layer above `parent`. End it with `commit` or `abort`; what is neither is gone at the next start."""

    @abstractmethod
    def commit(self, staged: StagedLayer, layer_id: str) -> None:
        """Make the staged layer the layer `layer_id`; if that is there already, the staged one is dropped."""

    @abstractmethod
    def abort(self, staged: StagedLayer) -> None: ...

    @abstractmethod
    def has_layer(self, layer_id: str) -> bool: ...

    @abstractmethod
    def files_of(self, layer_id: str) -> Path:
        """A folder in which every file that the layer itself brought is found."""

    @abstractmethod
    def keep_only(self, layer_ids: Iterable[str]) -> None:
        """Discard every other layer: those of a daemon that died before it recorded them."""

    @abstractmethod
    def discard_layer(self, layer_id: str) -> None:
        """Take the layer out of sight at once; `empty_trash` frees its space."""

    @abstractmethod
    def create_writable(self, writable_id: str, layers: Sequence[str], id_map: IdMap | None = None) -> None:
        """Make an empty writable layer on `layers`, lowest first. Raises OSError; then nothing is left.

        With `id_map` it is for ever a container's in a user namespace: all that is seen in it belongs to mapped ids.
        """

    @abstractmethod
    def mount(self, writable_id: str, label: str = "") -> Path:
        """The merged root file system; doing it again returns the same. To SELinux its files are those of `label`."""

    @abstractmethod
    def rootfs_of(self, writable_id: str) -> Path:
        """Where `mount` shows it, also while it does not."""

    @abstractmethod
    def unmount(self, writable_id: str) -> None:
        """Nothing mounted is success."""

    @abstractmethod
    def remove_writable(self, writable_id: str) -> None:
        """Unmount and discard; nothing there is success."""

    @abstractmethod
    def writables(self) -> set[str]: ...

    @abstractmethod
    def graph_data(self, writable_id: str) -> dict[str, str] | None:
        """`GraphDriver.Data` of inspect."""

    @abstractmethod
    def image_graph_data(self, layers: Sequence[str]) -> dict[str, str] | None:
        """The same for an image of these layers, lowest first."""

    @abstractmethod
    def changes(self, writable_id: str) -> list[dict[str, Any]]:
        """What the container changed: `{"Path", "Kind"}`, 0 changed, 1 added, 2 deleted, by path."""

    @abstractmethod
    def size_rw(self, writable_id: str) -> int:
        """Bytes of the files that the container wrote."""

    @abstractmethod
    def empty_trash(self) -> None:
        """Free the space of what was discarded or left staged by a daemon that died (at start only for the latter)."""

    @abstractmethod
    def check_id_map(self, id_map: IdMap) -> None:
        """Raise OSError where writable layers cannot be mapped so."""

    def close(self) -> None:  # noqa: B027 - most have nothing that is only theirs
        """Let go of what is only for this process; what containers use stays."""

    @abstractmethod
    def recover(self) -> None:
        """At start: throw away what was staged when the last daemon died."""
