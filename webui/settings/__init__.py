"""Django's settings: what the environment says, what this console is made of, how it keeps itself safe."""

from webui.settings.base import *  # noqa: F403
from webui.settings.security import *  # noqa: F403
