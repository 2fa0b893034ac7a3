"""Changes to how somebody signs in need a fresh proof that it is them: not older than ten minutes."""

import functools
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from webui.pages import go

View = TypeVar("View", bound=Callable[..., Any])
_CONFIRMED_AT: Final = "confirmed-at"
_LASTS_S: Final = 600


def confirmed(request: HttpRequest) -> None:
    """Somebody has just proved who they are."""
    request.session[_CONFIRMED_AT] = int(time.time())


def is_confirmed(request: HttpRequest) -> bool:
    age_s = time.time() - int(request.session.get(_CONFIRMED_AT, 0))
    return 0 <= age_s < _LASTS_S


def needs_confirming(view: View) -> View:
    """Stands below what declares the need. Sends to the page that asks; nothing of the request is done."""

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_confirmed(request):
            response: HttpResponseBase = view(request, *args, **kwargs)
            return response
        back = request.get_full_path() if request.method == "GET" else reverse("factors:security")
        return go(request, f"{reverse('factors:confirm')}?{urlencode({'next': back})}")

    return cast(View, checked)
