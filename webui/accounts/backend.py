"""Django's door to the passwords that are kept here, and to whoever is signed in."""

from typing import Any, Final

from django.contrib.auth.backends import ModelBackend
from django.db.models import IntegerField

from webui.accounts.models import User
from webui.prepared import Given, Prepared

_BY_ID: Final = Prepared(lambda: User.objects.filter(pk=Given("id", IntegerField())))


class Passwords(ModelBackend):
    def get_user(self, user_id: Any) -> User | None:
        """The person of a session; None for one who was removed, or may no longer sign in."""
        user = _BY_ID.first(id=user_id)
        return user if user is not None and self.user_can_authenticate(user) else None
