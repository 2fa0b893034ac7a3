"""Pages show each person what they may see: none asks for a picture without saying for whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

_WEBUI = Path(__file__).parents[2] / "webui"
_FOR_SOMEBODY = {"picture", "last_picture"}
# Beneath the pages, where pictures are kept and cut down.
_ROOMS = {"live", "gate"}


def _calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FOR_SOMEBODY:
            yield node


def test_no_page_asks_for_a_picture_without_saying_for_whom() -> None:
    asked = [
        (str(path.relative_to(_WEBUI)), call.lineno, len(call.args))
        for path in _WEBUI.rglob("*.py")
        if path.relative_to(_WEBUI).parts[0] not in _ROOMS
        for call in _calls(path)
    ]
    assert asked
    assert not [one for one in asked if one[2] < 2]
