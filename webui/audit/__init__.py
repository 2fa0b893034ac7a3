"""Who did what, when, from where, with which outcome. Nobody edits what is written here."""

from webui.audit.entries import complete, record

__all__ = ["complete", "record"]
