"""Who did what, when, from where, with which outcome. Nobody edits what is written here; only age removes it."""

from webui.audit.entries import complete, record, register_namer
from webui.audit.history import count_of, latest_of
from webui.audit.recordings import Recorder

__all__ = ["Recorder", "complete", "count_of", "latest_of", "record", "register_namer"]
