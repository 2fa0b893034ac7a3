"""The pages of sources, for administrators: which there are, adding and changing one, testing it, removing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from webui import audit
from webui.access import needs_administrator
from webui.access.origins import absolute
from webui.accounts import password_rules, sessions
from webui.factors.confirming import needs_confirming
from webui.gate import actor_of
from webui.pages import Button, Crumb, Preview, PreviewLine, State, go, preview, render_page
from webui.pages.findings import Finding
from webui.signin import ldap, oidc
from webui.signin.forms import DirectoryForm, PasswordRulesForm, ProviderForm, SourceForm
from webui.signin.models import Directory, Provider, Source


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between providers and directories."""

    name: str
    model: Any
    form: type[SourceForm]
    template: str
    added: Any


def _kind(name: str) -> Kind:
    if name == "provider":
        return Kind(name, Provider, ProviderForm, "signin/provider.html", _("Add an OpenID Connect provider"))
    return Kind("directory", Directory, DirectoryForm, "signin/directory.html", _("Add an LDAP directory"))


@require_GET
@needs_administrator
def sources(request: HttpRequest) -> HttpResponse:
    return _sources_page(request, PasswordRulesForm(instance=password_rules.rules()))


@require_POST
@needs_administrator
@needs_confirming
def change_passwords(request: HttpRequest) -> HttpResponse:
    """The rules for new passwords, which stand on the same page."""
    form = PasswordRulesForm(request.POST, instance=password_rules.rules())
    if not form.is_valid():
        return _sources_page(request, form)
    with transaction.atomic():
        rules = form.save()
        chosen = ", ".join(f"{name} {getattr(rules, name)}" for name in form.changed_data)
        audit.record(actor_of(request), "sign-in.passwords", is_allowed=True, resource="sign-in", message=chosen)
    return go(request, reverse("signin:list"))


@needs_administrator
@needs_confirming
@never_cache
@sensitive_post_parameters()
def add(request: HttpRequest, kind: str) -> HttpResponse:
    return _form_page(request, _kind(kind), None)


@needs_administrator
@needs_confirming
@never_cache
@sensitive_post_parameters()
def change(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    model = _kind(kind).model
    try:
        return _form_page(request, _kind(kind), model.readable(slug=slug))
    except model.DoesNotExist:
        raise Http404 from None


@require_POST
@needs_administrator
@needs_confirming
def act(request: HttpRequest) -> HttpResponse:
    """`action` remove on the source `id`; the first click shows what goes."""
    source = get_object_or_404(Source, slug=request.POST.get("id", ""))
    if request.POST.get("action") != "remove":
        raise Http404
    if request.POST.get("confirmed") != "1":
        return preview(request, _removal(source))
    with transaction.atomic():
        _end_sessions(source)
        _record(request, "sign-in.remove", source, "")
        source.delete()
    return go(request, reverse("signin:list"))


def _sources_page(request: HttpRequest, rules: PasswordRulesForm) -> HttpResponse:
    unread = (f"{kind.__name__.lower()}__{kind.sealed}" for kind in (Provider, Directory))
    rows = Source.objects.select_related("provider", "directory").defer(*unread).annotate(people=Count("identities"))
    buttons = [
        Button(_kind("provider").added, "plus", url=reverse("signin:add", args=["provider"]), is_primary=True),
        Button(_kind("directory").added, "plus", url=reverse("signin:add", args=["directory"])),
    ]
    return render_page(
        request, "signin/sources.html", {"sources": [_row(source) for source in rows], "rules": rules},
        active="sign-in", title=_("Sign-in"), buttons=buttons,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if rules.is_bound else HTTPStatus.OK,
    )  # fmt: skip


def _form_page(request: HttpRequest, kind: Kind, source: Any) -> HttpResponse:
    form = kind.form(request.POST or None, instance=source)
    findings: Sequence[Finding] = ()
    if request.method == "POST" and form.is_valid():
        if request.POST.get("do") != "test":
            return _save(request, kind, form, is_new=source is None)
        findings = list(_test(form))
        _record(request, "sign-in.test", form.instance, _in_short(findings))
    has_failed = form.is_bound and not form.is_valid()
    if has_failed:
        form.ask_for_secrets_again()
    title = Source.objects.get(pk=source.pk).name if source else kind.added
    context = {"form": form, "source": source, "findings": findings, "callback": _callback(request, source)}
    return render_page(
        request, kind.template, context, active="sign-in", title=title, act_url=reverse("signin:act"),
        crumbs=[Crumb(_("Sign-in"), reverse("signin:list"))],
        buttons=[Button(_("Remove"), "trash", action="remove", item_id=source.slug, is_danger=True)] if source else [],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if has_failed else HTTPStatus.OK,
    )  # fmt: skip


def _save(request: HttpRequest, kind: Kind, form: SourceForm, *, is_new: bool) -> HttpResponse:
    changed = [name for name in form.changed_data if not name.startswith("test_")]
    with transaction.atomic():
        source = form.save()
        oidc.forget()
        # Names of fields only: some are secrets.
        _record(request, "sign-in.add" if is_new else "sign-in.change", source, "" if is_new else ", ".join(changed))
        if not source.is_enabled and "is_enabled" in changed:
            _end_sessions(source)
    # A provider must be told an address of ours, which only now is known.
    shows_address = is_new and isinstance(source, Provider)
    return go(request, _url_of(source) if shows_address else reverse("signin:list"))


def _test(form: SourceForm) -> Sequence[Finding]:
    if isinstance(form, DirectoryForm):
        given = form.cleaned_data
        return list(ldap.examine(form.instance, given["test_username"], given["test_password"]))
    return list(oidc.examine(form.instance))


def _in_short(findings: Sequence[Finding]) -> str:
    failed = [finding.what for finding in findings if not finding.is_good and finding.is_grave]
    return f"failed: {', '.join(failed)}" if failed else "passed"


def _row(source: Any) -> dict[str, Any]:
    is_provider = hasattr(source, "provider")
    return {
        "source": source,
        "url": _url_of(source),
        "icon": "key" if is_provider else "address-book",
        "kind": "OpenID Connect" if is_provider else "LDAP",
        "where": source.provider.issuer if is_provider else source.directory.server,
        "state": State(_("in use"), "good") if source.is_enabled else State(_("off"), "off"),
    }


def _url_of(source: Any) -> str:
    kind = "provider" if isinstance(source, Provider) or hasattr(source, "provider") else "directory"
    return reverse("signin:change", args=[kind, source.slug])


def _callback(request: HttpRequest, source: Any) -> str:
    """What the provider must be told. Before there is one it cannot be known."""
    return absolute(request, reverse("signin:callback", args=[source.slug])) if isinstance(source, Provider) else ""


def _removal(source: Source) -> Preview:
    people = source.identities.select_related("user")
    stranded = [one.user.username for one in people if not one.user.has_usable_password()]
    names = ", ".join(stranded[:8])
    lines = [
        PreviewLine(
            source.name, ngettext("%d person comes in by it", "%d people come in by it", len(people)) % len(people)
        )
    ]
    if stranded:
        lines.append(PreviewLine(names, _("have no password here: an administrator must give them a link")))
    return Preview(
        title=_("Remove %s") % source.name,
        intro=_("Nobody can sign in by it any more. Whoever is signed in and came by it is signed out."),
        lines=lines,
        columns=(_("What goes"), _("What that means"), ""),
        do=_("Remove 1 way to sign in"),
        action="remove",
        item_ids=[source.slug],
        url=reverse("signin:act"),
        kept=_("Kept: the people themselves, with their roles, teams and what they own."),
    )


def _end_sessions(source: Source) -> None:
    for identity in source.identities.select_related("user"):
        sessions.end_all(identity.user)


def _record(request: HttpRequest, operation: str, source: Any, message: str) -> None:
    audit.record(actor_of(request), operation, is_allowed=True, resource="sign-in", target=source.name, message=message)
