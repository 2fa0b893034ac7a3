"""A file opened in the page, and saved again without losing what somebody else wrote meanwhile."""

from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from webui.containers.files import entries, texts
from webui.containers.files.archive import Archive
from webui.containers.files.changes import Files
from webui.containers.files.entries import Entry
from webui.containers.files.names import shown, split
from webui.resources import EngineRefusal


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """`text` is None where no editor can show it; `why_not` then says why."""

    entry: Entry | None
    text: texts.Text | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a form sent. `digest` is of the bytes that it began with, "" where they may be overwritten whatever they
    are.
    """

    words: str
    line_end: str
    digest: str


@dataclass(frozen=True, slots=True)
class Clash:
    """Why a draft was not saved unasked, and what a button says that saves it all the same."""

    words: str
    do: str
    is_there: bool


def opened_file(archive: Archive, path: str) -> OpenedFile:
    """Raises EngineRefusal where there is no plain file at the path."""
    with archive.read(path) as members:
        info = members.first
        if not info.isreg():
            raise EngineRefusal(_("%s is no plain file.") % shown(path))
        entry = entries.of_tar(info, split(path)[1])
        if info.size > texts.MOST_BYTES:
            return OpenedFile(entry, None, _("It is too large for an editor in a page. Download it."))
        source = members.body(info)
        data = source.read() if source is not None else b""
    text = texts.text_of(data)
    return OpenedFile(entry, text, "" if text else _("It is not text (UTF-8 with one kind of line end). Download it."))


def draft_of(form: QueryDict) -> Draft:
    line_end = "\r\n" if form.get("line_end") == "crlf" else "\n"
    return Draft(form.get("text", ""), line_end, "" if "overwrite" in form else form.get("digest", ""))


class Torn(EngineRefusal):
    """The file was not saved, and what is in the container now is not what was there before either."""


def save(files: Files, path: str, draft: Draft) -> Clash | None:
    """Write the draft; None when that is done, else what somebody did to the file since the draft was begun.

    Raises EngineRefusal, Torn among them.
    """
    data = texts.bytes_of(draft.words, draft.line_end)
    if len(data) > texts.MOST_BYTES:
        raise EngineRefusal(_("It is too large for an editor in a page; nothing was saved."))
    if draft.digest and (clash := _clash(files.archive, path, draft.digest)):
        return clash
    try:
        files.save(path, data)
    except EngineRefusal as error:
        # Engines may write over what was there: with no room for the new, neither is left.
        if draft.digest and not _is_still(files.archive, path, draft.digest):
            raise Torn(str(error)) from error
        raise
    return None


def _clash(archive: Archive, path: str, digest: str) -> Clash | None:
    try:
        now = opened_file(archive, path)
    except EngineRefusal as error:
        if not error.is_gone:
            raise
        words = _("Nothing was saved: somebody has removed this file since you opened it. Your text is below.")
        return Clash(words, _("Make it again with my text"), is_there=False)
    if now.text is None:
        words = _("Nothing was saved: somebody has changed this file since you opened it, and it is no text any more.")
    elif now.text.digest != digest:
        words = _("Nothing was saved: somebody has changed this file since you opened it. "
                  "Your text is below; theirs is in the container.")  # fmt: skip
    else:
        return None
    return Clash(words, _("Save mine over theirs"), is_there=True)


def _is_still(archive: Archive, path: str, digest: str) -> bool:
    try:
        now = opened_file(archive, path)
    except EngineRefusal:
        return False
    return now.text is not None and now.text.digest == digest


def as_file(draft: Draft) -> OpenedFile:
    """A draft that could not be saved, to be shown again."""
    return OpenedFile(None, texts.Text(draft.words.replace("\r\n", "\n"), draft.line_end, draft.digest))
