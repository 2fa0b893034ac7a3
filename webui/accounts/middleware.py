"""Keeps "last seen" of each session."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from webui.accounts.sessions import note_seen

Answer = Callable[[HttpRequest], HttpResponse]


class Seen:
    """Stands behind SessionMiddleware. A request that never looked at its session is nobody's."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if request.session.accessed:
            note_seen(request)
        return response
