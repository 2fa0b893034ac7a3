"""From the button to the person: what is sent along to the provider, and what must come back.

What is under way is kept in the session, by its `state`: an answer that this browser did not ask for opens nothing.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from webui.access.origins import absolute
from webui.signin.arrivals import Arrival
from webui.signin.models import Provider
from webui.signin.oidc.discovery import Metadata
from webui.signin.oidc.errors import ProviderFailed
from webui.signin.oidc.recent import metadata_of
from webui.signin.oidc.tokens import claims_of
from webui.signin.oidc.transport import ask

_KEPT: Final = "oidc"
_LASTS_S: Final = 600
_MOST_AT_ONCE: Final = 5

# What it is for: entering, connecting an account to somebody who is signed in, proving once more that it is them.
ENTER, CONNECT, CONFIRM = "enter", "connect", "confirm"


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that is under way at a provider."""

    provider: str
    purpose: str
    following: str
    nonce: str
    verifier: str
    at: int


def begin(request: HttpRequest, provider: Provider, *, purpose: str, following: str) -> str:
    """Where to send the browser. Raises ProviderFailed."""
    metadata = metadata_of(provider)
    state = secrets.token_urlsafe(32)
    pending = Pending(
        provider.slug, purpose, following, secrets.token_urlsafe(32), secrets.token_urlsafe(48), int(time.time())
    )
    kept = list(request.session.get(_KEPT, {}).items())[-_MOST_AT_ONCE + 1 :]
    request.session[_KEPT] = {**dict(kept), state: asdict(pending)}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(pending.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": callback_url(request, provider),
        "scope": _scopes(provider), "state": state, "nonce": pending.nonce, "code_challenge": challenge,
        "code_challenge_method": "S256",
    }  # fmt: skip
    if purpose == CONFIRM:
        asked |= {"prompt": "login", "max_age": "0"}
    separator = "&" if "?" in metadata.authorization_endpoint else "?"
    return f"{metadata.authorization_endpoint}{separator}{urlencode(asked)}"


def take_pending(request: HttpRequest, slug: str) -> Pending:
    """What the answer belongs to; each is answered once. Raises ProviderFailed."""
    kept = dict(request.session.get(_KEPT, {}))
    found = kept.pop(request.GET.get("state", ""), None)
    request.session[_KEPT] = kept
    if found is None or found["provider"] != slug or not 0 <= time.time() - found["at"] < _LASTS_S:
        words = _("This answer belongs to no sign-in that was begun in this browser, or it took too long. Try again.")
        raise ProviderFailed(words, rule="state")
    return Pending(**found)


def arrival_of(request: HttpRequest, provider: Provider, pending: Pending) -> Arrival:
    """Who came back, from the provider itself and not from what the browser brought along. Raises ProviderFailed."""
    if "error" in request.GET:
        said = request.GET.get("error_description") or request.GET["error"]
        raise ProviderFailed(
            _("%(name)s said no: %(said)s") % {"name": provider.name, "said": said[:300]}, rule="provider refused"
        )
    metadata = metadata_of(provider)
    # RFC 9207: a code of another provider must not be brought to this one.
    if request.GET.get("iss", metadata.issuer) != metadata.issuer:
        raise ProviderFailed(_("This answer comes from another provider."), rule="issuer")
    tokens = _redeemed(request, provider, metadata, pending)
    claims = claims_of(provider, metadata, str(tokens.get("id_token", "")), nonce=pending.nonce)
    if pending.purpose == CONFIRM and time.time() - float(claims.get("auth_time", 0)) > _LASTS_S:
        raise ProviderFailed(_("%s did not ask you to sign in again.") % provider.name, rule="auth_time")
    return _arrival(provider, {**_userinfo(provider, metadata, tokens, str(claims["sub"])), **claims})


def callback_url(request: HttpRequest, provider: Provider) -> str:
    return absolute(request, reverse("signin:callback", args=[provider.slug]))


def _redeemed(request: HttpRequest, provider: Provider, metadata: Metadata, pending: Pending) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code", "code": request.GET.get("code", ""), "code_verifier": pending.verifier,
        "redirect_uri": callback_url(request, provider),
    }  # fmt: skip
    auth = None
    if provider.client_secret and metadata.takes_basic:
        # RFC 6749, 2.3.1: both are form-encoded before they are joined by the colon.
        auth = (quote(provider.client_id, safe=""), quote(provider.client_secret, safe=""))
    else:
        form["client_id"] = provider.client_id
        if provider.client_secret:
            form["client_secret"] = provider.client_secret
    status, said = ask(metadata.token_endpoint, provider.ca, form=form, auth=auth)
    if status != 200:
        why = str(said.get("error_description") or said.get("error") or status)[:300]
        raise ProviderFailed(_("%(name)s gave no token: %(why)s") % {"name": provider.name, "why": why}, rule="token")
    return said


def _userinfo(provider: Provider, metadata: Metadata, tokens: Mapping[str, Any], subject: str) -> dict[str, Any]:
    """What it says besides; only of the very subject that it vouched for (Core 1.0, 5.3.2)."""
    if not metadata.userinfo_endpoint or not tokens.get("access_token"):
        return {}
    status, said = ask(metadata.userinfo_endpoint, provider.ca, bearer=str(tokens["access_token"]))
    if status == 200 and said.get("sub") != subject:
        raise ProviderFailed(_("%s spoke of two different people.") % provider.name, rule="userinfo")
    return said if status == 200 else {}


def _arrival(provider: Provider, claims: Mapping[str, Any]) -> Arrival:
    subject = str(claims["sub"])
    email = str(claims.get("email") or "")
    username = str(claims.get("preferred_username") or email.partition("@")[0] or subject)
    return Arrival(
        provider, subject, username, str(claims.get("name") or ""), email if "@" in email else "",
        groups=_groups(claims, provider.team_claim),
    )  # fmt: skip


def _groups(claims: Mapping[str, Any], path: str) -> frozenset[str] | None:
    """The claim may lie deeper: `realm_access.roles`. None where it is not sent: then teams stay as they are."""
    found: Any = claims.get(path) if path else None
    if found is None and path:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset(found.replace(",", " ").split())
    return frozenset(str(one) for one in found) if isinstance(found, list) else None


def _scopes(provider: Provider) -> str:
    wanted = provider.scopes.split()
    return " ".join(wanted if "openid" in wanted else ["openid", *wanted])
