"""Passkeys (WebAuthn): what the browser is asked for, and whether what it answers is right.

Each challenge is kept in the session, for one purpose, until it is answered once. Options and answers are JSON in the
form of WebAuthn Level 3 (`PublicKeyCredential.toJSON`).
"""

import ipaddress
import json
from typing import TYPE_CHECKING, Any, Final

from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.request import split_domain_port

from webui.access.origins import is_https
from webui.factors.methods import PASSKEY

if TYPE_CHECKING:
    from webui.accounts.models import User

ADD, SECOND, ALONE, CONFIRM = "add", "second", "alone", "confirm"
_PURPOSE: Final = "passkey-for"
_LONGEST: Final = 20_000


class PasskeyRefused(Exception):
    """What the browser sent is no answer to what it was asked, or of nobody's passkey."""


def are_possible(request: HttpRequest) -> bool:
    """Browsers make passkeys for names only, and only over https; this computer itself is the exception."""
    name = split_domain_port(request.get_host())[0]
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return is_https(request) or name == "localhost" or name.endswith(".localhost")
    return False


def begin_adding(request: HttpRequest, user: "User", *, signs_in_alone: bool) -> dict[str, Any]:
    """Options for `navigator.credentials.create`. One that signs in alone checks by PIN or finger who holds it."""
    options = auth.begin_registration(user, signs_in_alone)
    request.session[_PURPOSE] = ADD
    return dict(options)


def add(request: HttpRequest, user: "User", name: str, answer: str) -> None:
    """Keep a new passkey. Raises PasskeyRefused."""
    credential = _answer(request, ADD, answer)
    try:
        auth.complete_registration(credential)
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused(str(error)) from error
    auth.WebAuthn.add(user, name, credential)


def begin_using(request: HttpRequest, user: "User | None", purpose: str) -> dict[str, Any]:
    """Options for `navigator.credentials.get`; without a user, for whichever passkey somebody holds."""
    options = auth.begin_authentication(user)
    request.session[_PURPOSE] = purpose
    return dict(options)


def use(request: HttpRequest, user: "User | None", purpose: str, answer: str) -> "User":
    """Whose passkey answered; with `user` only theirs will do. Raises PasskeyRefused."""
    credential = _answer(request, purpose, answer)
    try:
        owner = user or _owner(credential)
        row = auth.complete_authentication(owner, credential)
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PasskeyRefused(str(error)) from error
    row.record_usage()
    return owner


def _owner(credential: dict[str, Any]) -> "User":
    from fido2.utils import websafe_decode

    from webui.accounts.models import User

    handle = websafe_decode(credential["response"]["userHandle"]).decode()
    owner = User.objects.filter(pk=int(handle), authenticator__type=PASSKEY).first()
    if owner is None:
        raise PasskeyRefused("nobody has this passkey")
    return owner


def _answer(request: HttpRequest, purpose: str, answer: str) -> dict[str, Any]:
    # A challenge answers once, whatever comes.
    asked_for = request.session.pop(_PURPOSE, "")
    if asked_for != purpose:
        raise PasskeyRefused("no such challenge is open")
    try:
        credential = json.loads(answer[:_LONGEST])
    except ValueError as error:
        raise PasskeyRefused("not JSON") from error
    if not isinstance(credential, dict):
        raise PasskeyRefused("not a credential")
    return credential
