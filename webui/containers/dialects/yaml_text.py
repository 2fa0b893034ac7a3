"""YAML as Compose reads it: 1.2's plain words (`no`, `22:22` and dates are text), bounded, and nothing but data."""

import re
from typing import Any, Final

import yaml

from webui.containers.dialects import DialectError

_MOST_CHARACTERS: Final = 256_000
_MOST_VALUES: Final = 20_000
_DEEPEST: Final = 50


class _Loader(yaml.SafeLoader):
    """SafeLoader with the plain words of YAML 1.2: PyYAML's own make false of `no` and a number of `22:22`."""

    yaml_implicit_resolvers: dict[str, Any] = {}


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
     "-+0123456789."),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("merge", r"<<", "<"),
):  # fmt: skip
    firsts = [*_first, ""] if _tag == "null" else list(_first)
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), firsts)


def _read_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    if text.startswith(("0o", "0x")):
        return int(text, 0)
    return int(text, 8) if re.fullmatch(r"0[0-7]+", text) else int(text)


_Loader.add_constructor("tag:yaml.org,2002:int", _read_int)


def load_yaml(text: str) -> Any:
    """One document of plain data. Raises DialectError, which names the line."""
    if len(text) > _MOST_CHARACTERS:
        raise DialectError(f"That is more than {_MOST_CHARACTERS // 1000} kB: paste the one service alone.")
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        where = f"Line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise DialectError(f"{where}{error.problem or error.context or 'not YAML'}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DialectError(f"That is not YAML: {str(error) or 'it is nested too deep'}.") from error
    # Aliases are cheap to write and dear to walk: "billion laughs" is a page of text.
    _count(found, depth=0, left=[_MOST_VALUES])
    return found


def _count(value: Any, *, depth: int, left: list[int]) -> None:
    left[0] -= 1
    if left[0] < 0 or depth > _DEEPEST:
        raise DialectError("That YAML is nested too deep, or refers to itself too often.")
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        _count(part, depth=depth + 1, left=left)


def dump_yaml(value: Any) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=False, width=1000))
