from webui.jobs.listing import seconds_left
from webui.jobs.steps import Steps


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_is_bytes_a_second_and_gone_when_the_step_is_done() -> None:
    clock = Clock()
    steps = Steps(clock)
    steps.set("a", "downloading", done=0, total=100)
    steps.taken()
    clock.now = 1.0
    steps.set("a", "downloading", done=40)
    assert steps.taken()[0]["rate"] == 40  # type: ignore[index]
    steps.set("a", "done", tone="done")
    assert steps.taken()[0] == {  # type: ignore[index]
        "id": "a", "words": "done", "tone": "done", "done": 100, "total": 100, "peak": 100, "rate": 0.0,
    }  # fmt: skip


def test_nothing_new_is_told_as_nothing() -> None:
    steps = Steps()
    steps.set("a", "waiting", tone="waiting")
    assert steps.taken() is not None
    assert steps.taken() is None


def test_a_new_phase_begins_its_rate_anew() -> None:
    clock = Clock()
    steps = Steps(clock)
    steps.set("a", "downloading", done=90, total=100)
    steps.taken()
    clock.now = 1.0
    steps.set("a", "extracting", done=10, total=100)
    assert steps.taken()[0]["rate"] == 0  # type: ignore[index]


def test_time_left_is_told_only_where_something_moves() -> None:
    moving = {"tone": "busy", "total": 100, "done": 50, "rate": 10.0}
    assert seconds_left([moving, {**moving, "tone": "done"}]) == 5
    assert seconds_left([{**moving, "rate": 0.0}]) is None
    assert seconds_left([{**moving, "total": 0}]) is None
