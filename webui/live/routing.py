"""All websockets of the console. One that does not declare what it needs is refused here, when the process starts."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import path

from webui.access import Operation
from webui.audit.consumers import AuditConsumer
from webui.history.consumers import KeptConsumer
from webui.jobs.consumers import JobConsumer
from webui.live.consumers.base import LiveConsumer
from webui.live.consumers.console import ConsoleConsumer
from webui.live.consumers.everywhere import EverywhereConsumer
from webui.live.consumers.lists import ListConsumer
from webui.live.consumers.notices import NoticesConsumer
from webui.live.consumers.overview import OverviewConsumer
from webui.live.consumers.streams import FiguresConsumer, LogsConsumer, StatsConsumer

_CONSUMERS: dict[str, type[LiveConsumer]] = {
    "ws/notices/": NoticesConsumer,
    "ws/overview/": OverviewConsumer,
    "ws/lists/<slug:kind>/": EverywhereConsumer,
    "ws/audit/": AuditConsumer,
    "ws/jobs/<uuid:job_id>/": JobConsumer,
    "ws/h/<slug:host>/lists/<slug:kind>/": ListConsumer,
    "ws/h/<slug:host>/figures/": FiguresConsumer,
    "ws/h/<slug:host>/logs/kept/": KeptConsumer,
    "ws/h/<slug:host>/containers/<str:id>/logs/": LogsConsumer,
    "ws/h/<slug:host>/containers/<str:id>/stats/": StatsConsumer,
    "ws/h/<slug:host>/containers/<str:id>/console/": ConsoleConsumer,
}


def declared(consumers: Iterable[type[LiveConsumer]]) -> None:
    """Raise ImproperlyConfigured for a websocket that does not say what it needs, or names what nobody can be given."""
    known = {*Operation, LiveConsumer.SIGNED_IN, LiveConsumer.ADMINISTRATOR, LiveConsumer.BY_ITS_FEED}
    for consumer in consumers:
        name, wanted = f"{consumer.__module__}.{consumer.__name__}", getattr(consumer, "needs", "")
        if not wanted:
            raise ImproperlyConfigured(f"{name} does not declare what it needs")
        if wanted not in known:
            raise ImproperlyConfigured(f"{name} needs {wanted!r}, which is no operation of the gate's table")


declared(_CONSUMERS.values())


def _route(route: str, consumer: type[LiveConsumer]) -> Any:
    # Channels takes Django's URL patterns for its own, with an application where Django has a view.
    application: Any = consumer.as_asgi()
    return path(route, application)


websocket_urlpatterns = [_route(route, consumer) for route, consumer in _CONSUMERS.items()]


class SameOrigin:
    """Refuses a websocket that a page of somebody else opened: browsers send cookies along with those."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if is_same_origin(headers.get(b"origin", ""), headers.get(b"host", "")):
            await self._inner(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4403})


def is_same_origin(origin: str, host: str) -> bool:
    """Whether the origin is this host itself, or one that is trusted. No origin: no browser, no cookies to abuse."""
    if not origin:
        return True
    return urlsplit(origin).netloc.lower() == host.lower() or origin in settings.CSRF_TRUSTED_ORIGINS


websocket_application = SameOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))
