"""One command of a shell, cut into its words: quotes, backslashes and continued lines, but nothing that a shell does.

What a shell would fill in or start (`$NAME`, `$(...)`, `~`, pipes) is refused by name: here is no shell to do it, and
passing it on as it stands would mean something else.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from webui.containers.dialects import DialectError

_EXPANDED: Final = re.compile(r"\$(\w+|\{[^}]*\}|\([^)]*\)?|[@*#?!-])|`[^`]*`?")
_GOES_ON: Final = re.compile(r"\\[ \t]*\n")
_OPERATORS: Final = "|&;<>()"


def split_words(line: str) -> list[str]:
    """The words of one command. Raises DialectError."""
    reader = _Reader(line.replace("\r\n", "\n").strip())
    while reader.place < len(reader.text):
        reader.step()
    reader.end_word()
    return reader.words


@dataclass(slots=True)
class _Reader:
    text: str
    place: int = 0
    words: list[str] = field(default_factory=list)
    word: str | None = None

    def add(self, text: str) -> None:
        self.word = (self.word or "") + text

    def end_word(self) -> None:
        if self.word is not None:
            self.words.append(self.word)
            self.word = None

    def step(self) -> None:
        char = self.text[self.place]
        match char:
            case "'":
                self._single()
            case '"':
                self._double()
            case "\\":
                self._escaped()
            case "\n":
                self._next_line()
            case " " | "\t":
                self.end_word()
                self.place += 1
            case "#" if self.word is None:
                end = self.text.find("\n", self.place)
                self.place = len(self.text) if end < 0 else end
            case _:
                self._bare(char)

    def _bare(self, char: str) -> None:
        self._refuse_expansion()
        if char in _OPERATORS:
            raise DialectError(f"“{char}” is for a shell: paste one docker command alone.")
        if char == "~" and self.word is None:
            raise DialectError("“~” is filled in by a shell: write the whole path on the host.")
        self.add(char)
        self.place += 1

    def _single(self) -> None:
        end = self.text.find("'", self.place + 1)
        if end < 0:
            raise DialectError("A quotation mark (') is not closed.")
        self.add(self.text[self.place + 1 : end])
        self.place = end + 1

    def _double(self) -> None:
        self.add("")
        self.place += 1
        while self.place < len(self.text):
            char = self.text[self.place]
            if char == '"':
                self.place += 1
                return
            following = self.text[self.place + 1 : self.place + 2]
            if char == "\\" and following in {'"', "\\", "$", "`", "\n"}:
                self.add("" if following == "\n" else following)
                self.place += 2
                continue
            self._refuse_expansion()
            self.add(char)
            self.place += 1
        raise DialectError('A quotation mark (") is not closed.')

    def _escaped(self) -> None:
        # Blanks after the mark are what copying from a web page leaves; the line goes on all the same.
        if goes_on := _GOES_ON.match(self.text, self.place):
            self.place = goes_on.end()
            return
        self.add(self.text[self.place + 1 : self.place + 2])
        self.place += 2

    def _next_line(self) -> None:
        self.end_word()
        if self.text[self.place :].strip() and self.words:
            raise DialectError("A line that goes on ends with “\\”: one of these lines has none.")
        self.place += 1

    def _refuse_expansion(self) -> None:
        if found := _EXPANDED.match(self.text, self.place):
            raise DialectError(f"“{found[0]}” is filled in by a shell: write here what it stands for.")
