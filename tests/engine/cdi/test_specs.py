import json
from pathlib import Path
from typing import Any

import pytest

from engine.cdi import CdiSpecs
from engine.errors import InvalidArgument

_YAML = """
cdiVersion: "0.6.0"
kind: v.com/c
containerEdits:
  env: [WHOLE=1]
devices:
  - name: "0"
    containerEdits:
      deviceNodes:
        - {path: /dev/v0, hostPath: /dev/null}
  - name: "1"
    containerEdits: {env: [ONE=1]}
"""


def _write(path: Path, kind: str, **devices: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    listed = [{"name": name, "containerEdits": edits} for name, edits in devices.items()]
    path.write_text(json.dumps({"cdiVersion": "0.6.0", "kind": kind, "devices": listed}))


def test_a_file_in_yaml_gives_its_own_edits_once_and_those_of_each_device(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(_YAML)
    specs = CdiSpecs([tmp_path])
    assert specs.devices() == ["v.com/c=0", "v.com/c=1"]
    assert specs.kinds() == {"v.com/c"}
    assert specs.edits(["v.com/c=1", "v.com/c=0"]) == [
        {"env": ["WHOLE=1"]},
        {"env": ["ONE=1"]},
        {"deviceNodes": [{"path": "/dev/v0", "hostPath": "/dev/null"}]},
    ]


def test_a_later_folder_counts_more(tmp_path: Path) -> None:
    _write(tmp_path / "etc" / "a.json", "v.com/c", x={"env": ["A=etc"]})
    _write(tmp_path / "run" / "b.json", "v.com/c", x={"env": ["A=run"]})
    specs = CdiSpecs([tmp_path / "etc", tmp_path / "run", tmp_path / "nowhere"])
    assert {"env": ["A=run"]} in specs.edits(["v.com/c=x"])


def test_a_device_that_two_files_of_one_folder_describe_is_none(tmp_path: Path) -> None:
    _write(tmp_path / "a.json", "v.com/c", x={}, y={})
    _write(tmp_path / "b.json", "v.com/c", x={})
    with pytest.raises(InvalidArgument, match=r"unresolvable CDI devices v\.com/c=x \(described more than once\)"):
        CdiSpecs([tmp_path]).edits(["v.com/c=y", "v.com/c=x"])


def test_a_device_that_is_nowhere_is_named_with_the_places_that_were_looked_at(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=rf"unresolvable CDI devices v\.com/c=x.*{tmp_path}"):
        CdiSpecs([tmp_path]).edits(["v.com/c=x"])


@pytest.mark.parametrize("text", ["{", "[]", '{"devices": []}', '{"kind": "nothing"}', '{"kind": "a/b", "devices": 7}'])
def test_a_file_that_makes_no_sense_does_not_hide_the_others(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    _write(tmp_path / "good.json", "v.com/c", x={})
    assert CdiSpecs([tmp_path]).devices() == ["v.com/c=x"]
