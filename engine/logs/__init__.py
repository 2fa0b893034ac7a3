"""The output of containers as it lies on disk: read back, cut to size, followed. conmon writes it."""

from engine.logs.files import end_lines
from engine.logs.lines import LogPiece, LogQuery
from engine.logs.options import LogLimits, attributes, check_log_options, log_limits
from engine.logs.reader import LogReader
from engine.logs.shipping import ship
from engine.logs.sinks import Journald, Sink, Syslog

__all__ = [
    "Journald",
    "LogLimits",
    "LogPiece",
    "LogQuery",
    "LogReader",
    "Sink",
    "Syslog",
    "attributes",
    "check_log_options",
    "end_lines",
    "log_limits",
    "ship",
]
