"""The question behind @needs(...): does this host exist for whoever asks, and may they do this on it?"""

from django.http import Http404, HttpRequest

from webui.access import Operation
from webui.gate import actor_of, require
from webui.hosts import hosts_seen


def check_host(request: HttpRequest, slug: str, operation: Operation) -> None:
    """Raises Http404 for a host that is not there or not for their eyes, Refused for what they may not do there."""
    host = next((one for one in hosts_seen(request) if one.slug == slug), None)
    if host is None:
        raise Http404
    require(actor_of(request), host, operation)
