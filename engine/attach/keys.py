"""The keys that leave a terminal without ending what runs in it: `ctrl-p,ctrl-q` unless the client says otherwise."""

from engine.errors import InvalidArgument

DEFAULT_DETACH_KEYS = b"\x10\x11"
_CONTROL = {"@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31}


def parse_detach_keys(text: str) -> bytes:
    """`ctrl-a,b` as the bytes that a terminal sends for it. Raises InvalidArgument."""
    return bytes(_key(word) for word in text.split(",")) if text else DEFAULT_DETACH_KEYS


def _key(word: str) -> int:
    if len(word) == 1 and word.isascii():
        return ord(word)
    name = word.lower()
    if name == "del":
        return 127
    letter = name.removeprefix("ctrl-")
    if name.startswith("ctrl-") and len(letter) == 1:
        if "a" <= letter <= "z":
            return ord(letter) - ord("a") + 1
        if letter in _CONTROL:
            return _CONTROL[letter]
    raise InvalidArgument(f"Invalid detach keys: unknown character: '{word}'")


class DetachKeys:
    """Looks for the sequence in what is typed, also when it comes in pieces."""

    def __init__(self, sequence: bytes) -> None:
        self._sequence = sequence
        self._matched = 0

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """What is to be passed on, and whether the sequence is complete. What follows it is dropped."""
        passed = bytearray()
        for byte in data:
            if byte == self._sequence[self._matched]:
                self._matched += 1
                if self._matched == len(self._sequence):
                    self._matched = 0
                    return bytes(passed), True
                continue
            # Keys held back were no beginning of it after all; this one may be.
            passed += self._sequence[: self._matched]
            self._matched = 1 if byte == self._sequence[0] else 0
            if not self._matched:
                passed.append(byte)
            elif self._matched == len(self._sequence):
                self._matched = 0
                return bytes(passed), True
        return bytes(passed), False
