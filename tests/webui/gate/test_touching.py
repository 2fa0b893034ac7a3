"""Every operation has a decision about whose things it touches; none is decided twice."""

from collections import Counter

import pytest

from webui.access import Operation
from webui.gate import TABLE, touching

SETS = (touching.FREE, touching.READS, touching.WRITES, touching.MAKES, touching.LISTS, touching.TO_EVERYTHING)


@pytest.mark.parametrize("operation", Operation)
def test_every_operation_stands_in_exactly_one_set(operation: Operation) -> None:
    assert sum(operation in one for one in SETS) == 1


def test_the_sets_name_nothing_else() -> None:
    assert Counter(one for some in SETS for one in some) == Counter(Operation)
    assert touching.REMOVES <= touching.WRITES
    assert touching.ALSO_MAKE <= touching.READS | touching.WRITES


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: f"{rule.method} {rule.path}")
def test_a_row_with_a_target_names_what_kind_of_thing_it_is(rule: object) -> None:
    operation = rule.operation_for({"fromImage": "x"})  # type: ignore[attr-defined]
    if operation in touching.READS | touching.WRITES:
        assert rule.resource in touching.KINDS  # type: ignore[attr-defined]
        assert rule.target  # type: ignore[attr-defined]
