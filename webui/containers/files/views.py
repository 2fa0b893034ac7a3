"""The files tab: a folder, a file, what is done to them, and what goes in and out."""

from functools import partial
from http import HTTPStatus
from typing import Any, Final

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webui.access import Operation, needs
from webui.containers.files import acts, downloads, editing, uploads
from webui.containers.files.archive import Archive
from webui.containers.files.changes import Files
from webui.containers.files.entries import Kind
from webui.containers.files.listing import KEPT, Listing, list_folder
from webui.containers.files.names import joined, read_path, shown, split, written
from webui.containers.files.page import ACTIONS, BULK, Place, list_page, names_asked
from webui.containers.views import row_or_404, tab
from webui.gate import HostUnreachable
from webui.pages import Outcome, host_down, outcome, render_list
from webui.pages.formats import size
from webui.pages.render import is_part, is_window, list_context
from webui.resources import EngineRefusal, Opened, opened, refusal_words

TEMPLATE: Final = "containers/files/folder.html"


@require_GET
@needs(Operation.CONTAINER_FILES_READ)
def folder_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002 - the name in the URL
    """A folder; the address of a file or a link leads on to where it is shown."""
    here = opened(request, host)
    try:
        place = place_of(request, here, id)
        if not is_window(request.GET) and (elsewhere := _elsewhere(here, place)):
            return redirect(elsewhere)
        listing = _listing(here, place, is_kept=is_window(request.GET))
    except HostUnreachable as error:
        return host_down(request, here.host, str(error), active="containers")
    except ValueError as error:
        return HttpResponseBadRequest(str(error))
    except EngineRefusal as error:
        return _problem(request, here, place, error)
    page = list_page(place, listing, params=request.GET.dict(), allowed=here.allowed((*ACTIONS, *BULK)))
    if is_part(request):
        return render_list(request, page)
    context = {**_context(here, place), **list_context(request.GET, page), "is_cut": listing.is_cut}
    return tab(request, here, place.row, tab="files", template=TEMPLATE, context=context)


def place_of(request: HttpRequest, here: Opened, container_id: str) -> Place:
    """Raises ValueError for what is no path, Http404 for what is no container."""
    path = read_path(request.GET.get("path") or "/")
    return Place(here.host.slug, row_or_404(here, container_id), path)


def _elsewhere(here: Opened, place: Place) -> str:
    """Where a path that is no folder is shown; links are resolved by the host, within the container."""
    if place.path == "/":
        return ""
    found = Archive(here, place.row.id).stat(place.path)
    if found.kind is Kind.FOLDER:
        return ""
    if found.kind is Kind.LINK:
        if not found.target or found.target == place.path:
            raise EngineRefusal(_("%s is a link that leads nowhere.") % shown(place.path))
        return place.folder_url(found.target)
    return place.url("file", path=written(place.path))


def _listing(here: Opened, place: Place, *, is_kept: bool) -> Listing:
    """Fresh, but for the further windows of a list: those go on in what the first was cut from."""
    key = (here.actor.user_id, here.host.pk, place.row.id, place.path)
    kept = KEPT.get(key) if is_kept else None
    if kept is not None:
        return kept
    listing = list_folder(here, place.row.id, place.path, is_running=place.row.state == "running")
    KEPT.put(key, listing)
    return listing


def _context(here: Opened, place: Place) -> dict[str, Any]:
    mount = next((one for one in place.row.mounts if one.target.rstrip("/") == place.path), None)
    return {
        "place": place, "crumbs_of_path": place.crumbs, "mount": mount, "path": written(place.path),
        "may_write": here.may(Operation.CONTAINER_FILES_WRITE), "is_running": place.row.state == "running",
    }  # fmt: skip


def _problem(request: HttpRequest, here: Opened, place: Place, error: EngineRefusal) -> HttpResponse:
    words = refusal_words(str(error), here.picture.container_names)
    context = {**_context(here, place), "problem": words, "up_url": place.folder_url(split(place.path)[0])}
    status = HTTPStatus.NOT_FOUND if error.is_gone else HTTPStatus.BAD_GATEWAY
    return tab(request, here, place.row, tab="files", template=TEMPLATE, context=context, status=status)


@require_POST
@needs(Operation.CONTAINER_FILES_WRITE)
def act_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here = opened(request, host)
    try:
        place = place_of(request, here, id)
        every = partial(_listing, here, place, is_kept=True)
        return acts.answer(request, Files(here, place.row), place, every)
    except HostUnreachable as error:
        return host_down(request, here.host, str(error), active="containers")
    except (LookupError, ValueError) as error:
        return HttpResponseBadRequest(str(error))
    except EngineRefusal as error:
        words = refusal_words(str(error), here.picture.container_names)
        return outcome(request, [Outcome("", shown(place.path), is_done=False, message=words)], done="")


@require_GET
@needs(Operation.CONTAINER_FILES_READ)
def file_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    """One file: what it is, and its text where it is one."""
    here = opened(request, host)
    try:
        place = place_of(request, here, id)
        archive = Archive(here, place.row.id)
        if place.path == "/" or archive.stat(place.path).kind in {Kind.FOLDER, Kind.LINK}:
            return redirect(place.folder_url(place.path))
        shown_file = editing.opened_file(archive, place.path)
    except HostUnreachable as error:
        return host_down(request, here.host, str(error), active="containers")
    except ValueError as error:
        return HttpResponseBadRequest(str(error))
    except EngineRefusal as error:
        return _problem(request, here, place, error)
    context = {**_file_context(here, place), "file": shown_file, "is_saved": "saved" in request.GET}
    return tab(request, here, place.row, tab="files", template="containers/files/file.html", context=context)


def _file_context(here: Opened, place: Place) -> dict[str, Any]:
    folder, name = split(place.path)
    url = place.url("download", path=written(folder), name=written(name))
    save_url = place.url("file-save", path=written(place.path))
    theirs = place.url("file", path=written(place.path))
    return {
        **_context(here, place),
        "name": shown(name),
        "download_url": url,
        "save_url": save_url,
        "theirs_url": theirs,
    }


@require_POST
@needs(Operation.CONTAINER_FILES_WRITE)
def save_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    """New text for a file; one that somebody changed meanwhile is not overwritten unasked."""
    here = opened(request, host)
    try:
        place = place_of(request, here, id)
    except ValueError as error:
        return HttpResponseBadRequest(str(error))
    files = Files(here, place.row)
    draft = editing.draft_of(request.POST)
    problem, clash = "", None
    try:
        clash = editing.save(files, place.path, draft)
    except (HostUnreachable, EngineRefusal) as error:
        problem = refusal_words(str(error), here.picture.container_names)
        if isinstance(error, editing.Torn):
            problem += " " + _("What is in the container now is not whole: keep your text until it is saved.")
    is_saved = not (problem or clash)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse(_said(here, place, clash, problem), status=_SAVE_STATUS[is_saved, clash is None])
    if is_saved:
        return redirect(place.url("file", path=written(place.path), saved="1"))
    context = {**_file_context(here, place), "file": editing.as_file(draft), "problem": problem, "clash": clash}
    return tab(
        request, here, place.row, tab="files", template="containers/files/file.html", context=context,
        status=_SAVE_STATUS[is_saved, clash is None],
    )  # fmt: skip


# By whether it was saved, and whether nobody was in the way.
_SAVE_STATUS: Final = {
    (True, True): HTTPStatus.OK, (False, False): HTTPStatus.CONFLICT, (False, True): HTTPStatus.UNPROCESSABLE_ENTITY,
}  # fmt: skip


def _said(here: Opened, place: Place, clash: editing.Clash | None, problem: str) -> dict[str, Any]:
    """How saving went, for the editor, which stays as it is: {saved, digest, about} or {problem, do, theirs}."""
    if clash:
        theirs = place.url("file", path=written(place.path)) if clash.is_there else ""
        return {"problem": clash.words, "do": clash.do, "theirs": theirs}
    if problem:
        return {"problem": problem}
    found = editing.opened_file(Archive(here, place.row.id), place.path)
    entry = found.entry
    about = f"{size(entry.size)} · {entry.mode_words} · {entry.uid}:{entry.gid}" if entry else ""
    return {"saved": _("Saved."), "digest": found.text.digest if found.text else "", "about": about}


@require_http_methods(["GET", "POST"])
@needs(Operation.CONTAINER_FILES_READ)
def download_view(request: HttpRequest, host: str, id: str) -> HttpResponseBase:  # noqa: A002
    """One file as it is, or what is named in a folder as tar or zip; by POST where the names are many."""
    here = opened(request, host)
    asked = request.POST if request.method == "POST" else request.GET
    archive_format = asked.get("format", "")
    try:
        place = place_of(request, here, id)
    except ValueError as error:
        return HttpResponseBadRequest(str(error))
    archive = Archive(here, place.row.id)
    try:
        names = names_asked(asked, "name", partial(_listing, here, place, is_kept=True))
        if archive_format not in {"", *downloads.FORMATS} or (not archive_format and len(names) != 1):
            raise ValueError(_("Name one file, or a format: tar or zip."))
        # Before the first byte a refusal can still be told.
        archive.stat(joined(place.path, names[0]) if names else place.path)
    except HostUnreachable as error:
        return host_down(request, here.host, str(error), active="containers")
    except ValueError as error:
        return HttpResponseBadRequest(str(error))
    except EngineRefusal as error:
        return _problem(request, here, place, error)
    pieces, filename = downloads.made(archive, place.path, names, archive_format, container=place.row.name)
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=filename) or ""}
    return StreamingHttpResponse(
        downloads.streamed(pieces), content_type="application/octet-stream", headers=headers
    )  # fmt: skip


@require_POST
@needs(Operation.CONTAINER_FILES_WRITE)
def clash_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    """Which of these names are there already: asked before an upload would replace them."""
    here = opened(request, host)
    try:
        place = place_of(request, here, id)
        wanted = uploads.names_of(request.body)
        listing = _listing(here, place, is_kept=False)
    except (ValueError, EngineRefusal, HostUnreachable) as error:
        return JsonResponse({"problem": str(error)}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    there = {entry.name: entry.kind for entry in listing.entries}
    found = [{"name": name, "is_folder": there[name] is Kind.FOLDER} for name in wanted if name in there]
    return JsonResponse({"found": found})


@require_POST
@needs(Operation.CONTAINER_FILES_WRITE)
def upload_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    """Files in one body: a line of JSON that lists them, then their bytes. Nothing is written before all has come."""
    here = opened(request, host)
    try:
        place = place_of(request, here, id)
        sent = uploads.read(request)
        Files(here, place.row).upload(place.path, sent)
    except (ValueError, EngineRefusal, HostUnreachable, OSError) as error:
        words = refusal_words(str(error), here.picture.container_names)
        return HttpResponse(
            orjson.dumps({"problem": words}), status=HTTPStatus.UNPROCESSABLE_ENTITY, content_type="application/json"
        )
    return JsonResponse({"count": len(sent)})
