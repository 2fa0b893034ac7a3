"""What stands before every view: a name we answer to, safe headers, and the refusal of a view that declares nothing."""

import functools
import ipaddress
import socket
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from webui.access.needs import is_declared

Answer = Callable[[HttpRequest], HttpResponse]


@functools.cache
def _own_names() -> list[str]:
    name = socket.gethostname()
    return ["localhost", ".localhost", "testserver", name, f"{name}.local"]


def is_known_host(host: str) -> bool:
    """Whether we answer to this Host header: an address, this machine's name, or one that the settings name.

    Addresses are let in because DNS rebinding, which this check is against, needs a name.
    """
    domain, _port = split_domain_port(host)
    try:
        ipaddress.ip_address(domain.strip("[]"))
    except ValueError:
        return bool(domain) and validate_host(domain, [*_own_names(), *settings.QUAYSIDE_ALLOWED_HOSTS])
    return True


class KnownHost:
    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without the header (HTTP/1.0) it is the address that we were reached at.
        host = str(request.META.get("HTTP_HOST", request.META["SERVER_NAME"]))
        if is_known_host(host):
            return self._get_response(request)
        words = (
            f"This console does not answer to the name {host[:200]!r}.\n"
            "If it should, start it with QUAYSIDE_ALLOWED_HOSTS set to that name (several: separate them by commas).\n"
        )
        return HttpResponse(words, status=HTTPStatus.BAD_REQUEST, content_type="text/plain; charset=utf-8")


class SafeHeaders:
    """Pages hold what only their reader may see: no cache keeps them. No page needs a camera or a microphone."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        return response


class Declared:
    """The second lock behind the system check: a view that does not say what it needs answers nobody."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_args: object) -> None:
        if not is_declared(view):
            raise PermissionDenied("This page does not declare what it needs, so nobody may see it.")
