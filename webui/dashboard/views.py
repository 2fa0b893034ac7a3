"""The overview page, and the answers of Ctrl-K."""

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from webui.access import Role, needs_sign_in
from webui.dashboard.overview import card_of, first_of, hosts_of, needs_of, totals_of
from webui.gate import actor_of
from webui.hosts import visible_hosts
from webui.live import picture
from webui.pages import Button, Empty, render_page
from webui.pages.shell import hits_for


@needs_sign_in
def overview(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    seen = [(host, picture(host, actor)) for host in hosts_of(request.user)]
    add = [Button(_("Connect a host"), "plus", url=reverse("hosts:add"), is_primary=True)] if _may_add(request) else []
    context = {
        "cards": [card_of(host, shown) for host, shown in seen], "needs": needs_of(seen), "empty": _empty(add),
        "first": first_of(request.user, seen),
    }  # fmt: skip
    return render_page(
        request,
        "dashboard/overview.html",
        context,
        active="overview",
        title=_("Overview"),
        state=totals_of(seen),
        buttons=add,
    )


def _may_add(request: HttpRequest) -> bool:
    return getattr(request.user, "role", "") == Role.ADMINISTRATOR


def _empty(add: list[Button]) -> Empty:
    return Empty(
        "server",
        _("No hosts yet"),
        _("A host is a machine that runs containers: this one, or any other whose Docker API Quayside can reach."),
        button=add[0] if add else None,
    )


@needs_sign_in
def find(request: HttpRequest) -> HttpResponse:
    """`{"hits": [{"label", "url", "icon", "where", "is_action"}]}` for `q`, from the point of view of `host`."""
    slug = request.GET.get("host", "")
    host = next((one for one in visible_hosts(request.user) if one.slug == slug), None)
    hits = hits_for(request.user, host, request.GET.get("q", "")[:200])
    return JsonResponse({"hits": [asdict(hit) for hit in hits]})
