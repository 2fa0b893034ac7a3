"""A file as text in an editor: whether it is one, how its lines end, and what comes back from a browser's form."""

import hashlib
from dataclasses import dataclass
from typing import Final

# An editor in a page is comfortable up to here; larger files are downloaded.
MOST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Text:
    """`line_end` is "\\n" or "\\r\\n". `digest` names these very bytes, to notice that somebody else changed them."""

    words: str
    line_end: str
    digest: str

    @property
    def is_crlf(self) -> bool:
        return self.line_end != "\n"


def text_of(data: bytes) -> Text | None:
    """None for what an editor would not give back as it was: no UTF-8, with NUL, or with line ends of several kinds."""
    try:
        words = data.decode()
    except UnicodeDecodeError:
        return None
    bare = words.replace("\r\n", "\n")
    if "\0" in words or "\r" in bare or ("\r\n" in words and words.count("\n") != words.count("\r\n")):
        return None
    return Text(bare, "\r\n" if "\r\n" in words else "\n", digest_of(data))


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def bytes_of(words: str, line_end: str) -> bytes:
    """What a form sent (browsers write \\r\\n for every line end), as the file has it."""
    return words.replace("\r\n", "\n").replace("\n", line_end).encode(errors="surrogatepass")
