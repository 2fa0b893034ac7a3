"""The cells of a row of the containers list, one function per column. All that comes from outside is escaped."""

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from webui.containers.filtering import written
from webui.containers.ports import Place, ports_html
from webui.containers.rows import ContainerRow, state_words
from webui.pages import State
from webui.pages.formats import ago, short_image
from webui.pages.icons import icon

_NOTHING: Final = SafeString('<span class="dim">–</span>')  # noqa: RUF001
_MOST_PORTS: Final = 2

# Where the figures of a row stand. They change every other second, so they are no part of the kept fragment: it has
# empty cells, a page that is rendered gets what is known, and from then on the page's script fills them.
EMPTY_FIGURE: Final[Mapping[str, str]] = {
    "cpu": '<td class="num gauge hides-narrow" data-figure="cpu"></td>',
    "memory": '<td class="num gauge hides-narrow" data-figure="memory"></td>',
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a cell is made of beside its row: its page, its state in words with the span in them, where its host is."""

    row: ContainerRow
    url: str
    state: State
    span: str
    place: Place


Cell = Callable[[Drawn], str]

# What a cell says, as words alone.
SPOKEN: Final[Mapping[str, Callable[[ContainerRow], str]]] = {
    "state": lambda row: state_words(row, time.time()),
    "networks": lambda row: ", ".join(f"{name} {ip}".strip() for name, ip in row.addresses),
    "volumes": lambda row: ", ".join(mount.source for mount in row.mounts if mount.kind == "volume"),
}


def _name(drawn: Drawn) -> SafeString:
    return format_html(
        '<td class="lead"><a href="{}" title="{}">{}</a></td>', drawn.url, drawn.row.name, drawn.row.name
    )


def _state(drawn: Drawn) -> SafeString:
    tone, words = drawn.state.tone, str(drawn.state.words)
    said, when = _parted(words)
    return format_html(
        '<td class="state" title="{}"><div class="fits"><span class="said"><span class="dot {}"></span>'
        '<span class="words {}">{}</span></span>{}</div></td>',
        words, tone, tone, _ageing(said, drawn) if not when else said,
        format_html('<span class="words when {}"> · {}</span>', tone, _ageing(when, drawn)) if when else "",
    )  # fmt: skip


def _parted(words: str) -> tuple[str, str]:
    """What the state is, and since when: where there is not room for both, the page leaves out the second."""
    said, dot, when = words.rpartition(" · ")
    return (said, when) if dot and (when.startswith("up ") or when.endswith(" ago")) else (words, "")


def _ageing(words: str, drawn: Drawn) -> SafeString | str:
    """The words with the span in them marked, so that the page keeps it right: `up <time>6 days</time>`."""
    since, span = drawn.row.since, drawn.span
    before, found, after = words.rpartition(span) if since is not None and span else (words, "", "")
    if since is None or not found:
        return words
    moment = datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds")
    return format_html('{}<time datetime="{}" data-span>{}</time>{}', before, moment, span, after)


def _image(drawn: Drawn) -> SafeString:
    mark = (
        format_html(
            ' <span class="mark-update" title="{}">{}{}</span>',
            _("Its registry has a newer image under this name."), icon("arrow-up-circle"), _("update"),
        )
        if drawn.row.has_update
        else _update_trouble(drawn.row)
    )  # fmt: skip
    return format_html(
        '<td class="code hides-narrow"><span title="{}">{}</span>{}</td>',
        drawn.row.image, short_image(drawn.row.image), mark,
    )  # fmt: skip


def _update_trouble(row: ContainerRow) -> SafeString:
    """Quiet: that nobody knows of a newer image is no trouble of the container's."""
    if row.update_trouble is None:
        return SafeString("")
    words = _("Whether there is a newer image is not known. %s") % row.update_trouble.words
    return format_html(' <span class="mark-unknown" title="{}">{}</span>', words, icon("cloud-question", words))


def _ports(drawn: Drawn) -> SafeString:
    shown = ports_html(drawn.row.published_ports, drawn.place, most=_MOST_PORTS)
    return format_html('<td class="hides-wide">{}</td>', shown)


def _age(drawn: Drawn) -> SafeString:
    return format_html('<td class="dim hides-wide">{}</td>', ago(drawn.row.created))


def _networks(drawn: Drawn) -> SafeString:
    words = SPOKEN["networks"](drawn.row)
    return format_html('<td class="hides-wide" title="{}">{}</td>', words, words or _NOTHING)


def _filter_link(drawn: Drawn, key: str, value: str, words: str) -> SafeString:
    url = reverse("containers:list", kwargs={"host": drawn.row.host}) if drawn.row.host else ""
    return format_html('<a href="{}?q={}">{}</a>', url, quote(written(key, value)), words)


def _stack(drawn: Drawn) -> SafeString:
    stack = drawn.row.stack
    inside = _filter_link(drawn, "stack", stack, stack) if stack else _NOTHING
    return format_html('<td class="hides-wide" title="{}">{}</td>', stack, inside)


def _text_of(read: Callable[[ContainerRow], str], classes: str) -> Cell:
    def cell(drawn: Drawn) -> SafeString:
        words = read(drawn.row)
        return format_html('<td class="{}" title="{}">{}</td>', classes, words, words or _NOTHING)

    return cell


CELLS: Final[Mapping[str, Cell]] = {
    "name": _name,
    "state": _state,
    "cpu": lambda _drawn: EMPTY_FIGURE["cpu"],
    "memory": lambda _drawn: EMPTY_FIGURE["memory"],
    "host": _text_of(lambda row: row.host_name, "hides-narrow"),
    "stack": _stack,
    "service": _text_of(lambda row: row.service, "hides-wide"),
    "image": _image,
    "ports": _ports,
    "networks": _networks,
    "volumes": _text_of(SPOKEN["volumes"], "hides-wide"),
    "command": _text_of(lambda row: row.command, "code hides-wide"),
    "owner": _text_of(lambda row: row.owner, "dim hides-wide"),
    "age": _age,
}


# What the clock changes though the container stays as it is.
TIMED: Final = frozenset({"state", "age"})
# Stands for such a cell until it is drawn. Nobody outside knows it: nothing that a container says is taken for it.
_SECRET: Final = secrets.token_hex(16)
_MARK: Final = f"<!--{_SECRET} {{}}-->"
_MARKS: Final = re.compile(f"<!--{_SECRET} ([a-z]+)-->")


def cells_html(columns: tuple[str, ...], drawn: Drawn) -> SafeString:
    """All cells, with marks where the timed ones will be."""
    # Every part was made by format_html.
    return SafeString("".join(_MARK.format(name) if name in TIMED else CELLS[name](drawn) for name in columns))


def with_timed_cells(html: str) -> Callable[[Drawn], SafeString]:
    """What puts the timed cells into a row that has marks."""
    parts = _MARKS.split(html)
    if len(parts) == 1:
        whole = SafeString(html)
        return lambda _drawn: whole

    def drawn_row(drawn: Drawn) -> SafeString:
        # By turns a piece of the row and the name of the cell that follows it.
        return SafeString("".join(CELLS[part](drawn) if place % 2 else part for place, part in enumerate(parts)))

    return drawn_row
