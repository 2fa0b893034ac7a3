"""One container's files by the archive API: HEAD says what is at a path, GET reads it as a tar, PUT lays a tar there.

Nothing is ever whole in memory: tars are read and written as they stream. Links are resolved by the engine, within the
container. Docker API 1.51, ContainerArchive, PutContainerArchive.
"""

import contextlib
import os
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol

import urllib3

from webui.containers.files import entries
from webui.containers.files.entries import PathStat
from webui.containers.files.names import is_text, joined, shown, split
from webui.resources import EngineRefusal, engine_call

if TYPE_CHECKING:
    import requests

    from webui.resources import Opened

_TIMEOUT_S: Final = 60
_CHUNK_BYTES: Final = 256 * 1024
# The tar ends with two blocks of zeros (POSIX.1-1988, ustar).
_BLOCK_BYTES: Final = 512
END: Final = bytes(2 * _BLOCK_BYTES)


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


Member = tuple[tarfile.TarInfo, Readable | None]


class TookTooLong(Exception):
    """A tar was longer than there was time for. What was read of it until then is right."""


class _InTime:
    """A stream that is read no longer than until a moment of time.monotonic()."""

    def __init__(self, stream: Readable, until: float) -> None:
        self._stream, self._until = stream, until

    def read(self, size: int) -> bytes:
        if time.monotonic() > self._until:
            raise TookTooLong
        return self._stream.read(size)


class Archive:
    """Its calls raise EngineRefusal (`is_gone` where there is nothing at a path) and HostUnreachable."""

    def __init__(self, here: "Opened", container_id: str) -> None:
        self._here, self._id = here, container_id

    def stat(self, path: str) -> PathStat:
        """What is at a path; a link is described, not followed."""
        with self._asked("HEAD", path) as response:
            try:
                return entries.of_header(response.headers["X-Docker-Container-Path-Stat"])
            except (ValueError, LookupError) as error:
                raise EngineRefusal(f"The host did not say what is at {shown(path)}.") from error

    def is_there(self, path: str) -> bool:
        try:
            self.stat(path)
        except EngineRefusal as error:
            if error.is_gone:
                return False
            raise
        return True

    @contextlib.contextmanager
    def read(self, path: str, *, time_s: float | None = None) -> Iterator["Members"]:
        """What is at a path and below it, to be gone through once; leaving the block ends it, however much it is.

        Going on may raise TookTooLong, where there is a limit.
        """
        folder, name = split(path)
        until = time.monotonic() + time_s if time_s is not None else None
        with self._tar(path, until) as tar, told():
            first = tar.next()
            if first is not None or is_text(name):
                yield Members(tar, first, shown(path))
                return
        # dockerd sends nothing of a file whose name is no UTF-8; it does stand in the tar of its folder.
        with self._tar(folder, until) as tar, told():
            yield Members(tar, _named(tar, folder, name), shown(path), below=joined(split(folder)[1], "").lstrip("/"))

    @contextlib.contextmanager
    def _tar(self, path: str, until: float | None) -> Iterator[tarfile.TarFile]:
        with self._asked("GET", path) as response, told():
            stream: Any = response.raw if until is None else _InTime(response.raw, until)
            with tarfile.open(fileobj=stream, mode="r|", encoding="utf-8", errors="surrogateescape") as tar:
                yield tar

    def first(self, path: str) -> tarfile.TarInfo:
        """The header of what is at a path: what HEAD leaves out (the owner) stands there."""
        with self.read(path) as members:
            return members.first

    def raw(self, path: str) -> Iterator[bytes]:
        """The tar of what is at a path, as the host makes it."""
        with self._asked("GET", path) as response, told():
            yield from response.raw.stream(_CHUNK_BYTES)

    def write(self, folder: str, members: Iterable[Member]) -> None:
        """Lay these into a folder; those of the same name are replaced, folders are merged."""
        query = {"path": os.fsencode(folder), "noOverwriteDirNonDir": "true"}
        with engine_call(), self._here.client(timeout_s=_TIMEOUT_S) as client:
            api: Any = client.api
            headers = {"Content-Type": "application/x-tar"}
            url = api._url("/containers/{0}/archive", self._id)
            response = api.put(url, params=query, data=tar_bytes(members), headers=headers, timeout=_TIMEOUT_S)
            api._raise_for_status(response)

    @contextlib.contextmanager
    def _asked(self, method: str, path: str) -> Iterator["requests.Response"]:
        with engine_call(), self._here.client(timeout_s=_TIMEOUT_S) as client:
            api: Any = client.api
            url = api._url("/containers/{0}/archive", self._id)
            query = {"path": os.fsencode(path)}
            # dockerd compresses an archive for whoever does not say no: on a socket that only costs time.
            headers = {"Accept-Encoding": "identity"}
            sent = api.request(method, url, params=query, headers=headers, stream=True, timeout=_TIMEOUT_S)
            with sent as response:
                # The answer to a HEAD has no body that could say it.
                if response.status_code == HTTPStatus.NOT_FOUND and method == "HEAD":
                    raise EngineRefusal(f"There is nothing at {shown(path)}.", is_gone=True)
                if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and method == "HEAD":
                    # Engines look where a link leads, and fail on one that leads to itself.
                    raise EngineRefusal(f"{shown(path)} cannot be opened; links may lead in a circle there.")
                api._raise_for_status(response)
                yield response


@contextlib.contextmanager
def told() -> Iterator[None]:
    """A tar that is cut or none at all, as an EngineRefusal."""
    try:
        yield
    except (tarfile.TarError, urllib3.exceptions.HTTPError, OSError) as error:
        raise EngineRefusal(f"The host broke off in the middle: {error}") from error


def tar_bytes(members: Iterable[Member]) -> Iterator[bytes]:
    """A tar of these, piece by piece."""
    for info, body in members:
        yield from member_bytes(info, body)
    yield END


def member_bytes(info: tarfile.TarInfo, body: Readable | None) -> Iterator[bytes]:
    """One member, in GNU's format, whose names are bytes and not text."""
    yield info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    if body is not None and info.size:
        yield from _body(info.size, body.read)


class Members:
    """The members of a tar that is read forwards. `below` is what stands before each name and is not ours."""

    def __init__(self, tar: tarfile.TarFile, first: tarfile.TarInfo | None, path: str, *, below: str = "") -> None:
        if first is None:
            raise EngineRefusal(f"The host sent an empty archive of {path}.")
        self.first = self._own(first, below)
        self._tar, self._below = tar, below

    def body(self, info: tarfile.TarInfo) -> Readable | None:
        """The bytes of the member that was given last, None for what has none."""
        return self._tar.extractfile(info) if info.isreg() else None

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        yield self.first
        base = f"{clean(self.first.name)}/".lstrip("/")
        while (info := self._tar.next()) is not None:
            # Each header that was read is otherwise kept until the end.
            self._tar.members = []  # type: ignore[attr-defined]
            info = self._own(info, self._below)
            if self._below and not info.name.startswith(base):
                return
            yield info

    @staticmethod
    def _own(info: tarfile.TarInfo, below: str) -> tarfile.TarInfo:
        info.name = info.name.removeprefix(below)
        return info


def _named(tar: tarfile.TarFile, folder: str, name: str) -> tarfile.TarInfo | None:
    wanted = clean(joined(split(folder)[1], name))
    while (info := tar.next()) is not None:
        tar.members = []  # type: ignore[attr-defined]
        if clean(info.name) == wanted:
            return info
    return None


def clean(name: str) -> str:
    """A member's name without the dots and slashes that mean nothing."""
    return "/".join(part for part in name.split("/") if part not in {"", "."})


def _body(size: int, read: Callable[[int], bytes]) -> Iterator[bytes]:
    left = size
    while left:
        piece = read(min(left, _CHUNK_BYTES))
        if not piece:
            # Fewer bytes than the header says would shift everything behind them.
            raise OSError(f"{left} bytes are missing")
        left -= len(piece)
        yield piece
    if size % _BLOCK_BYTES:
        yield bytes(_BLOCK_BYTES - size % _BLOCK_BYTES)


def pieces_of(body: Readable) -> Iterator[bytes]:
    while piece := body.read(_CHUNK_BYTES):
        yield piece
