"""`quayside up`: one process that starts the others, starts again those that die, and stops all when told to."""

from webui.supervisor.up import UpOptions, up

__all__ = ["UpOptions", "up"]
