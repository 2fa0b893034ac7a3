"""To a provider and back: signing in, connecting an account there with one here, confirming that it is still you."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from webui import audit
from webui.access import needs_session, public
from webui.accounts import entering, throttle
from webui.accounts.entering import Entrant
from webui.accounts.models import User
from webui.accounts.views import sign_in_page
from webui.factors.confirming import confirmed, needs_confirming
from webui.gate import actor_of
from webui.pages import Crumb, render_page
from webui.signin import oidc
from webui.signin.arrivals import NotLetIn, connect, receive
from webui.signin.models import Identity, Provider
from webui.signin.oidc.flow import CONFIRM, CONNECT, ENTER


# Whoever signs in is still a stranger.
@public
@require_GET
@never_cache
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """A link and no form: the content policy lets forms go nowhere but here."""
    provider = _provider(slug)
    following = entering.safe_path(request, request.GET.get("next", ""))
    if not request.user.is_authenticated:
        entering.keep_briefly(request)
    return _sent(request, provider, ENTER, following)


@require_GET
@needs_session
@needs_confirming
@never_cache
def start_connecting(request: HttpRequest, slug: str) -> HttpResponse:
    provider = _provider(slug)
    return _sent(request, provider, CONNECT, reverse("signin:connected"))


@require_GET
@needs_session
@never_cache
def start_confirming(request: HttpRequest, slug: str) -> HttpResponse:
    provider = _provider(slug, identities__user=request.user.pk)
    return _sent(request, provider, CONFIRM, entering.safe_path(request, request.GET.get("next", "")))


# As above: what comes back is proved by the provider itself.
@public
@require_GET
@never_cache
def callback(request: HttpRequest, slug: str) -> HttpResponse:
    provider = _provider(slug)
    address = str(request.META.get("REMOTE_ADDR", ""))
    # By address alone: there is no name yet, and nobody may slow down everybody.
    name = f"provider {slug} {address}"
    try:
        if wait_s := throttle.seconds_to_wait(name, address):
            words = _("Too many failed tries. Wait %d seconds, then try again.") % wait_s
            raise oidc.ProviderFailed(words, rule="throttled")
        pending = oidc.take_pending(request, slug)
        return _arrived(request, provider, pending)
    except oidc.ProviderFailed as error:
        if error.rule not in {"throttled", "provider down", "provider refused"}:
            throttle.failed(name, address)
        return _trouble(request, provider, error.rule, str(error), status_of(error.rule))
    except NotLetIn as error:
        return _trouble(request, provider, error.rule, str(error), HTTPStatus.FORBIDDEN, username=error.username)


def _arrived(request: HttpRequest, provider: Provider, pending: oidc.Pending) -> HttpResponse:
    arrival = oidc.arrival_of(request, provider, pending)
    if pending.purpose == ENTER:
        user = receive(arrival, str(request.META.get("REMOTE_ADDR", "")))
        entrant = Entrant(user, f"provider {provider.name}", pending.following)
        return entering.enter(request, entrant, asks_second=not provider.asks_second_factor)
    if not isinstance(request.user, User):
        raise oidc.ProviderFailed(_("You have been signed out meanwhile."), rule="signed out")
    if pending.purpose == CONNECT:
        connect(request.user, arrival)
        audit.record(actor_of(request), "account.connect", is_allowed=True, resource="account", target=provider.name,
                     message=arrival.username)  # fmt: skip
    else:
        known = Identity.objects.filter(source=arrival.source, subject=arrival.subject, user=request.user)
        if not known.exists():
            raise NotLetIn(_("That is somebody else."), rule="somebody else", username=request.user.username)
        confirmed(request)
    return redirect(pending.following)


def status_of(rule: str) -> HTTPStatus:
    """Whose fault it is: the provider's, or what the browser brought along."""
    is_theirs = rule.startswith("provider") and rule != "provider refused"
    return HTTPStatus.BAD_GATEWAY if is_theirs else HTTPStatus.BAD_REQUEST


def _provider(slug: str, **more: object) -> Provider:
    try:
        found: Provider = Provider.readable(slug=slug, is_enabled=True, **more)
    except Provider.DoesNotExist:
        raise Http404 from None
    return found


def _sent(request: HttpRequest, provider: Provider, purpose: str, following: str) -> HttpResponse:
    try:
        return redirect(oidc.begin(request, provider, purpose=purpose, following=following))
    except oidc.ProviderFailed as error:
        return _trouble(request, provider, error.rule, str(error), status_of(error.rule))


def _trouble(
    request: HttpRequest, provider: Provider, rule: str, words: str, status: int, *, username: str = ""
) -> HttpResponse:
    """Beside the buttons for a stranger, on a page of its own for somebody who is signed in."""
    if request.user.is_authenticated:
        audit.record(actor_of(request), "account.connect", is_allowed=False, resource="account", target=provider.name,
                     rule=rule)  # fmt: skip
        crumbs = [Crumb(_("Your profile"), reverse("accounts:profile"))]
        return render_page(request, "signin/trouble.html", {"words": words}, active="profile", title=provider.name,
                           crumbs=crumbs, status=status)  # fmt: skip
    entering.refused(request, username, rule, f"provider {provider.name}")
    return sign_in_page(request, reverse("dashboard"), trouble=words, status=status)
