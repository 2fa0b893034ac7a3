"""Writing tar streams: ustar headers, with PAX records for what does not fit into them.

As dockerd writes them (Go's archive/tar, FormatPAX): times in whole seconds, extended attributes as SCHILY.xattr.
"""

from engine.layers.tar_reader import BLOCK, TarEntry

END = bytes(2 * BLOCK)
_MAX_OCTAL_ID, _MAX_OCTAL_SIZE = 0o7777777, 0o77777777777


def header(entry: TarEntry) -> bytes:
    """The header blocks of one member; contents and their padding follow it."""
    records = {f"SCHILY.xattr.{key}": value for key, value in entry.xattrs.items()}
    prefix, name = _split_name(entry.name)
    if name is None or not entry.name.isascii():
        records["path"] = entry.name
        prefix, name = b"", _plain(entry.name)[:100]
    link = entry.link
    if len(link) > 100 or not link.isascii():
        records["linkpath"] = link
        link = _plain(link)[:100]
    for key, number, limit in (
        ("uid", entry.uid, _MAX_OCTAL_ID),
        ("gid", entry.gid, _MAX_OCTAL_ID),
        ("size", entry.size, _MAX_OCTAL_SIZE),
        ("mtime", entry.mtime_ns // 1_000_000_000, _MAX_OCTAL_SIZE),
    ):
        if not 0 <= number <= limit:
            records[key] = str(number).encode()
    block = _block(entry, name, prefix, link)
    return _pax(records, name) + block if records else block


def padding(size: int) -> bytes:
    """What fills the last block of contents of that length."""
    return bytes(-size % BLOCK)


def _block(entry: TarEntry, name: bytes, prefix: bytes, link: bytes) -> bytes:
    seconds = entry.mtime_ns // 1_000_000_000
    fields = [
        name.ljust(100, b"\0"),
        _octal(entry.mode & 0o7777, 8),
        _octal(entry.uid if 0 <= entry.uid <= _MAX_OCTAL_ID else 0, 8),
        _octal(entry.gid if 0 <= entry.gid <= _MAX_OCTAL_ID else 0, 8),
        _octal(entry.size if entry.size <= _MAX_OCTAL_SIZE else 0, 12),
        _octal(seconds if 0 <= seconds <= _MAX_OCTAL_SIZE else 0, 12),
        b" " * 8,  # the checksum counts as spaces while it is computed
        entry.kind,
        link.ljust(100, b"\0"),
        b"ustar\x0000",
        bytes(64),
        _octal(entry.device[0], 8),
        _octal(entry.device[1], 8),
        prefix.ljust(155, b"\0"),
    ]
    block = b"".join(fields).ljust(BLOCK, b"\0")
    checksum = f"{sum(block):06o}\0 ".encode()
    return block[:148] + checksum + block[156:]


def _split_name(name: bytes) -> tuple[bytes, bytes | None]:
    """ustar's prefix and name; None for a name that does not fit."""
    if len(name) <= 100:
        return b"", name
    place = name.find(b"/", max(0, len(name) - 101), min(155, len(name) - 1) + 1)
    # A directory ends in a slash, which is no place to split.
    if place <= 0 or place == len(name) - 1 or len(name) - place - 1 > 100:
        return b"", None
    return name[:place], name[place + 1 :]


def _plain(text: bytes) -> bytes:
    return bytes(byte if byte < 128 else ord("_") for byte in text)


def _octal(number: int, width: int) -> bytes:
    return f"{number:0{width - 1}o}\0".encode()


def _pax(records: dict[str, bytes], name: bytes) -> bytes:
    data = b"".join(_record(key.encode(), value) for key, value in sorted(records.items()))
    base = name.rstrip(b"/").rpartition(b"/")[2]
    entry = TarEntry(
        name=(b"PaxHeaders.0/" + base)[:100],
        kind=b"x",
        mode=0o644,
        uid=0,
        gid=0,
        size=len(data),
        mtime_ns=0,
        link=b"",
        device=(0, 0),
    )
    return _block(entry, entry.name, b"", b"") + data + padding(len(data))


def _record(key: bytes, value: bytes) -> bytes:
    """`LENGTH KEY=VALUE\\n`, where the length counts its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    if rest + len(str(length)) != length:
        length += 1
    return b"%d %s=%s\n" % (length, key, value)
