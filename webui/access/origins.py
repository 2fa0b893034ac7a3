"""Where a browser sees this console. A proxy that speaks TLS for us is known by QUAYSIDE_TRUSTED_ORIGINS."""

from django.conf import settings
from django.http import HttpRequest


def is_https(request: HttpRequest) -> bool:
    return request.is_secure() or f"https://{request.get_host()}" in settings.CSRF_TRUSTED_ORIGINS


def absolute(request: HttpRequest, path: str) -> str:
    """A path of ours as the address that others reach it by."""
    return f"{'https' if is_https(request) else 'http'}://{request.get_host()}{path}"
