"""Logs of several containers at once, the search in kept logs, how much is kept, the past of a container's stats."""

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from webui import audit
from webui.access import Operation, needs
from webui.gate import actor_of
from webui.history.asking import SPANS, KeptQuery, query_in
from webui.history.bounds import is_disk_full, kept_in
from webui.history.choosing import MOST, chosen_in, sources, stacks_of
from webui.history.forms import KeepingForm
from webui.history.models import keeping_of
from webui.history.places import logs_folder, stats_folder
from webui.history.rights import readable
from webui.history.rings import MOST_BYTES, RINGS, past_of, stats_in
from webui.history.segments import About
from webui.history.unkept import driver_in_the_way
from webui.hosts import visible_hosts
from webui.hosts.models import Host
from webui.live.samples import Sample
from webui.live.stats import rows_of
from webui.log_lines import moment_in
from webui.pages import Crumb, Tab, go, render_page
from webui.resources import Opened, note_of, opened, stale_words

_MOST_NAMED: Final = 5
# What of a search stays when other containers are chosen for it.
_CARRIED: Final = ("q", "regex", "last", "since", "until", "zone")


@require_GET
@needs(Operation.CONTAINER_LOGS)
def live_view(request: HttpRequest, host: str) -> HttpResponse:
    """The merged log of the containers that the address names; without any, what there is to choose from."""
    here = opened(request, host)
    chosen = chosen_in(here.picture, request.GET)
    if chosen.missing:
        here.ask_again("containers")
        chosen = chosen_in(here.picture, request.GET)
    context = {
        "chosen": chosen,
        "choices": chosen.every,
        "fresh_url": reverse("history:choices", args=[here.host.slug]),
        "stacks": stacks_of(chosen.every),
        "log_sources": orjson.dumps(sources(here.host, chosen.containers)).decode() if chosen.containers else "",
        "most": MOST,
        "stale": stale_words(here.picture, here.host.name),
        "note": note_of(here.picture),
    }
    return _page(request, here.host, "live", "history/live.html", context)


@require_GET
@needs(Operation.CONTAINER_LOGS)
def choices_view(request: HttpRequest, host: str) -> HttpResponse:
    """What there is to choose from at this moment, for the dialog that opens: `[[name, words], …]` as JSON."""
    here = opened(request, host)
    here.ask_again("containers")
    choices = [(one.name, one.words) for one in chosen_in(here.picture, request.GET).every]
    return HttpResponse(orjson.dumps(choices), content_type="application/json")


@require_GET
@needs(Operation.CONTAINER_LOGS)
def kept_view(request: HttpRequest, host: str) -> HttpResponse:
    """The search in what is kept: of containers that are here, and of those that are gone."""
    here = get_object_or_404(visible_hosts(request.user), slug=host)
    abouts = readable(actor_of(request), here)
    names = Counter(about.name for about in abouts)
    asked = query_in(request.GET)
    drivers = _drivers_in_the_way(here, abouts)
    given_since, given_until = (moment_in(request.GET.get(name, "")) for name in ("since", "until"))
    context = {
        "names": names,
        "choices": [_kept_choice(abouts, name, count, asked, drivers) for name, count in names.items()],
        "kept_count": len({about.name for about in abouts if about.container_id not in drivers}),
        "unkept": _unkept_words(asked.folders(abouts), drivers),
        "carried": [(name, request.GET[name]) for name in _CARRIED if request.GET.get(name)],
        "chosen_names": [name for name in asked.names if name in names],
        "generation": next((about for about in abouts if about.container_id[:12] in asked.ids), None),
        "asked": asked,
        "keeping": keeping_of(here),
        "kept": kept_in(logs_folder(here.slug)),
        "is_full": is_disk_full(logs_folder(here.slug)),
        "spans": SPANS,
        "last": request.GET.get("last", ""),
        "has_moments": bool(given_since or given_until),
        "given_since": given_since,
        "given_until": given_until,
        "is_asked": bool(request.GET),
        "live_url": f"/ws/h/{here.slug}/logs/kept/?{request.GET.urlencode()}",
    }
    return _page(request, here, "kept", "history/kept.html", context)


@needs(Operation.CONTAINER_LOGS)
def keeping_view(request: HttpRequest, host: str) -> HttpResponse:
    """How much of this host's logs is kept. Everybody may see it, administrators may change it."""
    here = get_object_or_404(visible_hosts(request.user), slug=host)
    may_change = bool(getattr(request.user, "is_administrator", False))
    keeping = keeping_of(here)
    form = KeepingForm(request.POST if may_change and request.method == "POST" else None, instance=keeping)
    if form.is_bound and form.is_valid():
        form.save()
        audit.record(actor_of(request), "logs.keeping", is_allowed=True, host=here.slug, resource="host",
                     target=here.slug, message=str(keeping))  # fmt: skip
        return go(request, reverse("history:keeping", args=[host]))
    if request.method == "POST" and not may_change:
        return HttpResponse(_("Only administrators may do this."), status=HTTPStatus.FORBIDDEN)
    kept = kept_in(logs_folder(here.slug))
    since = kept.first_ms / 1000 if kept.first_ms else None
    context = {"form": form, "keeping": keeping, "kept": kept, "since": since, "may_change": may_change,
               "stats": stats_in(stats_folder(here.slug)), "most_stats_bytes": MOST_BYTES,
               "is_full": is_disk_full(logs_folder(here.slug))}  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return _page(request, here, "keeping", "history/keeping.html", context, status=status)


@require_GET
@needs(Operation.CONTAINER_LOGS)
def generations_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002 - the name in the URL
    """For the log page of one container: which earlier ones of its name are kept."""
    here = opened(request, host)
    raw = here.picture.find("containers", id)
    name = str((raw.get("Names") or [""])[0]).lstrip("/") if raw else ""
    named = [about for about in readable(here.actor, here.host) if name and about.name == name]
    drivers = _drivers_in_the_way(here.host, named)
    same = [about for about in named if about.container_id not in drivers]
    earlier = [about for about in same if raw is None or about.container_id != raw["Id"]]
    context = {"host": here.host, "name": name, "earlier": earlier, "is_kept": len(same) > len(earlier)}
    return HttpResponse(render_to_string("history/_generations.html", context))


@require_GET
@needs(Operation.CONTAINER_STATS)
def stats_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    """The samples of a container's last `span` seconds as JSON, in the form of the live ones.

    Those of earlier containers of its name come first; `since` is then when this one was made, else 0.
    """
    here = opened(request, host)
    raw = here.picture.find("containers", id)
    span = request.GET.get("span", "")
    span_s = min(int(span), RINGS[-1].span_s) if span.isdecimal() else 3600
    samples = past_of(here.host, str(raw["Id"]), span_s) if raw else []
    earlier = _samples_before(here, raw, span_s) if raw else []
    step_s = next(ring.step_s for ring in RINGS if ring.span_s >= span_s)
    since = raw["Created"] if raw and earlier else 0
    body = orjson.dumps({"samples": rows_of([*earlier, *samples]), "step": step_s, "since": since})
    return HttpResponse(body, content_type="application/json")


def _samples_before(here: Opened, raw: dict[str, Any], span_s: int) -> list[Sample]:
    """Of the containers that had its name before it, as far as this reader may read what is kept of them."""
    name = str((raw.get("Names") or [""])[0]).lstrip("/")
    same = [
        about for about in readable(here.actor, here.host) if about.name == name and about.container_id != raw["Id"]
    ]
    found = [sample for about in same for sample in past_of(here.host, about.container_id, span_s)]
    return sorted((sample for sample in found if sample.at < raw["Created"]), key=lambda sample: sample.at)


def _drivers_in_the_way(host: Host, abouts: Sequence[About]) -> dict[str, str]:
    """The log drivers of those containers of which nothing can be kept, by their ids. Reads files."""
    folder = logs_folder(host.slug)
    found = {about.container_id: driver_in_the_way(folder / about.container_id) for about in abouts}
    return {container_id: driver for container_id, driver in found.items() if driver}


def _unkept_words(abouts: Sequence[About], drivers: Mapping[str, str]) -> str:
    """Which of these are not kept, and why; "" where all are."""
    those = [about for about in abouts if about.container_id in drivers]
    names = list(dict.fromkeys(about.name for about in those))
    held = ", ".join(f"“{one}”" for one in sorted({drivers[about.container_id] for about in those}))
    if not names:
        return ""
    if len(names) == 1:
        return _(
            "Nothing of %(name)s is kept: its log driver is %(driver)s, and the host cannot read back what that "
            "writes. Recreate it with the log driver “json-file” to have its lines kept."
        ) % {"name": names[0], "driver": held}
    more = len(names) - _MOST_NAMED
    shown = ", ".join(names[:_MOST_NAMED])
    if more > 0:
        shown = _("%(names)s and %(count)d more") % {"names": shown, "count": more}
    return _(
        "Nothing is kept of %(names)s: the host cannot read back what their log drivers write (%(drivers)s). Recreate "
        "them with the log driver “json-file” to have their lines kept."
    ) % {"names": shown, "drivers": held}


def _kept_choice(
    abouts: Sequence[About], name: str, count: int, asked: KeptQuery, drivers: Mapping[str, str]
) -> dict[str, Any]:
    words = ngettext("%d container", "%d containers", count) % count if count > 1 else ""
    if all(about.container_id in drivers for about in abouts if about.name == name):
        words = _("not kept")
    return {"name": name, "words": words, "is_chosen": name in asked.names}


def _page(
    request: HttpRequest, host: Host, tab: str, template: str, context: dict[str, Any], *, status: int = HTTPStatus.OK
) -> HttpResponse:
    where = {"host": host.slug}
    tabs = [
        Tab("live", _("Live"), "player-play", reverse("history:logs", kwargs=where)),
        Tab("kept", _("Kept"), "archive", reverse("history:kept", kwargs=where)),
        Tab("keeping", _("What is kept"), "adjustments", reverse("history:keeping", kwargs=where)),
    ]
    return render_page(
        request, template, context, host=host, active="logs", title=_("Logs"), tabs=tabs, tab=tab, status=status,
        crumbs=[Crumb(_("Host"), reverse("hosts:detail", kwargs=where))] if tab == "keeping" else [],
    )  # fmt: skip
