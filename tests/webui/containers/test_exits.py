"""What an exit code is called, in a list and on a page; on real containers, that the codes come as they are meant."""

import pytest

from webui.containers.exits import sentence, short_words


@pytest.mark.parametrize(
    ("code", "short", "part"),
    [
        (1, "exit 1", "an error of its own"),
        (2, "exit 2", "called wrongly"),
        (7, "exit 7", "an error of its own"),
        (125, "exit 125, engine failed", "engine could not start"),
        (126, "exit 126, not executable", "cannot be executed"),
        (127, "exit 127, not found", "not found in the image"),
        (129, "exit 129, hung up", "SIGHUP"),
        (130, "exit 130, interrupted", "SIGINT"),
        (131, "exit 131, quit", "SIGQUIT"),
        (132, "exit 132, bad instruction", "SIGILL"),
        (134, "exit 134, aborted", "SIGABRT"),
        (135, "exit 135, bus error", "SIGBUS"),
        (136, "exit 136, arithmetic error", "SIGFPE"),
        (137, "exit 137, killed", "SIGKILL"),
        (139, "exit 139, crashed", "SIGSEGV"),
        (141, "exit 141, broken pipe", "SIGPIPE"),
        (143, "exit 143, terminated", "SIGTERM"),
        (138, "exit 138, signal 10", "ended by signal 10"),
        (192, "exit 192, signal 64", "ended by signal 64"),
        (193, "exit 193", "an error of its own"),
        (255, "exit 255", "does not fit"),
    ],
)
def test_a_code_is_told_in_words(code: int, short: str, part: str) -> None:
    assert short_words(code) == short
    assert sentence(code).startswith(f"Exit code {code}: ")
    assert part in sentence(code)


def test_no_complaint_is_none_and_want_of_memory_comes_first() -> None:
    assert short_words(0) == "exited 0"
    assert short_words(137, out_of_memory=True) == "exit 137, out of memory"
    # The program lives on where only a child of it was killed, and may even end well.
    assert short_words(0, out_of_memory=True) == "exit 0, out of memory"


def test_the_words_of_a_list_are_few_enough_for_its_column() -> None:
    assert max(len(short_words(code, out_of_memory=code == 137)) for code in range(256)) <= len(
        "exit 136, arithmetic error"
    )
