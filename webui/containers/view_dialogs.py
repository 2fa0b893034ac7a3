"""The dialog of saved views: open one, save what is shown now, rename, remove and bring back, which one opens first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from webui.access import needs_sign_in
from webui.containers import columns, listing
from webui.containers.dialog_views import in_dialog, layout_kind, user_id_of
from webui.containers.page import KIND
from webui.pages.declarations import Text
from webui.resources import (
    NameTaken,
    held_params,
    held_query,
    layout_of,
    remove_view,
    rename_view,
    save_view,
    set_default,
    views_of,
    without_columns,
    written,
)
from webui.resources.layouts import read

if TYPE_CHECKING:
    from webui.resources.models import SavedView

_CHIPS: Final[Mapping[str, Text]] = {
    listing.UPDATES: gettext_lazy("Updates"), **{condition.value: label for condition, label, _tone in columns.CHIPS},
}  # fmt: skip
_GROUPS: Final[Mapping[str, Text]] = {
    "stack": gettext_lazy("by stack"), "folded": gettext_lazy("by stack, folded"), "host": gettext_lazy("by host"),
    "none": gettext_lazy("not at all"),
}  # fmt: skip


@dataclass(slots=True)
class _Said:
    """What the dialog answers: `focus` is what somebody goes on with, "edit" the view whose name is being changed."""

    error: str = ""
    name: str = ""
    focus: str = "name"
    edited: str = ""
    removed: "SavedView | None" = None
    taken: "SavedView | None" = None
    losses: list[tuple[str, str, str]] = field(default_factory=list)


@require_http_methods(["GET", "POST"])
@needs_sign_in
def views_view(request: HttpRequest) -> HttpResponse:
    user_id = user_id_of(request)
    given = request.POST if request.method == "POST" else request.GET
    shown = held_query(given.get("query", ""))
    said = _done(user_id, request.POST, _kept(request, shown)) if request.method == "POST" else _Said()
    context = {
        "views": [(view, view.query == shown, lines_of(view.query)) for view in views_of(user_id, KIND)],
        "query": shown,
        "everywhere": layout_kind(request)[0] != KIND,
        "shown": lines_of(_kept(request, shown)),
        "keeps_columns": request.method != "POST" or "columns" in request.POST or given.get("do") != "save",
        "said": said,
    }
    status = HTTPStatus.CONFLICT if said.taken else HTTPStatus.UNPROCESSABLE_ENTITY if said.error else HTTPStatus.OK
    return in_dialog(request, "containers/_views.html", context, status=status)


def _kept(request: HttpRequest, shown: str) -> str:
    """What would be saved: what the address says, with the columns as they are where they are to be kept."""
    if request.method == "POST" and "columns" not in request.POST:
        return without_columns(shown)
    kind, by_default = layout_kind(request)
    named = held_params(shown).get("columns", "")
    layout = layout_of(user_id_of(request), kind, columns.COLUMNS, shown=by_default, named=named)
    return held_query(f"{without_columns(shown)}&columns={written(layout, columns.COLUMNS)}")


def _done(user_id: int, sent: QueryDict, kept: str) -> _Said:
    """Do what was sent, and say how that went."""
    try:
        return _change(user_id, sent, kept)
    except NameTaken as error:
        if sent.get("do") == "save":
            is_default = "default" in sent
            losses = differences(error.view.query, kept, was_first=error.view.is_default, is_first=is_default)
            return _Said(taken=error.view, losses=losses, name=sent.get("name", ""), focus="taken")
        words = _("Another view is called “%s”. Choose another name, or remove that view first.") % error.view.name
        return _Said(error=words, name=sent.get("name", ""), edited=sent.get("view", ""), focus="edit")
    except ValueError as error:
        edited = sent.get("view", "") if sent.get("do") == "rename" else ""
        return _Said(str(error), sent.get("name", ""), "edit" if edited else "name", edited)


def _change(user_id: int, sent: QueryDict, kept: str) -> _Said:
    number, name = sent.get("view", ""), sent.get("name", "")
    match sent.get("do"):
        case "save":
            save_view(user_id, KIND, name, kept, is_default="default" in sent, replaces="replaces" in sent)
        case "restore":
            save_view(user_id, KIND, name, sent.get("removed", ""), is_default="default" in sent)
        case "again":
            # Somebody would rather have another name than replace what has this one.
            return _Said(name=name if "replaces" in sent else "")
        case "default" | "edit" | "rename" | "remove" if number.isdecimal():
            return _change_one(user_id, sent, int(number))
        case _:
            raise ValueError(_("That cannot be done with a view."))
    return _Said()


def _change_one(user_id: int, sent: QueryDict, number: int) -> _Said:
    match sent.get("do"):
        case "default":
            set_default(user_id, KIND, number)
            return _Said(focus=f"default-{number}")
        case "rename":
            rename_view(user_id, KIND, number, sent.get("name", ""))
            return _Said(focus=f"edit-{number}")
        case "remove":
            return _Said(removed=remove_view(user_id, KIND, number), focus="undo")
        case _:
            return _Said(edited=str(number), focus="edit")


def lines_of(query: str) -> list[tuple[str, str]]:
    """What a view keeps, in words: what it is about, and how."""
    params = held_params(query)
    lines: list[tuple[str, str]] = []
    if text := params.get("q"):
        lines.append((_("Filter"), text))
    if show := params.get("show"):
        lines.append((_("Only"), str(_CHIPS.get(show, show))))
    if sort := params.get("sort"):
        lines.append((_("Sorted by"), _sort_words(sort)))
    if group := params.get("group"):
        lines.append((_("Grouped"), str(_GROUPS.get(group, group))))
    if params.get("fold"):
        lines.append((_("Folded"), _("some groups")))
    if named := params.get("columns"):
        lines.append((_("Columns"), ", ".join(str(one.label) for one in read(columns.COLUMNS, named).columns)))
    return lines


def _sort_words(sort: str) -> str:
    labels = {column.sort: str(column.label) for column in columns.COLUMNS if column.sort}
    label = labels.get(sort.removeprefix("-"), sort)
    return _("%s, the other way round") % label if sort.startswith("-") else label


def differences(old: str, new: str, *, was_first: bool, is_first: bool) -> list[tuple[str, str, str]]:
    """(what, as it is, as it would be) for all that a replaced view would lose or change."""
    before, after = dict(lines_of(old)), dict(lines_of(new))
    nothing = "–"  # noqa: RUF001
    changed = [
        (what, before.get(what, nothing), after.get(what, nothing))
        for what in dict.fromkeys([*before, *after])
        if before.get(what) != after.get(what)
    ]
    if not changed and held_params(old) != held_params(new):
        # The same columns, only wider; other groups folded.
        changed = [(_("Widths or folded groups"), _("as they were saved"), _("as they are now"))]
    if was_first != is_first:
        changed.append((_("Opens first"), _yes(was_first), _yes(is_first)))
    return changed


def _yes(is_so: bool) -> str:
    return _("yes") if is_so else _("no")
