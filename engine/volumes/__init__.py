"""Named storage that outlives containers: where it is, what it is made of, who uses it."""

from engine.volumes.store import Volume, VolumeStore

__all__ = ["Volume", "VolumeStore"]
