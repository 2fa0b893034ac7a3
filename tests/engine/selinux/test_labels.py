from pathlib import Path

import pytest

from engine.errors import EngineError, InvalidArgument
from engine.selinux import Contexts, labels_of, read_contexts, relabel

_CONTEXTS = Contexts("system_u:system_r:container_t:s0", "system_u:object_r:container_file_t:s0")


def test_each_container_has_a_level_of_its_own_and_keeps_it() -> None:
    one, again, other = (labels_of(name, [], _CONTEXTS) for name in ("one", "one", "other"))
    assert one == again
    assert one is not None
    assert other is not None
    assert one.process.startswith("system_u:system_r:container_t:s0:c")
    assert one.process.split(":", 3)[3] == one.mount.split(":", 3)[3] != other.mount.split(":", 3)[3]
    assert one.shared_mount == "system_u:object_r:container_file_t:s0"


def test_options_change_parts_of_the_label() -> None:
    options = ["label=type:spc_t", "label=level:s0:c1,c2", "label=filetype:usr_t", "no-new-privileges"]
    labels = labels_of("one", options, _CONTEXTS)
    assert labels is not None
    assert labels.process == "system_u:system_r:spc_t:s0:c1,c2"
    assert labels.mount == "system_u:object_r:usr_t:s0:c1,c2"
    assert labels_of("one", ["label=disable"], _CONTEXTS) is None


@pytest.mark.parametrize("option", ["label=odd:x", "label=type:", "label=odd"])
def test_a_part_that_there_is_not_is_refused(option: str) -> None:
    with pytest.raises(InvalidArgument, match="bad label option"):
        labels_of("one", [option], _CONTEXTS)


def test_the_policy_of_the_host_says_what_containers_are(tmp_path: Path) -> None:
    (tmp_path / "mls/contexts").mkdir(parents=True)
    (tmp_path / "config").write_text("# comment\nSELINUX=enforcing\nSELINUXTYPE=mls\n")
    text = f'process = "{_CONTEXTS.process}"\nfile = "{_CONTEXTS.file}"\ncontent = "x"\n'
    (tmp_path / "mls/contexts/lxc_contexts").write_text(text)
    assert read_contexts(kernel=tmp_path, config=tmp_path) is None
    (tmp_path / "enforce").write_text("1")
    assert read_contexts(kernel=tmp_path, config=tmp_path) == _CONTEXTS


@pytest.mark.parametrize("path", ["/", "/etc", "/usr", "/tmp/../var"])
def test_what_the_host_lives_in_is_never_relabelled(path: str) -> None:
    with pytest.raises(EngineError, match="not allowed"):
        relabel(Path(path), "x")
