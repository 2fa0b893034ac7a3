"""Who did what, when, from where, with which outcome. Nobody edits what is written here; only age removes it."""

from webui.audit.entries import complete, record, register_namer
from webui.audit.history import count_of, latest_of

__all__ = ["complete", "count_of", "latest_of", "record", "register_namer"]
