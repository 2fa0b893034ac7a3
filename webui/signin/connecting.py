"""One's own accounts elsewhere: which are connected, connecting one of a directory, letting go of one."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from webui import audit
from webui.access import needs_session, needs_sign_in
from webui.accounts import throttle
from webui.accounts.models import User
from webui.factors.confirming import needs_confirming
from webui.gate import actor_of
from webui.pages import Crumb, Preview, PreviewLine, go, preview, render_page
from webui.signin.arrivals import NotLetIn
from webui.signin.arrivals import connect as connect_to
from webui.signin.forms import ConnectForm
from webui.signin.ldap import DirectoryFailed, sign_in
from webui.signin.models import Directory, Identity, Provider, Source

_IS_PROVIDER = Exists(Provider.objects.filter(pk=OuterRef("pk")))


@require_GET
@needs_session
@never_cache
def connected(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    mine = {identity.source_id: identity for identity in user.identities.select_related("source")}
    others = Source.objects.filter(is_enabled=True).exclude(pk__in=mine).annotate(is_provider=_IS_PROVIDER)
    context = {
        "identities": mine.values(),
        "others": [{"source": source, "url": _connect_url(source)} for source in others],
    }
    return render_page(
        request, "signin/connected.html", context, active="profile", title=_("Connected accounts"),
        crumbs=_crumbs()[:1], act_url=reverse("signin:disconnect"),
    )  # fmt: skip


@needs_sign_in
@needs_confirming
@never_cache
@sensitive_post_parameters("password")
def connect_directory(request: HttpRequest, slug: str) -> HttpResponse:
    directory = _directory(slug)
    form = ConnectForm(request.POST or None, user=_person(request))
    if request.method == "POST" and form.is_valid():
        try:
            name = _connect(request, directory, form.cleaned_data["username"], form.cleaned_data["password"])
        except ValidationError as error:
            form.add_error(None, error)
            audit.record(actor_of(request), "account.connect", is_allowed=False, resource="account",
                         target=directory.name, rule=error.code or "")  # fmt: skip
        else:
            audit.record(actor_of(request), "account.connect", is_allowed=True, resource="account",
                         target=directory.name, message=name)  # fmt: skip
            return redirect("signin:connected")
    return render_page(
        request, "signin/connect.html", {"form": form}, active="profile", title=_("Connect %s") % directory.name,
        crumbs=_crumbs(), status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )  # fmt: skip


@require_POST
@needs_session
@needs_confirming
def disconnect(request: HttpRequest) -> HttpResponse:
    """`action` disconnect for the identity `id`; the first click shows what that means."""
    user = _person(request)
    ids = [one for one in request.POST.getlist("id") if one.isdecimal()]
    identity = user.identities.select_related("source").filter(pk__in=ids).first()
    if identity is None or request.POST.get("action") != "disconnect":
        raise Http404
    is_only = not user.has_usable_password() and user.identities.count() == 1
    if request.POST.get("confirmed") != "1" or is_only:
        return preview(request, _letting_go(identity, is_only=is_only))
    audit.record(actor_of(request), "account.disconnect", is_allowed=True, resource="account",
                 target=identity.source.name)  # fmt: skip
    identity.delete()
    return go(request, reverse("signin:connected"))


def _directory(slug: str) -> Directory:
    try:
        found: Directory = Directory.readable(slug=slug, is_enabled=True)
    except Directory.DoesNotExist:
        raise Http404 from None
    return found


def _connect(request: HttpRequest, directory: Directory, username: str, password: str) -> str:
    """Raises ValidationError, whose code is for the log."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    throttle.check(username, address)
    try:
        arrival = sign_in(directory, username, password)
    except DirectoryFailed as error:
        raise ValidationError(str(error), code=error.rule) from error
    if arrival is None:
        throttle.failed(username, address)
        raise ValidationError(_("That user name and password do not belong together there."), code="wrong")
    try:
        connect_to(_person(request), arrival)
    except NotLetIn as error:
        raise ValidationError(str(error), code=error.rule) from error
    return arrival.username


def _letting_go(identity: Identity, *, is_only: bool) -> Preview:
    name = identity.source.name
    why = _("stays: it is your only way in, you have no password here") if is_only else _("no longer signs you in here")
    return Preview(
        title=_("Disconnect %s") % name,
        intro=_("Your account there stays as it is."),
        lines=[PreviewLine(name, why)],
        columns=(_("Account"), _("What that means"), ""),
        do=_("Disconnect 0 accounts") if is_only else _("Disconnect 1 account"),
        action="disconnect",
        item_ids=[] if is_only else [str(identity.pk)],
        url=reverse("signin:disconnect"),
    )


def _connect_url(source: Any) -> str:
    return reverse("signin:start-connecting" if source.is_provider else "signin:connect", args=[source.slug])


def _crumbs() -> list[Crumb]:
    return [Crumb(_("Your profile"), reverse("accounts:profile")),
            Crumb(_("Connected accounts"), reverse("signin:connected"))]  # fmt: skip


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - what the views need has seen to it
    return request.user
