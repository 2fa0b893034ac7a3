"""The rules of a host for people who do not rule it. For administrators; a change holds within a second everywhere."""

from dataclasses import asdict
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from webui import audit
from webui.access import needs_administrator
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.ownership.changes import set_policy
from webui.ownership.ledger import LEDGER
from webui.ownership.policy_forms import GROUPS, PolicyForm
from webui.ownership.quota_lines import lines_of, save_lines
from webui.ownership.rules import Rules
from webui.pages import Crumb, go, render_page


@needs_administrator
def rules(request: HttpRequest, host: str) -> HttpResponse:
    here = get_object_or_404(Host, slug=host)
    LEDGER.refresh(older_than_s=0)
    now = LEDGER.rules(here.pk)
    initial = {**asdict(now), "is_unowned_public": LEDGER.is_unowned_public(here.pk)}
    form = PolicyForm(request.POST or None, initial=initial)
    lines = lines_of(here.pk, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and not any(line.error for line in lines):
        is_public = form.cleaned_data["is_unowned_public"]
        set_policy(here.pk, is_unowned_public=is_public, rules=form.rules)
        quotas = save_lines(here.pk, lines)
        audit.record(
            actor_of(request), "host.rules", is_allowed=True, host=here.slug, resource="host", target=here.name,
            message=f"{_words(now, form.rules, is_public=is_public)}; quotas: {quotas or 'none'}"[:500],
        )  # fmt: skip
        return go(request, here.get_absolute_url())
    groups = [(title, [form[name] for name in names]) for title, names in GROUPS]
    return render_page(
        request, "ownership/rules.html", {"form": form, "groups": groups, "lines": lines}, host=here, active="host",
        title=_("Rules for restricted people"), crumbs=[Crumb(here.name, here.get_absolute_url())],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK,
    )  # fmt: skip


def _words(before: Rules, now: Rules, *, is_public: bool) -> str:
    """What changed, for the log: "capabilities: NET_ADMIN"."""
    was, is_now = before.as_json(), now.as_json()
    changed = [f"{name}: {_value(is_now[name])}" for name in is_now if is_now[name] != was[name]]
    return "; ".join([*changed, f"made outside: {'public' if is_public else 'administrators'}"])


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if isinstance(value, str):
        return value
    return "yes" if value else "no"
