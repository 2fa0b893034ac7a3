"""OpenID Connect: the authorization code flow with PKCE and a nonce (OpenID Connect Core 1.0, RFC 7636, RFC 9700)."""

from webui.signin.oidc.discovery import Metadata, discover, examine
from webui.signin.oidc.errors import ProviderFailed
from webui.signin.oidc.flow import Pending, arrival_of, begin, take_pending
from webui.signin.oidc.recent import forget

__all__ = [
    "Metadata",
    "Pending",
    "ProviderFailed",
    "arrival_of",
    "begin",
    "discover",
    "examine",
    "forget",
    "take_pending",
]
