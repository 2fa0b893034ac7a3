"""The second step of signing in: a code, or a passkey. And signing in by a passkey alone."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from webui.access import public
from webui.accounts import entering, throttle
from webui.accounts.entering import Entrant
from webui.accounts.views import sign_in_page
from webui.factors import methods, passkeys
from webui.factors.forms import ProofForm


# Whoever is entering is no more than that yet.
@public
@never_cache
@sensitive_post_parameters("code", "credential")
def second_step(request: HttpRequest) -> HttpResponse:
    entrant = entering.entrant_of(request)
    if entrant is None:
        return redirect("accounts:sign-in")
    form = ProofForm(request.POST or None, with_password=False, with_code=True)
    if request.method == "POST" and form.is_valid():
        if way := form.prove(request, entrant.user, passkeys.SECOND):
            return entering.finish(request, entrant, f"{entrant.way} + {way}")
        entering.refused(request, entrant.user.username, form.failure())
    kinds = {factor.kind for factor in methods.factors_of(entrant.user)}
    context = {"form": form, "person": entrant.user, "has_app": methods.APP in kinds,
               "has_passkey": methods.PASSKEY in kinds and passkeys.are_possible(request)}  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "accounts/second_step.html", context, status=status)


# As above.
@public
@require_POST
@never_cache
def second_step_options(request: HttpRequest) -> HttpResponse:
    entrant = entering.entrant_of(request)
    if entrant is None:
        return JsonResponse({}, status=HTTPStatus.GONE)
    return JsonResponse(passkeys.begin_using(request, entrant.user, passkeys.SECOND))


# Whoever signs in is still a stranger.
@public
@require_POST
@never_cache
def passkey_options(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        entering.keep_briefly(request)
    return JsonResponse(passkeys.begin_using(request, None, passkeys.ALONE))


# As above.
@public
@require_POST
@never_cache
@sensitive_post_parameters("credential")
def sign_in_by_passkey(request: HttpRequest) -> HttpResponse:
    """A passkey that checked who holds it is two factors at once: what they have, and what they know or are."""
    following = entering.safe_path(request, request.POST.get("next", ""))
    address = str(request.META.get("REMOTE_ADDR", ""))
    # By address alone: there is no name yet, and nobody may slow down everybody.
    name = f"passkey {address}"
    wait_s = throttle.seconds_to_wait(name, address)
    try:
        if wait_s:
            raise passkeys.PasskeyRefused("throttled")
        user = passkeys.use(request, None, passkeys.ALONE, request.POST.get("credential", ""))
    except passkeys.PasskeyRefused:
        throttle.failed(name, address)
        entering.refused(request, "", "throttled" if wait_s else "wrong passkey")
        return sign_in_page(request, following, passkey_refused=True)
    if not user.is_active:
        entering.refused(request, user.username, "deactivated")
        return sign_in_page(request, following, passkey_refused=True)
    return entering.finish(request, Entrant(user, "passkey", following), "passkey")
