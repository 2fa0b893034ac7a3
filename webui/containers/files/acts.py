"""Answering "do this to these files": the dialogs that ask for a name or a mode, what a removal takes, how it went."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webui.containers.files.archive import Archive, TookTooLong
from webui.containers.files.changes import Files, kind_words
from webui.containers.files.entries import Kind
from webui.containers.files.listing import Listing
from webui.containers.files.names import check_name, joined, read_name, shown, written
from webui.containers.files.page import Place, names_asked
from webui.pages import Outcome, Preview, PreviewLine, go, outcome, preview
from webui.pages.formats import size
from webui.resources import EngineRefusal, refusal_words

# A preview is waited for: what is not counted by then is said to be more.
_COUNT_TIME_S: Final = 4.0
_MOST_LINES: Final = 50
# Each is a field of the form that confirms it.
_MOST_AT_ONCE: Final = 500
Every = Callable[[], Listing]
_BITS: Final = (
    ("owner", 0o400, 0o200, 0o100), ("group", 0o040, 0o020, 0o010), ("others", 0o004, 0o002, 0o001),
)  # fmt: skip
_SPECIAL_BITS: Final = (0o4000, 0o2000, 0o1000)


def answer(request: HttpRequest, files: Files, place: Place, every: Every) -> HttpResponse:
    """`every` lists the folder, for what is meant to be done to all of it.

    Raises LookupError for an action that there is not, ValueError for a name that none can be."""
    form = request.POST
    act = _ACTS.get(form.get("action", ""))
    if act is None:
        raise LookupError(_("There is no action “%s” here.") % form.get("action", ""))
    return act(request, files, place, every)


def _folder(request: HttpRequest, files: Files, place: Place, _every: Every) -> HttpResponse:
    def make(name: str) -> HttpResponse:
        files.make_folder(place.path, name)
        return outcome(request, [Outcome(written(name), shown(name), is_done=True)], done=_("Made"))

    return _named(request, place, title=_("New folder"), do=_("Make it"), act=make)


def _file(request: HttpRequest, files: Files, place: Place, _every: Every) -> HttpResponse:
    def make(name: str) -> HttpResponse:
        files.make_file(place.path, name)
        return go(request, place.url("file", path=written(joined(place.path, name))))

    return _named(request, place, title=_("New file"), do=_("Make and open it"), act=make)


def _rename(request: HttpRequest, files: Files, place: Place, _every: Every) -> HttpResponse:
    old = _name(request.POST)

    def rename(name: str) -> HttpResponse:
        files.rename(place.path, old, name)
        return outcome(request, [Outcome(written(old), shown(old), True, shown(name))], done=_("Renamed"))

    title = _("Rename %s") % shown(old)
    return _named(
        request, place, title=title, do=_("Rename"), act=rename, item=old, value=old if old.isprintable() else ""
    )


def _named(
    request: HttpRequest, place: Place, *, title: str, do: str, act: Callable[[str], HttpResponse], item: str = "",
    value: str = "",
) -> HttpResponse:  # fmt: skip
    """A dialog that asks for a name, then `act` with it; what is wrong with it stands in the dialog."""
    error = ""
    if "confirmed" in request.POST:
        value = request.POST.get("name", "")
        try:
            check_name(value)
            return act(value)
        except (ValueError, EngineRefusal) as problem:
            error = refusal_words(str(problem), {})
    context = {"title": title, "do": do, "value": value, "error": error, "kind": "name"}
    return _dialog(request, place, context, [item] if item else [])


def _mode(request: HttpRequest, files: Files, place: Place, _every: Every) -> HttpResponse:
    name = _name(request.POST)
    path = joined(place.path, name)
    now = mode = files.archive.stat(path).mode
    error = ""
    if "confirmed" in request.POST:
        mode = sum(int(bit) for bit in request.POST.getlist("bit") if bit.isdecimal()) & 0o7777
        try:
            files.change_mode(path, mode)
        except EngineRefusal as problem:
            error = refusal_words(str(problem), {})
        else:
            return outcome(request, [Outcome(written(name), shown(name), True, f"{mode:04o}")], done=_("Changed"))
    rows = [(_WHO[who], [(bit, bool(mode & bit)) for bit in bits]) for who, *bits in _BITS]
    special = [(bit, bool(mode & bit)) for bit in _SPECIAL_BITS]
    context = {
        "title": _("Permissions of %s") % shown(name), "do": _("Change"), "error": error, "kind": "mode",
        "rows": rows, "special": list(zip(special, _SPECIAL_WORDS, strict=True)), "mode": f"{now:04o}",
    }  # fmt: skip
    return _dialog(request, place, context, [name])


def _dialog(request: HttpRequest, place: Place, context: Mapping[str, object], names: Sequence[str]) -> HttpResponse:
    full = {
        **context,
        "action": request.POST["action"],
        "item_ids": [written(name) for name in names],
        "url": place.act_url,
        "folder": shown(place.path),
    }
    response = HttpResponse(render_to_string("containers/files/_dialog.html", full, request))
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#dialog", "innerHTML"
    return response


def _remove(request: HttpRequest, files: Files, place: Place, every: Every) -> HttpResponse:
    names = names_asked(request.POST, "id", every)
    if not names:
        raise LookupError(_("Nothing was named to act on."))
    if len(names) > _MOST_AT_ONCE:
        raise EngineRefusal(_("Remove at most %d at once, or the folder that they are in.") % _MOST_AT_ONCE)
    if "confirmed" not in request.POST:
        return preview(request, _removal(files, place, names))
    error = ""
    try:
        files.remove(place.path, names)
    except EngineRefusal as problem:
        error = str(problem)
    outcomes = [_gone(files.archive, place, name, error) for name in names]
    return outcome(request, outcomes, done=_("Removed"))


def _gone(archive: Archive, place: Place, name: str, error: str) -> Outcome:
    is_gone = not archive.is_there(joined(place.path, name))
    words = "" if is_gone else error or _("“rm” said that it was done, and it was not.")
    return Outcome(written(name), shown(name), is_gone, words)


def _removal(files: Files, place: Place, names: Sequence[str]) -> Preview:
    until = time.monotonic() + _COUNT_TIME_S
    lines, going, held, total = [], [], [], 0
    for name in names:
        mounts = files.mounts_within(joined(place.path, name))
        if mounts:
            held.append(_("%(name)s (mounted: %(mounts)s)") % {"name": shown(name), "mounts": ", ".join(mounts)})
            continue
        going.append(name)
        if len(going) <= _MOST_LINES:
            line, bytes_held = _line(files.archive, joined(place.path, name), name, until)
            lines.append(line)
            total += bytes_held
    if len(going) > _MOST_LINES:
        lines.append(PreviewLine(_("and %d more") % (len(going) - _MOST_LINES), why=_("not looked into")))
    count = len(going)
    return Preview(
        title=_("Remove %s") % shown(names[0]) if len(names) == 1 else _("Remove from %s") % shown(place.path),
        intro=_("From %(folder)s of %(name)s, for good.") % {"folder": shown(place.path), "name": place.row.name},
        lines=lines,
        do=ngettext("Remove %d entry", "Remove %d entries", count) % count,
        action="remove",
        item_ids=[written(name) for name in going],
        url=place.act_url,
        keep=_("Keep it") if len(names) == 1 else _("Keep them"),
        kept=_("Kept, because volumes or folders of the host are mounted there: %s.") % "; ".join(held) if held else "",
        sum=size(total) if count else _("Nothing can go"),
        columns=(_("Name"), _("What goes"), _("Size")),
    )


def _line(archive: Archive, path: str, name: str, until: float) -> tuple[PreviewLine, int]:
    """What is at a path, counted as long as there is time."""
    found = archive.stat(path)
    if found.kind is not Kind.FOLDER:
        line = PreviewLine(shown(name), why=kind_words(found.kind), frees=size(found.size), is_code=True)
        return line, found.size
    count, held, is_whole = -1, 0, True
    try:
        with archive.read(path, time_s=max(0.1, until - time.monotonic())) as members:
            for info in members:
                count += 1
                held += info.size
    except TookTooLong:
        is_whole = False
    inside = ngettext("folder with %d entry in it", "folder with %d entries in it", count) % max(count, 0)
    words = inside if is_whole else _("%s, and more that was not counted") % inside
    return PreviewLine(shown(name), why=words, frees=size(held) if is_whole else f"> {size(held)}", is_code=True), held


def _name(form: QueryDict) -> str:
    """Raises LookupError when nothing is named, ValueError for what is no name."""
    if "id" not in form:
        raise LookupError(_("Nothing was named to act on."))
    return read_name(form.get("id", ""))


_WHO: Final = {"owner": gettext_lazy("Owner"), "group": gettext_lazy("Group"), "others": gettext_lazy("Others")}
_SPECIAL_WORDS: Final = (
    gettext_lazy("Runs as its owner (setuid)"), _("Runs as its group, or hands its group on (setgid)"),
    gettext_lazy("Only owners remove what is in it (sticky)"),
)  # fmt: skip
_ACTS: Final = {"folder": _folder, "file": _file, "rename": _rename, "mode": _mode, "remove": _remove}
