"""Names and paths of files, which are any bytes but / and NUL: written into addresses, shown to people, taken apart."""

import os
import re
from typing import Final
from urllib.parse import unquote_to_bytes

# Longer paths no kernel takes in one call (PATH_MAX), longer names no file system (NAME_MAX).
_LONGEST_PATH_BYTES: Final = 4096
_LONGEST_NAME_BYTES: Final = 255


def written(path: str) -> str:
    """A path as text that can stand in an address or a form: what cannot be shown, and %, is %XX for each byte."""
    return "".join(_written(character) for character in path)


def _written(character: str) -> str:
    if character.isprintable() and character != "%":
        return character
    return _as_bytes(character)


def _as_bytes(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="surrogateescape"))


def read_path(text: str) -> str:
    """The absolute path that `written` wrote. Raises ValueError for what is no path, or leads up again."""
    path = _read(text)
    parts = [part for part in path.split("/") if part]
    if not path.startswith("/") or any(part in {".", ".."} for part in parts):
        raise ValueError(f"{shown(path)!r} is no path from the root.")
    if len(os.fsencode(path)) >= _LONGEST_PATH_BYTES:
        raise ValueError("The path is too long.")
    return "/" + "/".join(parts)


def read_name(text: str) -> str:
    """The one name that `written` wrote. Raises ValueError, in words, for what no file can be called."""
    name = _read(text)
    check_name(name)
    return name


def check_name(name: str) -> None:
    """Raises ValueError, in words, for what no file can be called."""
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise ValueError("A name is not empty, not . or .., and holds no slash.")
    if len(os.fsencode(name)) > _LONGEST_NAME_BYTES:
        raise ValueError(f"A name is at most {_LONGEST_NAME_BYTES} bytes long.")


def _read(text: str) -> str:
    path = os.fsdecode(unquote_to_bytes(text))
    if "\0" in path:
        raise ValueError("No path holds a NUL.")
    return path


def shown(name: str) -> str:
    r"""A name for a person: what cannot be shown as Python and shells write it (`\n`, `\xff`)."""
    return "".join(_shown(character) for character in name)


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def in_zip(path: str) -> str:
    """A path as it stands in a zip: there a name is UTF-8, and unpackers of Windows take a backslash for a slash.

    Such characters, and those that steer terminals, are %XX for each byte; so is a % that would be read as one of them.
    """
    return _MISREAD.sub(lambda found: _as_bytes(found[0]), path)


# Control characters, the bytes of what is no UTF-8 (as surrogates), backslashes, and what looks like our own writing.
_MISREAD: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\udc80-\udcff\\]|%(?=[0-9A-Fa-f]{2})")


def joined(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"


def split(path: str) -> tuple[str, str]:
    """(the folder, the name in it); the root is ("/", "")."""
    folder, _, name = path.rpartition("/")
    return folder or "/", name


def is_within(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or below it."""
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def is_text(path: str) -> bool:
    """Whether it can stand in JSON, which holds text only: elsewhere a name may be any bytes."""
    return not any("\udc80" <= character <= "\udcff" for character in path)
