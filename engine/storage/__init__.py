"""Where layers and the writable layers of containers lie on disk, and how they become one root file system.

One interface, `StorageDriver`; each driver passes the same suite. What a layer holds is the business of layers.
"""

from engine.storage.driver import StagedLayer, StorageDriver, Whiteouts
from engine.storage.selection import open_driver

__all__ = ["StagedLayer", "StorageDriver", "Whiteouts", "open_driver"]
