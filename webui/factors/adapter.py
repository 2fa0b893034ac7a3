"""What django-allauth asks of us: secrets sealed at rest, and the names that authenticators show. See MFA_ADAPTER."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http.request import split_domain_port

from webui.sealed import seal, unseal

ISSUER = "Quayside"


class SealedFactors(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_totp_label(self, user: Any) -> str:
        return f"{user.get_username()}@{_name_of_console()}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": _name_of_console(), "name": ISSUER}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        return {"id": str(user.pk).encode(), "display_name": str(user), "name": user.get_username()}


def _name_of_console() -> str:
    """The name under which the browser sees us: passkeys are bound to it."""
    return split_domain_port(context.request.get_host())[0]
