"""Asking whether a name and a password belong together: those kept here, then the directories."""

from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from webui.accounts.models import User
from webui.signin.arrivals import NotLetIn
from webui.signin.ldap import DirectoryFailed


def person_of(request: HttpRequest, username: str, password: str) -> User | None:
    """Whose they are, None for nobody's. Raises ValidationError where a directory fails or lets nobody in."""
    try:
        user = authenticate(request, username=username, password=password)
    except DirectoryFailed as error:
        words = _("The directory that knows you cannot be asked just now. %s") % error
        raise ValidationError(words, code=error.rule) from error
    except NotLetIn as error:
        raise ValidationError(str(error), code=error.rule) from error
    return user if isinstance(user, User) else None


def way_of(user: User) -> str:
    """What proved it, as the log says it: "password", "directory Office"."""
    return str(getattr(user, "way", "password"))
