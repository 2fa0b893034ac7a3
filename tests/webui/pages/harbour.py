"""A small site of boats that is built of our pages and nothing else: what a browser test of the scripts looks at."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.utils.safestring import mark_safe
from django.views.static import serve

from tests.webui.pages.conftest import Boat
from webui.access import public
from webui.pages import Action, Chip, Column, ListPage, Outcome, Preview, PreviewLine, outcome, preview, render_list
from webui.pages.assets import DIST
from webui.pages.templatetags.quayside import row_actions
from webui.resources import next_url, window_of

NAMES = [f"{name}-{number}" for name in ("ada", "bea", "cleo") for number in range(1, 81)]
WINDOW = 100
SINK = Action("sink", "Sink", "trash", "boat.sink", is_bulk=True, is_danger=True, previews=True)
ACTIONS = (Action("launch", "Launch", "player-play", "boat.launch", is_icon=True, is_bulk=True), SINK)


def _pick(name: str) -> str:
    return f'<td class="pick"><input type="checkbox" class="form-check-input" aria-label="Select {name}"></td>'


def _row(name: str) -> str:
    return mark_safe(
        f'<tr id="b-{name}" data-id="{name}" data-href="/boats/?q={name}">'
        f"{_pick(name)}"
        f'<td class="lead"><a href="/boats/?q={name}">{name}</a></td><td class="state">moored</td>'
        f'<td class="acts">{row_actions(ACTIONS, Boat(name))}</td></tr>'
    )


@public
def boats(request: HttpRequest) -> HttpResponse:
    query, after, show = request.GET.get("q", ""), int(request.GET.get("after") or 0), request.GET.get("show", "")
    found = [name for name in NAMES if query in name and name.startswith(show)]
    window = found[after : after + WINDOW]
    page = ListPage(
        title="Boats",
        columns=[Column("name", "Name", sort="name", width="l"), Column("state", "State")],
        rows=[_row(name) for name in window],
        total=len(found),
        all_total=len(NAMES),
        noun=("boat", "boats"),
        act_url="/act/",
        chips=[Chip("", "All", len(NAMES)), Chip("cleo", "Cleo", 80, "good")],
        bulk=ACTIONS,
        next_url=f"?q={query}&show={show}&after={after + WINDOW}" if after + WINDOW < len(found) else "",
        sort="name",
    )
    return render_list(request, page)


# The second of them is shared to be read: nothing that is done to many can be done to it.
FLEET = [f"boat-{number:04}" for number in range(3000)]


@public
def fleet(request: HttpRequest) -> HttpResponse:
    """A long live list, which is in the page in parts."""
    window = window_of(FLEET, request.GET.dict(), key=lambda name: f"b-{name}")
    rows = [_row(name) if name != FLEET[1] else _row(name).replace(_pick(name), "") for name in window.rows]
    page = ListPage(
        title="Fleet",
        columns=[Column("name", "Name", sort="name", width="l"), Column("state", "State")],
        rows=[mark_safe(row) for row in rows],
        total=len(FLEET),
        all_total=len(FLEET),
        noun=("boat", "boats"),
        act_url="/act/",
        live_url="/ws/fleet/",
        note="live",
        bulk=ACTIONS,
        above=window.above,
        below=window.below,
        next_url=next_url(request.GET.dict(), window.following),
    )
    return render_list(request, page)


@public
def act(request: HttpRequest) -> HttpResponse:
    names = request.POST.getlist("id")
    if request.POST["action"] == "sink" and "confirmed" not in request.POST:
        lines = [PreviewLine(name, "is old", "1 t") for name in names]
        return preview(
            request, Preview("Sink boats", "Now.", lines, f"Sink {len(names)} boats", "sink", names, "/act/")
        )
    outcomes = [
        Outcome(name, name, is_done=name != "ada-2", message="" if name != "ada-2" else "leaks") for name in names
    ]
    return outcome(request, outcomes, done="Launched" if request.POST["action"] == "launch" else "Sunk")


urlpatterns = [
    path("boats/", boats),
    path("fleet/", fleet),
    path("act/", act),
    re_path(r"^static/(?P<path>.*)$", public(serve), {"document_root": DIST}),
    path("", include("webui.urls")),
]
