"""The runtimes' words in Docker's."""

import pytest

from engine.errors import InvalidArgument
from engine.runtime.failures import start_failure

_LOG = 'time="2026-11-24T03:26:24Z" level=error msg="'


@pytest.mark.parametrize(
    ("text", "exit_code", "words"),
    [
        (
            "executable file `nope` not found in $PATH: No such file or directory\n",
            127,
            'exec: "nope": executable file not found in $PATH: unknown',
        ),
        (
            "executable file `/nope` not found in $PATH: No such file or directory",
            127,
            'exec: "/nope": stat /nope: no such file or directory: unknown',
        ),
        ("open executable: Permission denied", 126, 'exec: "cmd": permission denied: unknown'),
        ("open executable: Operation not permitted", 126, 'exec: "cmd": is a directory: permission denied: unknown'),
        (
            "error stat'ing file `/x`: No such file or directory",
            127,
            "error stat'ing file `/x`: no such file or directory: unknown",
        ),
        ("mount `/x` to `etc`: Not a directory", 128, "mount `/x` to `etc`: not a directory: unknown"),
        (
            f'{_LOG}unable to get oom kill count"\n'
            f'{_LOG}runc create failed: unable to start container process: exec: \\"x\\": permission denied"\n',
            126,
            'start container process: exec: "x": permission denied: unknown',
        ),
        ("", 128, "the runtime gave no reason"),
    ],
)
def test_a_failure_is_told_as_docker_tells_it(text: str, exit_code: int, words: str) -> None:
    failure = start_failure(text, command="cmd")
    assert failure.exit_code == exit_code
    assert str(failure).endswith(words) or words in str(failure)
    assert isinstance(failure, InvalidArgument) is (exit_code != 128)


def test_an_exec_is_named_as_one() -> None:
    assert str(start_failure("x", command="cmd", action="exec")).startswith("OCI runtime exec failed: exec failed: ")
