"""What a page declares: its columns, actions, chips, tabs and previews, as data.

Nothing here renders, and nothing here decides what somebody may do: whoever builds a page hands in what it may show.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.utils.functional import Promise

Text = str | Promise
Tone = Literal["good", "warning", "bad", "off", "none"]
# What names a window of a list's rows in a URL: "position:element id" of the row before it, or after it.
WINDOW_PARAMS: Final = ("after", "before")
Width = Literal["pick", "xs", "s", "m", "l", "xl", "auto", "acts"]


def _always(_row: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list.

    `sort` is the key that the URL's `sort` takes ("" means it cannot be sorted by). `width` is a step of a fixed scale
    (xs 64, s 88, m 128, l 184, xl 228 px) so that columns never move under live values; "auto" shares what is left.
    `width_px` is a width of its own in place of a step: declared, or given by its reader; 0 for none.
    """

    name: str
    label: Text
    sort: str = ""
    width: Width = "auto"
    align: Literal["start", "end"] = "start"
    hides_below: Literal["", "narrow", "wide"] = ""
    width_px: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person may do to one row, or to many.

    `operation` is a name of the gate's table ("container.stop"); the page shows the action only to those who may.
    `is_icon` puts it in the row itself as an icon button, else it stands in the row's menu. `previews` means that the
    server answers the first click with a Preview. `href_name` makes it a link to that URL name instead of a POST.
    `is_rare` puts a bulk action into the bar's menu.
    """

    name: str
    label: Text
    icon: str
    operation: str
    shown_when: Callable[[Any], bool] = _always
    is_icon: bool = False
    is_bulk: bool = False
    is_danger: bool = False
    previews: bool = False
    href_name: str = ""
    is_rare: bool = False


BulkAction = Action


@dataclass(frozen=True, slots=True)
class Chip:
    """A count beside the title that filters on click. `value` goes into the URL; "" is the one that shows all."""

    value: str
    label: Text
    count: int | None = None
    tone: Tone = "none"


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select in the list's bar, or of a view switch."""

    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class Select:
    """A select in the list's bar, beside the filter box; its `name` is a parameter of the URL."""

    name: str
    label: Text
    choices: Sequence[Choice]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """A further field in the list's bar ("datetime-local", "date"); its `name` is a parameter of the URL."""

    name: str
    label: Text
    kind: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that the filter asks for, as a chip below the box; `text` is what the box holds without it."""

    words: Text
    text: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that a filter asks for and that there is not. `offers`: (what to show, what the box then holds)."""

    words: Text
    offers: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of a detail page: a real URL of its own."""

    name: str
    label: Text
    icon: str
    url: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way back, above a title."""

    label: Text
    url: str


@dataclass(frozen=True, slots=True)
class State:
    """How something is doing: a dot in the tone's colour, and words that are coloured only where there is trouble."""

    words: Text
    tone: Tone = "none"


@dataclass(frozen=True, slots=True)
class Button:
    """A button or link in a page's head. With `action` it posts that action for `item_id`, without it is a link."""

    label: Text
    icon: str
    url: str = ""
    action: str = ""
    item_id: str = ""
    is_primary: bool = False
    is_danger: bool = False
    in_menu: bool = False


@dataclass(frozen=True, slots=True)
class Empty:
    """What stands where nothing is: what this is, why there is none, and the one thing to do next."""

    icon: str
    title: Text
    words: Text
    button: Button | None = None
    command: str = ""


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One thing that goes: its name, why it may go, and what that frees (as text with unit)."""

    name: str
    why: Text = ""
    frees: Text = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a destructive act would do, shown before it is done.

    `do` is the button's label and says the number ("Remove 4 images"). `kept` says what stays. `extra` are check boxes
    (name, label, is_checked) that go along with the confirming POST, e.g. ("volumes", "Remove its volumes too", False).
    `is_danger` is False for what destroys nothing.
    """

    title: Text
    intro: Text
    lines: Sequence[PreviewLine]
    do: Text
    action: str
    item_ids: Sequence[str]
    url: str
    keep: Text = "Keep"
    kept: Text = ""
    sum: Text = ""
    columns: tuple[Text, Text, Text] = ("Name", "Why it may go", "Frees")
    extra: Sequence[tuple[str, Text, bool]] = ()
    is_danger: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act did to one thing. `message` says what went wrong, or what was special ("already running")."""

    item_id: str
    name: str
    is_done: bool
    message: Text = ""


@dataclass(frozen=True, slots=True)
class ListPage:
    """Everything that `pages/list.html` shows of a list.

    `rows` are rendered `<tr>` fragments (safe HTML); `total` counts what the filter leaves, `all_total` everything.
    With a `layout_url` its columns can be dragged wider. `table_px` is how wide it must
    be for all of them; where that is more than there is, they are scrolled to. 0: as wide as there is room.
    `above` and `below` count what the list has beside these rows, headings too: its page is as high as all of them.
    With `next_url` alone, the rows that it leads to come as one scrolls.
    """

    title: Text
    columns: Sequence[Column]
    rows: Sequence[str]
    total: int
    all_total: int
    noun: tuple[Text, Text]
    act_url: str = ""
    live_url: str = ""
    chips: Sequence[Chip] = ()
    chip_param: str = "show"
    selects: Sequence[Select] = ()
    inputs: Sequence[Input] = ()
    bulk: Sequence[Action] = ()
    buttons: Sequence[Button] = ()
    empty: Empty | None = None
    filter_hint: Text = ""
    next_url: str = ""
    above: int = 0
    below: int = 0
    sort: str = ""
    note: Text = ""
    has_filter: bool = True
    crumbs: Sequence[Crumb] = field(default=())
    terms: Sequence["Term"] = ()
    doubts: Sequence["Doubt"] = ()
    layout_url: str = ""
    table_px: int = 0
