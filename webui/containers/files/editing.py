"""A file opened in the page, and saved again without losing what somebody else wrote meanwhile."""

import io
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


def save(files: Files, path: str, draft: Draft) -> texts.Text | None:
    """Write the draft; None when that is done, else the text that is there now and is not what the draft began with."""
    data = texts.bytes_of(draft.words, draft.line_end)
    if len(data) > texts.MOST_BYTES:
        raise EngineRefusal(_("It is too large for an editor in a page; nothing was saved."))
    if draft.digest:
        now = opened_file(files.archive, path)
        if now.text is None:
            raise EngineRefusal(_("Somebody has changed this file, and it is no text any more; nothing was saved."))
        if now.text.digest != draft.digest:
            return now.text
    files.save(path, io.BytesIO(data), len(data))
    return None


def as_file(draft: Draft) -> OpenedFile:
    """A draft that could not be saved, to be shown again."""
    return OpenedFile(None, texts.Text(draft.words.replace("\r\n", "\n"), draft.line_end, draft.digest))
