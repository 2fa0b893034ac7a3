"""Where the history of each host lies under DATA."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from django.conf import settings

_ID: Final = re.compile(r"[0-9a-f]{12,64}")


def logs_folder(slug: str) -> Path:
    return Path(settings.QUAYSIDE_DATA) / "logs" / slug


def stats_folder(slug: str) -> Path:
    return Path(settings.QUAYSIDE_DATA) / "stats" / slug


def is_container_id(text: str) -> bool:
    """Whether a host's word for a container may become the name of a file."""
    return _ID.fullmatch(text) is not None


def forget_others(slugs: Iterable[str]) -> None:
    """Remove the history of hosts that are no longer here: another host may be given the name."""
    known = frozenset(slugs)
    for kind in ("logs", "stats"):
        folder = Path(settings.QUAYSIDE_DATA) / kind
        for one in folder.iterdir() if folder.is_dir() else ():
            if one.name not in known:
                shutil.rmtree(one)
