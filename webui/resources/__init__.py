"""What the lists of containers, images, volumes and networks share: queries, kept row fragments, feeds, acting on many.

It knows lists and outcomes; what a row of a kind is and what can be done to it is each kind's own business.
"""

from webui.resources.acting import EngineRefusal, Target, act_on_each, act_on_one, engine_call
from webui.resources.allowed import Allowed, allowed_in, narrowed
from webui.resources.asked import Asked, asked_of
from webui.resources.feed import RowsFeed, Shown, list_messages, stamp_of
from webui.resources.fragments import Shelf
from webui.resources.layouts import Layout, arranged, forget_layout, keep_layout, layout_of, written
from webui.resources.opened import Opened, allowed_among, opened
from webui.resources.query import (
    HELD,
    ListQuery,
    Window,
    count_shows,
    list_url,
    natural,
    next_url,
    read_query,
    select_rows,
    window_of,
)
from webui.resources.refusals import refusal_words
from webui.resources.saved_views import (
    NameTaken,
    default_view,
    held_params,
    held_query,
    remove_view,
    rename_view,
    save_view,
    set_default,
    views_of,
    without_columns,
)
from webui.resources.staleness import note_of, stale_html, stale_words, unknown

__all__ = [
    "HELD",
    "Allowed",
    "Asked",
    "EngineRefusal",
    "Layout",
    "ListQuery",
    "NameTaken",
    "Opened",
    "RowsFeed",
    "Shelf",
    "Shown",
    "Target",
    "Window",
    "act_on_each",
    "act_on_one",
    "allowed_among",
    "allowed_in",
    "arranged",
    "asked_of",
    "count_shows",
    "default_view",
    "engine_call",
    "forget_layout",
    "held_params",
    "held_query",
    "keep_layout",
    "layout_of",
    "list_messages",
    "list_url",
    "narrowed",
    "natural",
    "next_url",
    "note_of",
    "opened",
    "read_query",
    "refusal_words",
    "remove_view",
    "rename_view",
    "save_view",
    "select_rows",
    "set_default",
    "stale_html",
    "stale_words",
    "stamp_of",
    "unknown",
    "views_of",
    "window_of",
    "without_columns",
    "written",
]
