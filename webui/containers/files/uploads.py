"""What a browser uploads: many files in one body, so that each costs no request and no audit entry of its own.

The first line is JSON: [{"path": "folder/name", "size": 12}, ...]; the bytes of all of them follow, in that order.
A folder with nothing in it is {"path": "folder/empty", "folder": true}; others come by what is in them.
"""

from typing import Any, Final

import orjson
from django.http import HttpRequest
from django.utils.translation import gettext as _

from webui.containers.files.archive import Readable
from webui.containers.files.changes import Upload
from webui.containers.files.names import check_name

_LONGEST_LIST_BYTES: Final = 1 << 20
_MOST_FILES: Final = 5000


def read(request: HttpRequest) -> list[Upload]:
    """The files of a request; their bytes are read when they are wanted, in order. Raises ValueError, in words."""
    line = request.readline(_LONGEST_LIST_BYTES)
    try:
        listed: Any = orjson.loads(line)
        wanted = [(str(one["path"]), _size(one), bool(one.get("folder"))) for one in listed]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ValueError(_("The list of what is uploaded makes no sense.")) from None
    if not wanted or len(wanted) > _MOST_FILES:
        raise ValueError(_("Upload between one file and %d at once.") % _MOST_FILES)
    for path, size, _is_folder in wanted:
        for name in path.split("/"):
            check_name(name)
        if size < 0:
            raise ValueError(_("A size is negative."))
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal() or int(length) != len(line) + sum(size for _path, size, _is_folder in wanted):
        # Told before anything is written: half a file must not lie there.
        raise ValueError(_("The upload was cut on its way. Nothing was written; try again."))
    body: Readable = request
    return [Upload(path, size, body, is_folder) for path, size, is_folder in wanted]


def _size(one: Any) -> int:
    return 0 if one.get("folder") else int(one["size"])


def names_of(body: bytes) -> list[str]:
    """A JSON list of names. Raises ValueError for what is none."""
    listed: Any = orjson.loads(body)
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise ValueError(_("A list of names was expected."))
    return listed
