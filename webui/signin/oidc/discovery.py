"""What a provider says of itself (OpenID Connect Discovery 1.0), and whether we can work with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from webui.pages.findings import Finding
from webui.signin.models import Provider
from webui.signin.oidc.errors import ProviderFailed
from webui.signin.oidc.transport import ask, check_url

# Signatures by a key that is public; those with a shared secret would let whoever holds it sign.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


@dataclass(frozen=True, slots=True)
class Metadata:
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    takes_basic: bool = True
    raw: dict[str, Any] | None = None


def discover(provider: Provider) -> Metadata:
    """Raises ProviderFailed."""
    check_url(provider.issuer, _("The issuer"))
    url = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    status, said = ask(url, provider.ca)
    if status != 200:
        raise ProviderFailed(_("%(url)s answered %(status)s.") % {"url": url, "status": status}, rule="provider answer")
    issuer = str(said.get("issuer", ""))
    if issuer.rstrip("/") != provider.issuer.rstrip("/"):
        words = _("It says that it is %(said)s, not %(wanted)s.") % {"said": issuer[:200], "wanted": provider.issuer}
        raise ProviderFailed(words, rule="provider issuer")
    endpoints = {name: str(said.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    for name, endpoint in endpoints.items():
        check_url(endpoint, name)
    userinfo = str(said.get("userinfo_endpoint") or "")
    # The default where it says nothing (Discovery 1.0, section 3).
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Metadata(
        issuer, **endpoints, userinfo_endpoint=userinfo, takes_basic="client_secret_basic" in methods, raw=said
    )


def keys_of(provider: Provider, metadata: Metadata) -> list[dict[str, Any]]:
    """The keys that it signs with. Raises ProviderFailed."""
    _status, said = ask(metadata.jwks_uri, provider.ca)
    keys = said.get("keys")
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def examine(provider: Provider) -> Iterator[Finding]:
    """Step by step, what discovery finds; ends with the first step that fails."""
    try:
        metadata = discover(provider)
        yield Finding(_("Discovery"), _("It answers, and is %s.") % metadata.issuer, is_good=True)
        keys = keys_of(provider, metadata)
    except ProviderFailed as error:
        yield Finding(_("Discovery"), str(error), is_good=False)
        return
    kinds = ", ".join(sorted({str(key.get("kty")) for key in keys}))
    yield Finding(_("Keys"), _("%(count)d to sign with: %(kinds)s") % {"count": len(keys), "kinds": kinds}
                  if keys else _("It names no key to sign with."), is_good=bool(keys))  # fmt: skip
    yield from _abilities(provider, metadata.raw or {})


def _abilities(provider: Provider, said: dict[str, Any]) -> Iterator[Finding]:
    has_pkce = "S256" in (said.get("code_challenge_methods_supported") or [])
    yield Finding(_("PKCE"), _("It checks S256.") if has_pkce else
                  _("It does not say that it checks S256. Quayside sends it all the same."), is_good=has_pkce,
                  is_grave=False)  # fmt: skip
    signs = said.get("id_token_signing_alg_values_supported") or []
    usable = [name for name in signs if name in ALGORITHMS]
    yield Finding(_("Signatures"), ", ".join(usable) or _("None that Quayside takes: it offers %s.") % ", ".join(signs),
                  is_good=bool(usable))  # fmt: skip
    offered, wanted = said.get("scopes_supported"), provider.scopes.split()
    missing = [scope for scope in wanted if offered and scope not in offered]
    yield Finding(_("Scopes"), _("It does not offer %s.") % ", ".join(missing) if missing else
                  _("It offers all that are asked for."), is_good=not missing, is_grave=False)  # fmt: skip
    claims, claim = said.get("claims_supported"), provider.team_claim
    if claim:
        is_there = not claims or claim in claims
        yield Finding(_("Groups"), _("Teams follow the claim %s.") % claim if is_there else
                      _("It does not list a claim %s; it may send it all the same.") % claim, is_good=is_there,
                      is_grave=False)  # fmt: skip
