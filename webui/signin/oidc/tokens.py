"""Reading an ID token: whose signature, for whom, until when, and in answer to which question (Core 1.0, 3.1.3.7)."""

import hmac
from typing import Any, Final

import jwt
from django.utils.translation import gettext as _

from webui.signin.models import Provider
from webui.signin.oidc.discovery import ALGORITHMS, Metadata, keys_of
from webui.signin.oidc.errors import ProviderFailed

# Between its clock and ours.
_LEEWAY_S: Final = 60
_NEEDED: Final = ["exp", "iat", "iss", "aud", "sub"]


def claims_of(provider: Provider, metadata: Metadata, token: str, *, nonce: str) -> dict[str, Any]:
    """What the token says, once everything about it is right. Raises ProviderFailed."""
    try:
        header = jwt.get_unverified_header(token)
        key = _key(keys_of(provider, metadata), header)
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[header["alg"]], audience=provider.client_id, issuer=metadata.issuer,
            leeway=_LEEWAY_S, options={"require": _NEEDED},
        )  # fmt: skip
    except jwt.ExpiredSignatureError as error:
        words = _("What it sent has run out already: do the clocks of both machines agree?")
        raise ProviderFailed(words, rule="token expired") from error
    except jwt.ImmatureSignatureError as error:
        words = _("What it sent is from the future: do the clocks of both machines agree?")
        raise ProviderFailed(words, rule="token clock") from error
    except jwt.PyJWTError as error:
        words = _("What it sent is not signed by it, or not meant for this console: %s") % error
        raise ProviderFailed(words, rule="token") from error
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise ProviderFailed(_("This answers another sign-in than the one that was begun here."), rule="nonce")
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", provider.client_id) != provider.client_id or (len(audiences) > 1 and "azp" not in claims):
        raise ProviderFailed(_("What it sent was made for another client."), rule="token audience")
    return claims


def _key(keys: list[dict[str, Any]], header: dict[str, Any]) -> jwt.PyJWK:
    """The provider's key that signed. The algorithm is one of ours, never just what the token says."""
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise jwt.InvalidAlgorithmError(f"signed by {algorithm}, which is not taken")
    usable = [key for key in keys if key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm]
    for key in usable:
        if key_id is None or key.get("kid") == key_id:
            return jwt.PyJWK(key, algorithm)
    raise jwt.InvalidKeyError(f"it has no key {key_id}")
