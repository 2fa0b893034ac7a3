"""Somebody's second factors: which there are, checking a code, adding, removing.

A factor is an authenticator app or a passkey. Recovery codes are no factor of their own: they stand in for one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from datetime import datetime

    from webui.accounts.models import User

APP, PASSKEY, RECOVERY = "totp", "webauthn", "recovery_codes"
FACTORS = (APP, PASSKEY)


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor as a page shows it."""

    id: int
    kind: str
    name: str
    added_at: "datetime"
    used_at: "datetime | None"


def factors_of(user: "User") -> list[Factor]:
    """The oldest first."""
    rows = _rows(user).filter(type__in=FACTORS).order_by("pk")
    return [Factor(row.pk, row.type, _name_of(row), row.created_at, row.last_used_at) for row in rows]


def has_factor(user: "User") -> bool:
    return bool(_rows(user).filter(type__in=FACTORS).exists())


def has_app(user: "User") -> bool:
    return bool(_rows(user).filter(type=APP).exists())


def words_of(user: "User") -> str:
    """ "authenticator app, 2 passkeys", or "" for none."""
    kinds = [factor.kind for factor in factors_of(user)]
    keys = kinds.count(PASSKEY)
    parts = [_("authenticator app") if APP in kinds else "", ngettext("%d passkey", "%d passkeys", keys) % keys]
    return ", ".join(part for part in (parts if keys else parts[:1]) if part)


def new_secret() -> str:
    """A fresh secret for an authenticator app, in base 32 (RFC 6238)."""
    return str(generate_totp_secret())


def address_of(user: "User", secret: str) -> str:
    """The otpauth:// address that an app reads from the picture."""
    return str(get_adapter().build_totp_url(user, secret))


def add_app(user: "User", secret: str, code: str) -> bool:
    """Keep the secret if `code` is what the app shows now; that code is then used up."""
    with transaction.atomic():
        added = TOTP.activate(user, secret)
        if added.validate_code(code):
            return True
        transaction.set_rollback(True)
    return False


def check_code(user: "User", code: str) -> str:
    """Which of the two a code is, APP or RECOVERY; "" for neither. Right codes are used up by this."""
    digits = "".join(code.split()).replace("-", "")
    for row in _rows(user).filter(type__in=(APP, RECOVERY)):
        if row.wrap().validate_code(digits):
            row.refresh_from_db()
            row.record_usage()
            return str(row.type)
    return ""


def new_recovery_codes(user: "User") -> list[str]:
    """Ten fresh codes; earlier ones no longer count."""
    with transaction.atomic():
        _rows(user).filter(type=RECOVERY).delete()
        return [_spaced(code) for code in RecoveryCodes.activate(user).generate_codes()]


def recovery_codes(user: "User") -> list[str]:
    """The codes that still count; the caller decides whether they may be shown."""
    row = _rows(user).filter(type=RECOVERY).first()
    return [_spaced(code) for code in row.wrap().get_unused_codes()] if row else []


def remove(user: "User", factor_id: int) -> Factor | None:
    """Remove one factor, and with the last one the recovery codes; None where there is no such factor."""
    with transaction.atomic():
        going = next((factor for factor in factors_of(user) if factor.id == factor_id), None)
        if going is not None:
            _rows(user).filter(pk=going.id).delete()
            if not has_factor(user):
                _rows(user).delete()
    return going


def remove_all(user: "User") -> str:
    """Remove everything; returns what it was, in words."""
    words = words_of(user)
    _rows(user).delete()
    return words


def _rows(user: "User") -> Any:
    # The models of another app cannot be imported while apps are being loaded.
    from allauth.mfa.models import Authenticator

    return Authenticator.objects.filter(user_id=user.pk)


def _name_of(row: Any) -> str:
    return str(row.wrap().name) if row.type == PASSKEY else _("Authenticator app")


def _spaced(code: str) -> str:
    return f"{code[:5]} {code[5:]}"
