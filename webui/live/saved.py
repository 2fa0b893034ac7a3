"""The last picture of each host on disk, so that a host that is down still shows what it had."""

import logging
import os
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import orjson
from django.conf import settings

from webui.live.picture import KINDS, Picture

logger = logging.getLogger(__name__)


def _path_of(slug: str) -> Path:
    return Path(settings.QUAYSIDE_DATA) / "pictures" / f"{slug}.json"


def save_picture(picture: Picture) -> None:
    """Write it atomically. A disk that is full costs the memory of a restart, not the live view: it is logged."""
    path = _path_of(picture.host)
    temporary = path.with_suffix(f".{os.getpid()}.new")
    body = {"seen_at": picture.seen_at, "version": picture.version, "storage": picture.storage} | {
        kind: picture.of(kind) for kind in KINDS
    }
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(orjson.dumps(body))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        logger.exception("the picture of host %s could not be stored", picture.host)
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def load_picture(slug: str) -> Picture | None:
    """The stored picture, marked as such; None where there is none that can be read."""
    try:
        body = orjson.loads(_path_of(slug).read_bytes())
        lists = {kind: body[kind] for kind in KINDS}
        picture = Picture(
            slug,
            version=body["version"],
            storage=body.get("storage", ""),
            seen_at=datetime.fromisoformat(body["seen_at"]),
            is_stored=True,
        )
        return replace(picture, **lists)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        logger.exception("the stored picture of host %s cannot be read; it is made anew", slug)
        return None
