"""The first administrator: made from the environment, or by whoever holds the one-time link that the start prints."""

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from webui.access import Role
from webui.environment import SettingError, secret_of

if TYPE_CHECKING:
    from webui.accounts.models import User


def has_administrator() -> bool:
    from webui.accounts.models import User

    return User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists()


def administrator_from_environment() -> "User | None":
    """Make the administrator that QUAYSIDE_ADMIN_USER names, when there is none yet. Raises SettingError."""
    from webui.accounts.models import User

    username = os.environ.get("QUAYSIDE_ADMIN_USER", "")
    if not username or has_administrator():
        return None
    password = secret_of("QUAYSIDE_ADMIN_PASSWORD")
    if not password:
        raise SettingError("QUAYSIDE_ADMIN_USER is set, QUAYSIDE_ADMIN_PASSWORD (or _FILE) is not")
    try:
        validate_password(password, User(username=username))
    except ValidationError as error:
        raise SettingError(f"QUAYSIDE_ADMIN_PASSWORD: {' '.join(error.messages)}") from error
    return User.objects.create_user(username, password, role=Role.ADMINISTRATOR)


def new_set_up_token() -> str | None:
    """A fresh token in place of any earlier one; None when there is an administrator already."""
    from webui.accounts.models import SetUpLink

    with transaction.atomic():
        SetUpLink.objects.all().delete()
        if has_administrator():
            return None
        token = secrets.token_urlsafe(32)
        SetUpLink.objects.create(token_hash=_hash(token))
    return token


def is_open(token: str) -> bool:
    """Whether this token may make the first administrator."""
    from webui.accounts.models import SetUpLink

    return SetUpLink.objects.filter(token_hash=_hash(token)).exists() and not has_administrator()


def claim(token: str, username: str, password: str) -> "User | None":
    """Make the first administrator and use up the token; None when somebody else was faster, or the token is none."""
    from webui.accounts.models import SetUpLink, User

    with transaction.atomic():
        used, _details = SetUpLink.objects.filter(token_hash=_hash(token)).delete()
        if not used or has_administrator():
            return None
        return User.objects.create_user(username, password, role=Role.ADMINISTRATOR)


def _hash(token: str) -> str:
    # The token is 32 random bytes: a plain hash cannot be guessed back.
    return hashlib.sha256(token.encode()).hexdigest()
