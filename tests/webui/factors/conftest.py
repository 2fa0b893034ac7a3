"""People with second factors, and browsers in which a password was given."""

from collections.abc import Callable

import pytest
from django.core.cache import cache

from tests.authenticator import code_of
from webui.accounts.models import User
from webui.factors import methods

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def with_app() -> Callable[[User], list[str]]:
    """Gives somebody an authenticator app with SECRET; returns their recovery codes."""

    def add(user: User) -> list[str]:
        assert methods.add_app(user, SECRET, code_of(SECRET))
        # That code is used up by this; tests want to use it.
        cache.clear()
        return methods.new_recovery_codes(user)

    return add
