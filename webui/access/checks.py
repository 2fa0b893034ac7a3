"""The start-up check that every URL leads to a view that declares what it needs.

Websockets are checked where they are routed.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

from webui.access.needs import is_declared


@register(Tags.urls)
def every_view_declares_what_it_needs(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    return [
        Error(
            f"/{route} leads to {pattern.lookup_str}, which does not declare what it needs",
            hint="Put @needs(Operation...), @needs_sign_in, @needs_administrator or @public on the view.",
            id="quayside.E001",
        )
        for route, pattern in _patterns(get_resolver().url_patterns)
        if not is_declared(pattern.callback)
    ]


def _patterns(patterns: Iterable[Any], above: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, above + str(pattern.pattern))
        else:
            yield above + str(pattern.pattern), pattern
