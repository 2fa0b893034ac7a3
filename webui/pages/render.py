"""Turning declarations into responses: whole pages, the part of a list that htmx asked for, dialogs and toasts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from webui.pages.declarations import (
    WINDOW_PARAMS,
    Button,
    Chip,
    Column,
    Crumb,
    ListPage,
    Outcome,
    Preview,
    State,
    Tab,
    Text,
    Tone,
)
from webui.pages.shell import shell_context
from webui.pages.tracks import tracks_css

if TYPE_CHECKING:
    from webui.hosts.models import Host


def is_part(request: HttpRequest) -> bool:
    """Whether htmx asked for a part of a page; going back in the history and boosted links want whole ones."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and "HX-Boosted" not in headers
        and "HX-History-Restore-Request" not in headers
    )


def is_window(params: Mapping[str, Any]) -> bool:
    """Whether a URL names some rows of a list rather than its beginning."""
    return any(name in params for name in WINDOW_PARAMS)


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    host: "Host | None" = None,
    active: str = "",
    title: Text = "",
    crumbs: Sequence[Crumb] = (),
    state: State | None = None,
    buttons: Sequence[Button] = (),
    tabs: Sequence[Tab] = (),
    tab: str = "",
    act_url: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """A whole page inside the shell. What the template gets as `page` are the keyword arguments; `host` is the host."""
    page = {
        "title": title,
        "crumbs": crumbs,
        "state": state,
        **_head_buttons(buttons),
        "tabs": tabs,
        "tab": tab,
        "act_url": act_url,
    }
    full = {"host": host, "page": page, **shell_context(request, host, active), **(context or {})}
    return HttpResponse(render_to_string(template, full, request), status=status)


def _head_buttons(buttons: Sequence[Button]) -> dict[str, Any]:
    return {
        "buttons": [button for button in buttons if not button.in_menu],
        "menu_buttons": [button for button in buttons if button.in_menu],
    }


def render_list(
    request: HttpRequest,
    page: ListPage,
    context: Mapping[str, Any] | None = None,
    *,
    host: "Host | None" = None,
    active: str = "",
    template: str = "pages/list.html",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """A list: whole for a browser, the changing part for htmx, only some rows for a URL that names them."""
    full = {**list_context(request.GET, page), **(context or {})}
    if is_part(request) and is_window(request.GET):
        return HttpResponse(render_to_string("pages/_rows.html", full, request), status=status)
    if is_part(request):
        # Links in the head may hold the filters.
        full["page"] = _head_buttons(page.buttons)
        return _fresh(HttpResponse(render_to_string("pages/_list.html", full, request), status=status))
    response = render_page(
        request, template, full, host=host, active=active, title=page.title, crumbs=page.crumbs, buttons=page.buttons,
        act_url=page.act_url, status=status,
    )  # fmt: skip
    return _fresh(response)


def list_context(params: Mapping[str, Any], page: ListPage) -> dict[str, Any]:
    """What the parts of a list (`pages/_table.html`) take, for a page that has more on it than a list."""
    return {"list": page, "list_view": _list_view(params, page)}


def _fresh(response: HttpResponse) -> HttpResponse:
    """The same URL answers a page and its part: a cache, also the browser's own, must not mix them up."""
    response.headers["Vary"] = "HX-Request"
    response.headers["Cache-Control"] = "no-store"
    return response


def list_parts(page: ListPage, params: Mapping[str, str]) -> dict[str, SafeString]:
    """What stands around a list's rows and changes with them, by element id: for those who send it by websocket."""
    context = list_context(params, page)
    context["chips"] = context["list_view"]["chips"]
    return {name: mark_safe(render_to_string(f"pages/_{name}.html", context)) for name in ("chips", "count")}  # noqa: S308


def _list_view(given: Mapping[str, Any], page: ListPage) -> dict[str, Any]:
    params = {
        key: value for key, value in given.items() if key not in {*WINDOW_PARAMS, "csrfmiddlewaretoken"} and value
    }
    own = {"q", *(one.name for one in page.selects), *(one.name for one in page.inputs)}
    return {
        "query": given.get("q", ""),
        "heads": [_head(column, page.sort, params) for column in page.columns],
        "chips": [_chip_link(chip, page.chip_param, params) for chip in page.chips],
        "terms": [{"term": term, "url": _link(params, q=term.text)} for term in page.terms],
        "doubts": [
            {"words": doubt.words, "offers": [(shown, _link(params, q=text)) for shown, text in doubt.offers]}
            for doubt in page.doubts
        ],
        "first_url": _link(params),
        "reset_url": _link({}, **{name: params.get(name, "") for name in _ABOVE_FILTERS}),
        "has_acts": bool(page.act_url),
        "has_picks": bool(page.bulk),
        "tracks": mark_safe(tracks_css(page.columns, has_picks=bool(page.bulk), has_acts=bool(page.act_url))),  # noqa: S308 - numbers
        "is_arranged": bool(page.layout_url),
        "has_rare": any(action.is_rare for action in page.bulk),
        "is_filtered": bool(params.keys() & {"q", page.chip_param}),
        "kept": [(key, value) for key, value in params.items() if key not in own],
    }


# What a reset of the filter leaves: how the list is arranged, and what it is a list of.
_ABOVE_FILTERS = ("view", "sort", "group", "fold", "columns", "path")


def _link(params: Mapping[str, str], **changes: str) -> str:
    merged = {key: value for key, value in {**params, **changes}.items() if value}
    return "?" + urlencode(merged)


@dataclass(frozen=True, slots=True)
class _Head:
    """A column's head: where a click on it leads ("" for nowhere), and the way it is sorted now, as ARIA says it."""

    column: Column
    url: str
    aria: str


def _head(column: Column, sort: str, params: Mapping[str, str]) -> _Head:
    is_up, is_down = bool(column.sort) and sort == column.sort, bool(column.sort) and sort == f"-{column.sort}"
    following = f"-{column.sort}" if is_up else column.sort
    url = _link(params, sort=following) if column.sort else ""
    return _Head(column, url, "ascending" if is_up else "descending" if is_down else "")


@dataclass(frozen=True, slots=True)
class _ChipLink:
    """A chip, where a click on it leads, and whether its filter is on."""

    chip: Chip
    url: str
    is_on: bool


def _chip_link(chip: Chip, name: str, params: Mapping[str, str]) -> _ChipLink:
    return _ChipLink(chip, _link(params, **{name: chip.value}), is_on=params.get(name, "") == chip.value)


def toast_html(
    words: Text, *, tone: Tone = "good", url: str = "", link: Text = "", lines: Sequence[Outcome] = ()
) -> SafeString:
    """One toast, to be appended to `#toasts`. Those that bring bad news stay until they are closed."""
    context = {"words": words, "tone": tone, "url": url, "link": link, "lines": lines}
    return mark_safe(render_to_string("pages/_toast.html", context))  # noqa: S308 - rendered by our own template


def outcome(request: HttpRequest, outcomes: Sequence[Outcome], *, done: Text, next_url: str = "") -> HttpResponse:
    """Answer an act: what was done in a toast, what was not named one by one, and marked in its row.

    `done` is the verb as it stands before the names ("Stopped"). With `next_url` the browser
    goes there once all is done.
    """
    failed = [one for one in outcomes if not one.is_done]
    if next_url and not failed:
        return go(request, next_url)
    succeeded = [one for one in outcomes if one.is_done]
    parts = []
    if succeeded:
        notes = [one for one in succeeded if one.message]
        parts.append(toast_html(f"{done} {_names(succeeded)}", lines=notes))
    if failed:
        words = _("Could not be done for %(names)s") % {"names": _names(failed)}
        parts.append(toast_html(words, tone="bad", lines=failed))
    response = HttpResponse("".join(parts), status=HTTPStatus.OK)
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#toasts", "beforeend"
    # The acts script clears the pending marks and writes the failures into their rows.
    told = {
        "acted": {
            "failed": {one.item_id: str(one.message) for one in failed},
            "done": [one.item_id for one in succeeded],
        }
    }
    response.headers["HX-Trigger"] = json.dumps(told)
    return response


def _names(outcomes: Sequence[Outcome]) -> str:
    if len(outcomes) <= 3:
        return ", ".join(one.name for one in outcomes)
    return _("%(first)s and %(count)s more") % {"first": outcomes[0].name, "count": len(outcomes) - 1}


def preview(request: HttpRequest, what: Preview) -> HttpResponse:
    """Answer the first click on a destructive act with a dialog that shows what would go."""
    response = HttpResponse(render_to_string("pages/_preview.html", {"preview": what}, request))
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#dialog", "innerHTML"
    return response


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to a page, whether htmx or a plain form asked."""
    if is_part(request):
        return HttpResponse(status=HTTPStatus.OK, headers={"HX-Redirect": url})
    return redirect(url)


def host_down(request: HttpRequest, host: "Host", words: Text, *, active: str = "") -> HttpResponse:
    """What a page says when its host cannot be reached: which, why, and what to do."""
    if is_part(request):
        response = HttpResponse(toast_html(words, tone="bad"))
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#toasts", "beforeend"
        return response
    context = {"words": words}
    return render_page(
        request, "errors/host_down.html", context, host=host, active=active, title=host.name,
        state=State(_("cannot be reached"), "bad"), status=HTTPStatus.BAD_GATEWAY,
    )  # fmt: skip
