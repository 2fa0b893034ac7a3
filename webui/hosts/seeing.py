"""The question behind @needs(...): does this host exist for whoever asks, and may they do this on it?"""

from django.http import Http404, HttpRequest

from webui.access import Operation
from webui.gate import actor_of, require
from webui.hosts import visible_hosts


def check_host(request: HttpRequest, slug: str, operation: Operation) -> None:
    """Raises Http404 for a host that is not there or not for their eyes, Refused for what they may not do there."""
    host = visible_hosts(request.user).filter(slug=slug).first()
    if host is None:
        raise Http404
    require(actor_of(request), host, operation)
