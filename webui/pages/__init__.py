"""What every page shares: the shell, lists, detail pages, forms, dialogs, toasts, icons, all declared as data.

Pages know nothing of Docker and decide nothing: what may be shown is handed in. Templates: `{% load quayside %}`.

**A page.** Extend `pages/shell.html` (blocks `title`, `head`, `content`, `scripts`) and render with

    render_page(request, "images/pull.html", {"form": form}, host=host, active="images", title=_("Pull an image"))

`host` (or None) fills the sidebar's host switcher, `active` is the name of the menu entry. Any further `page_*` names
are below. A form with errors is answered with `status=422`. Anything that was sent by htmx and is a full page works
too.

**A list.** Build `ListPage(...)` and `return render_list(request, page, host=host, active="containers")`; add
`template="containers/list.html"` to extend `pages/list.html` (blocks `bar_extra`, `below`). Our lists script asks
with `HX-Request: true`: it gets only the part that changes (chips, count, rows), and for the next window (`next_url`,
any URL with `after` in its query) only rows. URL parameters: `q` the filter box, `show` the chip (`chip_param`),
`sort` (key, or "-key"), and the names of your `Select`s (whose first choice is the default) and `Input`s. A row is a
`<tr>` that **carries no hx- attribute and no nonce** (so it can come by websocket):

    <tr id="c-4be2c0ffee12" data-id="4be2c0ffee12" data-href="/h/local/containers/4be2c0ffee12/">
      <td class="pick"><input type="checkbox" class="form-check-input" aria-label="Select shop-web-1"></td>
      <td class="lead"><a href="/h/local/containers/4be2c0ffee12/">shop-web-1</a></td>
      <td class="state">{% state row.state %}</td>    the second line on a phone
      <td class="num">12.4 %</td>  <td class="code"><span>shop/web:4.12.0</span></td>  <td class="dim">6 d</td>
      <td class="acts">{% row_actions actions row %}</td>      `actions`: those allowed, whatever shown_when says
    </tr>

One `<td>` per Column, with the same class words; the pick column and the acts column are added by `pages/list.html`
when the page has `bulk` actions or `act_url`. On a phone only pick, lead, state (or `second`) and acts are shown. A
heading between rows: `<tr class="group" id="g-shop"><td>{% icon "stack-2" %} <b>shop</b> <span>4
services</span></td></tr>` (no colspan: a fixed layout would make columns of it; the cell runs over). Ids must be
unique and stable: a live change is `{"target": "#c-4be2c0ffee12", "swap": "outerMorph", "content": "<tr ...>"}`, a
new row `{"target": "#g-shop", "swap": "afterend", ...}` or `{"target": "#rows", "swap": "beforeend", ...}`, a gone
one `{"target": "#c-...", "swap": "delete", "content": " "}`. `#rows` is the tbody, `#chips` the chips
(`list_parts`, swap outerHTML), `#list-count` the count. A selection survives all of these.

A list may also have `terms` (what its filter asks for, as chips that are taken out one by one) and a `layout_url`
(columns can be dragged; POST `width-<column>=<pixels>`; see webui.resources.layouts). `<button
data-dialog-url="...">` fetches a dialog, with the page's own query as `query`; a `<form data-list-form>` in it posts,
and a 204 closes it and shows the list anew. `<a data-with-query>` goes along with the page's query.

**Acts.** `{% row_actions %}` and the bulk bar make buttons `data-act="stop"`; one delegated script posts
`action=stop&id=...&id=...` to the page's `act_url`. The view answers with

    return outcome(request, outcomes, done=_("Stopped"))      a toast; failures named one by one, marked in their rows
    return preview(request, Preview(...))                      the dialog; its button posts the same with `confirmed=1`
    return go(request, url)                                    goes to a page (also for plain POSTs)

Elsewhere: `<button type="button" data-act="stop" data-id="..." data-act-url="...">`. Nothing else is needed. A view
that answers with lines of JSON (`application/x-ndjson`, see webui.containers.progress) gets a panel with an outcome for
each; `data-group="<heading id>"` acts on all under a heading, and "Select all" on all that the filter shows: then
`heading` or `all=1` come with the page's `query` in place of ids.

**A detail page.** Extend `pages/detail.html` (block `content_body`) and pass `render_page(..., title=name,
crumbs=[Crumb], state=State("healthy · up 6 days", "good"), buttons=[Button], tabs=[Tab], tab="logs", act_url=...)`.
Its live head: `#head-state` (`{% state state %}`) and `#head-buttons` (`pages/_buttons.html`).

**A form.** `<form method="post" {% nonce %} hx-post="{{ request.path }}" hx-target="#main" hx-select="#main">{%
csrf_token %} {% field form.name %} ... </form>`; `{% field %}` draws label, widget, help and the error beside it. `{%
form_errors form %}` draws what belongs to no field. Sections: `<section class="card"><header
class="card-header">..</header><div class="card-body">`. Without the hx- attributes a plain POST with redirect works
as well, and is right for most.

**htmx.** Each element with hx- attributes needs `{% nonce %}` (or hx-csp strips them); none inside what comes by
websocket. Text from outside that is long or rich stands in an element with `hx-ignore`. A socket: `<div
hx-ws:connect="{{ live_url }}" {% nonce %}>`. No inline script, no `style=` (the CSP refuses both), no hx-on.

**Scripts.** Each `static/src/js/<name>.js` directly in that folder is an entry of its own: `{% script "logs" %}` in
block `scripts` (its CSS, if it imports any, comes with it). A module finds its elements by `data-` attributes and
starts with `import { whenPresent } from "./lib/dom.js"; whenPresent("[data-logs]", (element) => { ...; return stop
})`, which also works for what htmx brings later; the function that it returns is called when the element goes.

**Also in the templates**: `{% icon "player-stop" %}` (any Tabler outline icon; the build collects those named in
templates, Python and JS), `{{ n|bytes }}` "212 MB", `{{ when|ago }}` (a `<time>` that keeps itself right; takes
datetime or seconds since the epoch), `{{ text|short_image }}`, `{% state s %}`, `{% copy text %}` (a copy button).
CSS words: `card`, `card-header`, `card-body`, `btn`, `btn-primary`, `btn-danger`, `form-control`, `form-select`,
`badge` (Tabler's), and ours: `facts` (a `<dl>` of name and value), `code`, `dim`, `num`, `dot good|warning|bad|off`,
`notice` (+ `bad`, `warning`) for an error near its cause, `pane` (log and console), `grid-2`, `meter` (`<progress
class="meter">`).

**Shell.** `register_counts(fn)`: `fn(user, host) -> {"containers": 7}` and `register_host_state(fn)`: `fn(host) ->
State` for the sidebar (neither may wait); `register_running_jobs(fn)`: `fn(user) -> int` for the top bar;
`register_finder(fn)`: `fn(user, host, text) -> Iterable[Hit]` for Ctrl-K. Messages of `/ws/notices/` may target
`#nav-count-containers`, `#host-words` (innerHTML), `#host-dot`, `#jobs-chip` (`pages/_jobs_chip.html` with `running`;
outerHTML) and `#toasts` (`toast_html(...)`, beforeend).

**Errors.** `webui.pages.errors` has the handlers (`bad_request`, `forbidden`, `not_found`, `broken`, `csrf_failure`);
`host_down(request, host, words)` answers for a host that cannot be reached. For htmx all of them are toasts.
"""

from webui.pages.declarations import (
    WINDOW_PARAMS,
    Action,
    BulkAction,
    Button,
    Chip,
    Choice,
    Column,
    Crumb,
    Doubt,
    Empty,
    Input,
    ListPage,
    Outcome,
    Preview,
    PreviewLine,
    Select,
    State,
    Tab,
    Term,
)
from webui.pages.render import go, host_down, list_parts, outcome, preview, render_list, render_page, toast_html
from webui.pages.shell import Hit, register_counts, register_finder, register_host_state, register_running_jobs

__all__ = [
    "WINDOW_PARAMS",
    "Action",
    "BulkAction",
    "Button",
    "Chip",
    "Choice",
    "Column",
    "Crumb",
    "Doubt",
    "Empty",
    "Hit",
    "Input",
    "ListPage",
    "Outcome",
    "Preview",
    "PreviewLine",
    "Select",
    "State",
    "Tab",
    "Term",
    "go",
    "host_down",
    "list_parts",
    "outcome",
    "preview",
    "register_counts",
    "register_finder",
    "register_host_state",
    "register_running_jobs",
    "render_list",
    "render_page",
    "toast_html",
]
