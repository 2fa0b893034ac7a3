"""What the lists of containers, images, volumes and networks share: queries, kept row fragments, feeds, acting on many.

It knows lists and outcomes; what a row of a kind is and what can be done to it is each kind's own business.
"""

from webui.resources.acting import EngineRefusal, Target, act_on_each, engine_call
from webui.resources.allowed import Allowed, allowed_in
from webui.resources.asked import Asked, asked_of
from webui.resources.feed import RowsFeed, Shown, stamp_of
from webui.resources.fragments import Shelf
from webui.resources.opened import Opened, allowed_among, opened
from webui.resources.query import (
    ListQuery,
    count_shows,
    list_url,
    natural,
    next_url,
    read_query,
    select_rows,
    window_of,
)
from webui.resources.refusals import refusal_words
from webui.resources.staleness import note_of, stale_words, unknown

__all__ = [
    "Allowed",
    "Asked",
    "EngineRefusal",
    "ListQuery",
    "Opened",
    "RowsFeed",
    "Shelf",
    "Shown",
    "Target",
    "act_on_each",
    "allowed_among",
    "allowed_in",
    "asked_of",
    "count_shows",
    "engine_call",
    "list_url",
    "natural",
    "next_url",
    "note_of",
    "opened",
    "read_query",
    "refusal_words",
    "select_rows",
    "stale_words",
    "stamp_of",
    "unknown",
    "window_of",
]
