"""Which file of `static/dist/` carries which name: the build writes hashes into names and a manifest beside them."""

import functools
import json
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from webui.access import public

DIST: Final = Path(__file__).resolve().parents[2] / "static" / "dist"
Manifest = dict[str, str]


@functools.lru_cache(maxsize=2)
def _read(path: Path, modified_ns: int) -> Manifest:
    manifest: Manifest = json.loads(path.read_bytes())
    return manifest


@functools.cache
def _fixed(dist: Path) -> Manifest:
    return _current(dist)


def _current(dist: Path) -> Manifest:
    path = dist / "manifest.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise ImproperlyConfigured(f"{path} is missing: the front end is not built; run `make setup`") from None


def manifest() -> Manifest:
    """Names as templates say them ("app.js") to names as they are served ("app-4FZ3.js")."""
    # While developing a build may happen at any time; elsewhere a build comes with a restart.
    return _current(DIST) if settings.DEBUG else _fixed(DIST)


def imports_of(name: str) -> list[str]:
    """The URLs of the chunks that an entry ("app.js") imports."""
    return [f"{settings.STATIC_URL}{chunk}" for chunk in manifest().get(f"{name} imports", "").split()]


def has_asset(name: str) -> bool:
    return name in manifest()


def asset_url(name: str) -> str:
    """The URL of a built file. Raises ImproperlyConfigured for a name that the build did not make."""
    try:
        return f"{settings.STATIC_URL}{manifest()[name]}"
    except KeyError:
        raise ImproperlyConfigured(f"the front-end build made no {name!r}; run `make setup`") from None


def asset_text(name: str) -> str:
    """What a small built file holds: for what is so early that asking for it would hold up the whole page."""
    return _text(DIST, asset_url(name).removeprefix(settings.STATIC_URL))


@functools.lru_cache(maxsize=8)
def _text(dist: Path, file: str) -> str:
    return (dist / file).read_text().strip()


@public
def favicon(_request: HttpRequest) -> HttpResponse:
    """Browsers ask for it beside everything that is no page of ours: JSON, downloads, plain errors."""
    return redirect(asset_url("logo.svg"))
