"""The web process: pages by Django, websockets by Channels, built files straight from disk."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

# Django must be set up before anything that uses its models is imported.
_pages = get_asgi_application()

from webui.live.routing import websocket_application  # noqa: E402
from webui.static_files import StaticFiles  # noqa: E402

application = ProtocolTypeRouter({"http": StaticFiles(_pages), "websocket": websocket_application})
