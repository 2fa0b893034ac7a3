"""The page that asks somebody who is signed in to prove once more that it is them."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from webui import audit
from webui.access import needs_session
from webui.accounts.models import User
from webui.factors import methods, passkeys
from webui.factors.confirming import confirmed
from webui.factors.forms import ProofForm
from webui.gate import actor_of
from webui.pages import Crumb, render_page
from webui.signin.models import Source


@needs_session
@never_cache
@sensitive_post_parameters("password", "code", "credential")
def confirm(request: HttpRequest) -> HttpResponse:
    from webui.accounts.entering import safe_path

    assert isinstance(request.user, User)  # noqa: S101 - needs_session has seen to it
    user = request.user
    following = safe_path(request, request.POST.get("next") or request.GET.get("next") or "")
    kinds = {factor.kind for factor in methods.factors_of(user)}
    form = ProofForm(
        request.POST or None, initial={"username": user.username}, with_password=has_password(user),
        with_code=methods.APP in kinds,
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        if form.prove(request, user, passkeys.CONFIRM):
            confirmed(request)
            return redirect(following)
        audit.record(actor_of(request), "account.confirm", is_allowed=False, resource="account", rule=form.failure())
    context = {
        "form": form, "next": following, "has_passkey": methods.PASSKEY in kinds and passkeys.are_possible(request),
        "has_fields": len(form.visible_fields()) > 0,
        "providers": Source.objects.filter(identities__user=user, is_enabled=True, provider__isnull=False),
    }  # fmt: skip
    return render_page(
        request, "factors/confirm.html", context, active="profile", title=_("Is it you?"),
        crumbs=[Crumb(_("Your profile"), reverse("accounts:profile"))],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )  # fmt: skip


@require_POST
@needs_session
@never_cache
def confirm_options(request: HttpRequest) -> JsonResponse:
    assert isinstance(request.user, User)  # noqa: S101 - needs_session has seen to it
    return JsonResponse(passkeys.begin_using(request, request.user, passkeys.CONFIRM))


def has_password(user: User) -> bool:
    """One of ours, or of a directory."""
    return user.has_usable_password() or user.identities.filter(source__directory__isnull=False).exists()
