"""An authenticator app of our own, written from RFC 6238 and not from what is tested."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.webui.conftest import PASSWORD
from webui.accounts.models import User
from webui.factors import methods

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret: str, *, periods_later: int = 0) -> str:
    counter = int(time.time()) // 30 + periods_later
    digest = hmac.new(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


@pytest.fixture(autouse=True)
def forgotten_codes() -> None:
    """Used codes are remembered in the cache, which outlives a test."""
    cache.clear()


@pytest.fixture
def with_app() -> Callable[[User], list[str]]:
    """Gives somebody an authenticator app with SECRET; returns their recovery codes."""

    def add(user: User) -> list[str]:
        # The code of the period before is used up, so that the present one is still good.
        assert methods.add_app(user, SECRET, code_of(SECRET, periods_later=-1))
        return methods.new_recovery_codes(user)

    return add


@pytest.fixture
def by_password() -> Callable[..., Client]:
    """A browser in which somebody gave the right password."""

    def enter(user: User, **more: str) -> Client:
        client = Client()
        response = client.post(reverse("accounts:sign-in"), {"username": user.username, "password": PASSWORD, **more})
        assert response.status_code == 302
        return client

    return enter
