"""The web process: pages by Django, websockets by Channels, built files straight from disk."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")

import django
from channels.routing import ProtocolTypeRouter

# Django must be set up before anything that uses its models is imported.
django.setup(set_prefix=False)

from webui.handler import PagesHandler  # noqa: E402
from webui.live.routing import websocket_application  # noqa: E402
from webui.static_files import StaticFiles  # noqa: E402

application = ProtocolTypeRouter({"http": StaticFiles(PagesHandler()), "websocket": websocket_application})
