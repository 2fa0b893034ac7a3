"""The browser of the tests."""

import shutil
from typing import Final

# The first needs less of the machine: it is Chromium without windows, menus and extensions.
_NAMES: Final = ("chromium-headless-shell", "chromium")
CHROMIUM: Final = next((path for name in _NAMES if (path := shutil.which(name))), None)
