"""The streams of a process, shared by everyone who is attached to it."""

from engine.attach.keys import DEFAULT_DETACH_KEYS, DetachKeys, parse_detach_keys
from engine.attach.session import AttachSession
from engine.attach.stdio import Stdio

__all__ = ["DEFAULT_DETACH_KEYS", "AttachSession", "DetachKeys", "Stdio", "parse_detach_keys"]
