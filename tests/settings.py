"""The console's settings for tests inside this process: a data folder of their own, no store beside them."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_DATA = Path(tempfile.mkdtemp(prefix="quayside-tests-"))
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)
os.environ["QUAYSIDE_DATA"] = str(_DATA)

from webui.settings import *  # noqa: E402, F403
from webui.settings import DATABASES  # noqa: E402

# A file: threads and the live loop have connections of their own, and an in-memory database locks them out.
DATABASES["default"]["TEST"] = {"NAME": str(_DATA / "test.sqlite3")}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "memory://"
# Scrypt is slow on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
