"""The built front end, served from disk before Django is asked: hashed names, compressed variants, cached for ever."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from django.conf import settings
from whitenoise import WhiteNoise

Scope = dict[str, Any]
Application = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]

# esbuild writes eight letters and digits of the content's hash into the name.
_HASHED: Final = re.compile(r"-[A-Z0-9]{8}\.[a-z0-9]+$")


def _is_immutable(_path: str, url: str) -> bool:
    return _HASHED.search(url) is not None


class StaticFiles:
    def __init__(self, inner: Application) -> None:
        self._inner = inner
        self._files: Any = WhiteNoise(
            None,
            root=str(settings.STATIC_ROOT),
            prefix=settings.STATIC_URL,
            immutable_file_test=_is_immutable,
            autorefresh=settings.DEBUG,
        )

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        url = scope["path"]
        file = self._found(url) if url.startswith(settings.STATIC_URL) else None
        if file is None:
            await self._inner(scope, receive, send)
            return
        headers = {
            f"HTTP_{name.decode().upper().replace('-', '_')}": value.decode() for name, value in scope["headers"]
        }
        answer = file.get_response(scope["method"], headers)
        body = await asyncio.to_thread(_read, answer.file) if answer.file else b""
        pairs = [(name.lower().encode(), str(value).encode()) for name, value in answer.headers]
        pairs.append((b"x-content-type-options", b"nosniff"))
        await send({"type": "http.response.start", "status": int(answer.status), "headers": pairs})
        await send({"type": "http.response.body", "body": body})

    def _found(self, url: str) -> Any:
        return self._files.find_file(url) if settings.DEBUG else self._files.files.get(url)


def _read(file: Any) -> bytes:
    with file:
        data: bytes = file.read()
    return data
