"""Secrets at rest: text sealed with a key made from SECRET_KEY, so that a copy of the database gives nothing away."""

import base64
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models


def _box() -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=b"quayside sealed fields").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def seal(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises ValueError when it was sealed with another key."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise ValueError("sealed with another key: QUAYSIDE_SECRET_KEY or the secret-key file has changed") from None


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is sealed in the database and open in Python. It cannot be searched."""

    def from_db_value(self, value: str | None, *_args: Any) -> str | None:
        return unseal(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        return seal(value) if value else value
