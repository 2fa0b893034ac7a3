"""The pages of registries: those that somebody may see, adding and changing one, testing it, removing it."""

from collections.abc import Sequence
from http import HTTPStatus

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from webui import audit
from webui.access import needs_sign_in
from webui.gate import Actor, Refused, actor_of
from webui.hosts import hosts_seen
from webui.ownership import LEDGER, Kind, Level
from webui.ownership.changes import release
from webui.ownership.kinds import NOWHERE
from webui.pages import Button, Crumb, Empty, ListPage, Outcome, go, outcome, preview, render_list, render_page
from webui.pages.findings import Finding
from webui.registries import listing
from webui.registries.choosing import access_of, level_of, may_add, seen
from webui.registries.completion import offer
from webui.registries.errors import RegistryFailed
from webui.registries.examination import examine
from webui.registries.forms import RegistryForm
from webui.registries.models import Registry
from webui.registries.turnstile import TURNSTILE


@require_GET
@needs_sign_in
def registries(request: HttpRequest) -> HttpResponse:
    actor, text = actor_of(request), request.GET.get("q", "").strip()
    every = seen(actor)
    rows = {one.pk: listing.row_of(one) for one in every}
    shown = [one for one in every if listing.matches(rows[one.pk], text)]
    adds = may_add(actor)
    button = Button(_("Add a registry"), "plus", url=reverse("registries:add"), is_primary=True)
    page = ListPage(
        title=_("Registries"), columns=listing.COLUMNS,
        rows=[
            listing.row_html(rows[one.pk], [listing.REMOVE] if level_of(actor, one) is Level.WRITE else [])
            for one in shown
        ],
        total=len(shown), all_total=len(every), noun=(_("registry"), _("registries")),
        act_url=reverse("registries:act"), bulk=[listing.REMOVE], buttons=[button] if adds else [],
        filter_hint=_("Filter: name, address, owner"), empty=_empty(button if adds else None),
    )  # fmt: skip
    return render_list(request, page, active="registries")


@needs_sign_in
@never_cache
@sensitive_post_parameters("password")
def add(request: HttpRequest) -> HttpResponse:
    """`address` in the URL is where the form begins."""
    actor = actor_of(request)
    if not may_add(actor):
        raise Refused(
            _("Your role adds no registries. Ask an administrator to share one with you."), rule="registry.add"
        )
    form = RegistryForm(
        request.POST or None, actor=actor, initial={"address": request.GET.get("address", "")[:255]}
    )  # fmt: skip
    findings: Sequence[Finding] = ()
    if request.method == "POST" and form.is_valid():
        if request.POST.get("do") != "test":
            return _added(request, actor, form)
        findings = _tested(actor, form.instance)
    return _form_page(request, form, None, findings)


@needs_sign_in
@never_cache
@sensitive_post_parameters("password")
def change(request: HttpRequest, registry_id: int) -> HttpResponse:
    """Its form for who may change it; for who may only use it what it is, and the test."""
    actor = actor_of(request)
    registry = registry_or_404(actor, registry_id)
    if level_of(actor, registry) is not Level.WRITE:
        return _read_page(request, actor, registry)
    form = RegistryForm(request.POST or None, instance=registry, actor=actor)
    findings: Sequence[Finding] = ()
    if request.method == "POST" and form.is_valid():
        if request.POST.get("do") != "test":
            with transaction.atomic():
                # Names of fields only: one is a secret.
                _record(actor, "registry.change", form.save(), ", ".join(form.changed_data))
            return go(request, reverse("registries:list"))
        findings = _tested(actor, form.instance)
    return _form_page(request, form, registry, findings)


@require_POST
@needs_sign_in
def act(request: HttpRequest) -> HttpResponse:
    """`action` remove on the registries `id`; the first click shows what goes."""
    if request.POST.get("action") != "remove":
        raise Http404
    actor = actor_of(request)
    LEDGER.refresh()
    ids = [int(one) for one in request.POST.getlist("id") if one.isdecimal()]
    found = [one for one in seen(actor) if one.pk in ids and level_of(actor, one) is Level.WRITE]
    if not found:
        raise Http404(_("There is no such registry for you to remove."))
    if request.POST.get("confirmed") != "1":
        return preview(request, listing.removal(actor, hosts_seen(request), found, url=reverse("registries:act")))
    for one in found:
        with transaction.atomic():
            _record(actor, "registry.remove", one, one.where)
            release(NOWHERE, Kind.REGISTRY, [one.key])
            Registry.objects.filter(pk=one.pk).delete()
    outcomes = [Outcome(str(one.pk), one.name, is_done=True) for one in found]
    return outcome(request, outcomes, done=_("Removed"), next_url=reverse("registries:list"))


@require_GET
@needs_sign_in
@never_cache
def names(request: HttpRequest) -> HttpResponse:
    """What `q`, a name of an image that is being typed, may go on as: {"names": [...], "words": "..."}."""
    found = offer(actor_of(request), request.GET.get("q", ""))
    return JsonResponse({"names": list(found.names), "words": found.words})


def registry_or_404(actor: Actor, registry_id: int) -> Registry:
    """Raises Http404 for one that is not there, or not for these eyes: the two look the same."""
    LEDGER.refresh()
    registry = Registry.objects.filter(pk=registry_id).first()
    if registry is None or level_of(actor, registry) is Level.NOTHING:
        raise Http404(_("There is no such registry."))
    return registry


def _added(request: HttpRequest, actor: Actor, form: RegistryForm) -> HttpResponse:
    with transaction.atomic():
        registry = form.save()
        form.choice.give(actor, NOWHERE, Kind.REGISTRY, [registry.key], form.cleaned_data["made_for"])
        _record(actor, "registry.add", registry, registry.where)
    return go(request, reverse("registries:list"))


def _tested(actor: Actor, registry: Registry) -> Sequence[Finding]:
    try:
        with TURNSTILE.passing(actor.user_id):
            findings = list(examine(registry))
    except RegistryFailed as busy:
        return [Finding(_("Not asked"), str(busy), is_good=False)]
    failed = [finding.what for finding in findings if not finding.is_good and finding.is_grave]
    words = f"{registry.where}: failed: {', '.join(failed)}" if failed else f"{registry.where}: passed"
    _record(actor, "registry.test", registry, words)
    return findings


def _form_page(
    request: HttpRequest, form: RegistryForm, registry: Registry | None, findings: Sequence[Finding]
) -> HttpResponse:
    has_failed = form.is_bound and bool(form.errors)
    buttons = []
    if registry is not None:
        buttons = [
            Button(_("Who may use it"), "users", url=reverse("registries:access", args=[registry.pk])),
            Button(_("Remove"), "trash", action="remove", item_id=registry.key, is_danger=True, in_menu=True),
        ]
    # What the form was given stands in the instance by now; the title is what it is called.
    name = Registry.objects.values_list("name", flat=True).get(pk=registry.pk) if registry else ""
    return render_page(
        request, "registries/form.html", {"form": form, "registry": registry, "findings": findings},
        active="registries", title=name or _("Add a registry"), crumbs=crumbs(), buttons=buttons,
        act_url=reverse("registries:act"), status=HTTPStatus.UNPROCESSABLE_ENTITY if has_failed else HTTPStatus.OK,
    )  # fmt: skip


def _read_page(request: HttpRequest, actor: Actor, registry: Registry) -> HttpResponse:
    findings = _tested(actor, registry) if request.method == "POST" and request.POST.get("do") == "test" else ()
    access = access_of(registry)
    context = {"registry": registry, "findings": findings, "owner": access.owner if access else ""}
    return render_page(
        request, "registries/read.html", context, active="registries", title=registry.name, crumbs=crumbs()
    )  # fmt: skip


def crumbs() -> list[Crumb]:
    return [Crumb(_("Registries"), reverse("registries:list"))]


def _empty(button: Button | None) -> Empty:
    words = _(
        "A registry is where images come from. Add one with its password, and private images can be pulled, names and "
        "tags are offered while you type, and newer images are noticed. Public images need none."
    )
    if button is None:
        words = _("None is shared with you yet. Public images need none; for others, ask an administrator.")
    return Empty("archive", _("No registries yet"), words, button=button)


def _record(actor: Actor, operation: str, registry: Registry, message: str) -> None:
    audit.record(
        actor, operation, is_allowed=True, resource="registry", target=registry.name or registry.address,
        message=message[:500],
    )  # fmt: skip
