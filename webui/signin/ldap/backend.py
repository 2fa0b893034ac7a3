"""Django's door to the directories: the sign-in form asks it after the passwords that are kept here."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from webui.accounts.models import User
from webui.signin.arrivals import receive
from webui.signin.ldap.connection import DirectoryFailed
from webui.signin.ldap.people import sign_in
from webui.signin.models import Directory


class DirectoryBackend(BaseBackend):
    """Raises DirectoryFailed where one that might know them cannot be asked, NotLetIn where they may not come in."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_more: Any
    ) -> User | None:
        if request is None or not username or not password:
            return None
        failure: DirectoryFailed | None = None
        for pk in Directory.objects.filter(is_enabled=True).values_list("pk", flat=True):
            try:
                directory = Directory.readable(pk=pk)
                arrival = sign_in(directory, username, password)
            except DirectoryFailed as error:
                failure = error
                continue
            if arrival is not None:
                user = receive(arrival, str(request.META.get("REMOTE_ADDR", "")))
                user.way = f"directory {directory.name}"  # type: ignore[attr-defined]
                return user
        if failure is not None:
            raise failure
        return None
