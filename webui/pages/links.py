"""URLs of pages that every page links to, looked up once: Django looks through some hundred patterns for each."""

import functools
from typing import Any

from django.urls import get_script_prefix, reverse


def link(url_name: str, **kwargs: Any) -> str:
    """`reverse`, for names that are asked with the same few values again and again. Raises NoReverseMatch."""
    return _link(url_name, tuple(kwargs.items()), get_script_prefix())


@functools.lru_cache(maxsize=1024)
def _link(url_name: str, kwargs: tuple[tuple[str, Any], ...], _script_prefix: str) -> str:
    return reverse(url_name, kwargs=dict(kwargs))
