"""Nobody waits in a queue for a registry, and nobody keeps the others from asking."""

from contextlib import ExitStack

import pytest

from webui.registries.errors import RegistryFailed
from webui.registries.turnstile import Turnstile


def test_one_person_cannot_take_every_place() -> None:
    turnstile = Turnstile(most=5, most_of_one=2)
    with ExitStack() as open_questions:
        for _place in range(2):
            open_questions.enter_context(turnstile.passing(1))
        with pytest.raises(RegistryFailed, match="Too many"), turnstile.passing(1):
            pytest.fail("a third one passed")
        with turnstile.passing(2):
            pass


def test_all_together_take_no_more_than_there_are() -> None:
    turnstile = Turnstile(most=2, most_of_one=2)
    with turnstile.passing(1), turnstile.passing(2), pytest.raises(RegistryFailed), turnstile.passing(3):
        pytest.fail("a third one passed")


def test_a_place_is_free_again_whatever_came_of_it() -> None:
    turnstile = Turnstile(most=1, most_of_one=1)
    for _time in range(3):
        with pytest.raises(ZeroDivisionError), turnstile.passing(1):
            _ = 1 / 0
    assert not turnstile._inside
