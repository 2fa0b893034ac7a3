"""Containers: made, started, stopped, watched, removed; listed, inspected; attached to and executed in.

A container is described by a record on disk; its process belongs to the runtime's shim and outlives the daemon. The
state machine is in `model`, the moves in `lifecycle`, the making of a run in `launch`.
"""

from engine.containers.containers import Containers
from engine.containers.model import ContainerNotFound, Ended

__all__ = ["ContainerNotFound", "Containers", "Ended"]
