"""A folder as a list: its rows, columns and what can be done to each, for the page and its further windows."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from webui.access import Operation
from webui.containers.files.entries import Entry, Kind
from webui.containers.files.listing import Listing
from webui.containers.files.names import joined, read_name, shown, split, written
from webui.containers.rows import ContainerRow, Mount
from webui.pages import Action, Column, Empty, ListPage
from webui.resources import ListQuery, allowed_among, natural, next_url, read_query, select_rows, window_of

COLUMNS: Final = (
    Column("name", gettext_lazy("Name"), sort="name"),
    Column("size", gettext_lazy("Size"), sort="size", width="s", align="end"),
    Column("changed", gettext_lazy("Changed"), sort="changed", width="m"),
    Column("mode", gettext_lazy("Permissions"), width="m", hides_below="narrow"),
    Column("owner", gettext_lazy("Owner"), width="s", hides_below="wide"),
)
SORTS: Final[Mapping[str, Callable[[Entry], tuple[Any, ...]]]] = {
    "name": lambda entry: (entry.kind is not Kind.FOLDER, natural(shown(entry.name)), entry.name),
    "size": lambda entry: (-(entry.size or 0) if entry.kind is Kind.FILE else 1, entry.name),
    "changed": lambda entry: (-entry.modified, entry.name),
}
ICONS: Final = {
    Kind.FOLDER: "folder", Kind.FILE: "file", Kind.LINK: "link", Kind.DEVICE: "cpu", Kind.PIPE: "arrows-right-left",
    Kind.SOCKET: "plug",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a container, and where its pages are."""

    host: str
    row: ContainerRow
    path: str

    def url(self, page: str, /, **query: str) -> str:
        address = reverse(f"containers:{page}", kwargs={"host": self.host, "id": self.row.short_id})
        return f"{address}?{urlencode(query)}" if query else address

    def folder_url(self, path: str) -> str:
        return self.url("files") if path == "/" else self.url("files", path=written(path))

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        """(name, address) of each folder from the root to this one."""
        parts = [part for part in self.path.split("/") if part]
        paths = ["/" + "/".join(parts[: count + 1]) for count in range(len(parts))]
        return [("/", self.folder_url("/")), *((shown(split(path)[1]), self.folder_url(path)) for path in paths)]

    @property
    def act_url(self) -> str:
        return self.url("files-act", path=written(self.path))

    @property
    def upload_url(self) -> str:
        return self.url("files-upload", path=written(self.path))

    @property
    def clash_url(self) -> str:
        return self.url("files-clash", path=written(self.path))

    @property
    def download_url(self) -> str:
        return self.url("download", path=written(self.path))

    def mount_of(self, path: str) -> Mount | None:
        return next((mount for mount in self.row.mounts if mount.target.rstrip("/") == path), None)


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry together with the folder that it is in."""

    entry: Entry
    place: Place

    @property
    def name(self) -> str:
        return shown(self.entry.name)

    @property
    def path(self) -> str:
        return joined(self.place.path, self.entry.name)

    @property
    def key(self) -> str:
        """What the page knows it by."""
        return written(self.entry.name)

    @property
    def element_id(self) -> str:
        return f"f-{hashlib.blake2s(self.key.encode(), digest_size=8).hexdigest()}"

    @property
    def href(self) -> str:
        if self.entry.kind in {Kind.FOLDER, Kind.LINK}:
            return self.place.folder_url(self.path)
        return self.place.url("file", path=written(self.path)) if self.entry.kind is Kind.FILE else ""

    @property
    def mount(self) -> Mount | None:
        return self.place.mount_of(self.path)

    @property
    def target(self) -> str:
        return shown(self.entry.target)

    def url_of(self, name: str) -> str:
        """`download`, `download.tar`, `download.zip`: the address that an action leads to."""
        kind = name.partition(".")[2]
        query = {"path": written(self.place.path), "name": self.key, **({"format": kind} if kind else {})}
        return self.place.url("download", **query)


def _kind_in(*kinds: Kind) -> Callable[[ShownEntry], bool]:
    return lambda one: one.entry.kind in kinds


def _runs(one: ShownEntry) -> bool:
    return one.place.row.state == "running"


ACTIONS: Final = (
    Action("download", gettext_lazy("Download"), "download", Operation.CONTAINER_FILES_READ, is_icon=True,
           href_name="download", shown_when=_kind_in(Kind.FILE)),
    Action("download.tar", gettext_lazy("Download as tar"), "download", Operation.CONTAINER_FILES_READ,
           href_name="download.tar", shown_when=_kind_in(Kind.FOLDER, Kind.LINK)),
    Action("download.zip", gettext_lazy("Download as zip"), "file-zip", Operation.CONTAINER_FILES_READ,
           href_name="download.zip", shown_when=_kind_in(Kind.FOLDER)),
    Action("mode", gettext_lazy("Permissions"), "lock", Operation.CONTAINER_FILES_WRITE, previews=True,
           shown_when=_kind_in(Kind.FOLDER, Kind.FILE)),
    Action("rename", pgettext_lazy("a file", "Rename"), "forms", Operation.CONTAINER_FILES_WRITE, previews=True,
           shown_when=_runs),
    Action("remove", gettext_lazy("Remove"), "trash", Operation.CONTAINER_FILES_WRITE, is_danger=True, previews=True,
           shown_when=_runs),
)  # fmt: skip
# What can be done to a selection; the two downloads are sent by the page itself, as a form.
BULK: Final = (
    Action("tar", gettext_lazy("Download as tar"), "download", Operation.CONTAINER_FILES_READ, is_bulk=True),
    Action("zip", gettext_lazy("as zip"), "file-zip", Operation.CONTAINER_FILES_READ, is_bulk=True),
    Action("remove", gettext_lazy("Remove"), "trash", Operation.CONTAINER_FILES_WRITE, is_bulk=True, previews=True),
)


def query_of(params: Mapping[str, Any]) -> ListQuery:
    return read_query(params, shows=(), sorts=SORTS)


def chosen_of(listing: Listing, params: Mapping[str, Any]) -> list[Entry]:
    """What a URL's query leaves of a folder, in its order."""
    query = query_of(params)
    words = query.text.lower().split()
    return select_rows(
        listing.entries, query, matches=lambda entry: all(word in shown(entry.name).lower() for word in words),
        show_of=lambda _entry: "", sorts=SORTS,
    )  # fmt: skip


def names_asked(form: QueryDict, field: str, every: Callable[[], Listing]) -> list[str]:
    """The names that a form means: those in `field`, or with `all` every one that the page's `query` shows.

    Raises ValueError for what is no name.
    """
    if form.get("all") == "1":
        return [entry.name for entry in chosen_of(every(), QueryDict(form.get("query", "").lstrip("?")))]
    return [read_name(one) for one in dict.fromkeys(form.getlist(field))]


def list_page(place: Place, listing: Listing, *, params: Mapping[str, str], allowed: frozenset[str]) -> ListPage:
    """The page for somebody who may do `allowed`; `params` is the URL's query."""
    chosen = chosen_of(listing, params)
    window = window_of(chosen, params, key=lambda entry: ShownEntry(entry, place).element_id)
    bulk = [one for one in allowed_among(BULK, allowed) if one.name != "remove" or place.row.state == "running"]
    return ListPage(
        title=place.row.name,
        columns=COLUMNS,
        rows=[_row(ShownEntry(entry, place), allowed) for entry in window.rows],
        total=len(chosen),
        all_total=len(listing.entries),
        noun=(_("entry"), _("entries")),
        act_url=place.act_url,
        bulk=bulk,
        empty=_empty(may_write="rename" in allowed),
        filter_hint=_("Filter by name"),
        above=window.above,
        below=window.below,
        next_url=next_url(params, window.following),
        sort=query_of(params).sort,
    )


def _row(one: ShownEntry, allowed: frozenset[str]) -> str:
    actions: Sequence[Action] = allowed_among(ACTIONS, allowed)
    return render_to_string(
        "containers/files/_row.html", {"one": one, "actions": actions, "icon_name": ICONS[one.entry.kind]}
    )


def _empty(*, may_write: bool) -> Empty:
    words = _("Nothing is in this folder.")
    return Empty("folder-open", _("Empty"), f"{words} {_('Drop files here to upload them.')}" if may_write else words)
