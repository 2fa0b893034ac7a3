"""Devices of vendors, described by files (Container Device Interface), and what they change in a container."""

from engine.cdi.edits import apply_edits
from engine.cdi.names import cdi_names, is_cdi_name
from engine.cdi.specs import CdiSpecs

__all__ = ["CdiSpecs", "apply_edits", "cdi_names", "is_cdi_name"]
