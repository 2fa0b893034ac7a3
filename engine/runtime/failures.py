"""Why a process could not be started, in the words that Docker's clients look for."""

import re

from engine.errors import EngineError, InvalidArgument

_NOT_FOUND = re.compile(r"executable file `(?P<name>[^`]*)` not found in \$PATH")
_NOT_EXECUTABLE = re.compile(r"open executable: (?P<reason>.+)")
_RUNC_LINE = re.compile(r'time="[^"]*" level=\w+ msg="(?P<message>.*)"')
_RUNC_PREFIX = re.compile(r"^(?:runc (?:create|exec|run) failed: |exec failed: |unable to start container process: )+")


class StartFailed(EngineError):
    """The runtime could not make the process; nothing of it is left.

    `exit_code` is what Docker shows for it; `reason` is the message without the words that are always the same.
    """

    exit_code = 128

    @property
    def reason(self) -> str:
        return str(self).rpartition("unable to start container process: ")[2].removesuffix(": unknown")


class CommandNotRunnable(StartFailed, InvalidArgument):
    """The command itself is at fault: it does not exist (127) or may not be executed (126)."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def start_failure(text: str, *, command: str, action: str = "create") -> StartFailed:
    """The error for what a runtime wrote when it failed to `create` or `exec` (`command` is the first argument)."""
    reason = _in_docker_words(text.strip(), command)
    message = f"OCI runtime {action} failed: {action} failed: unable to start container process: {reason}: unknown"
    lower = reason.lower()
    # The CLI's exit code hangs on these words (moby, daemon/start.go and the CLI's own matching).
    if "executable file not found" in lower or "no such file or directory" in lower:
        return CommandNotRunnable(message, 127)
    if "permission denied" in lower or "is a directory" in lower:
        return CommandNotRunnable(message, 126)
    return StartFailed(message)


def _in_docker_words(text: str, command: str) -> str:
    if match := _NOT_FOUND.search(text):
        if "/" in match["name"]:
            return f'exec: "{match["name"]}": stat {match["name"]}: no such file or directory'
        return f'exec: "{match["name"]}": executable file not found in $PATH'
    if match := _NOT_EXECUTABLE.search(text):
        # crun says "Operation not permitted" of a folder.
        reason = "is a directory: permission denied" if "not permitted" in match["reason"] else match["reason"].lower()
        return f'exec: "{command}": {reason}'
    cleaned = _RUNC_PREFIX.sub("", _last_message(text))
    # strerror's capital letter is what keeps scripts from recognising the text.
    return re.sub(r": ([A-Z])(?=[a-z])", lambda found: f": {found[1].lower()}", cleaned)


def _last_message(text: str) -> str:
    """runc writes a log line for each thing that went wrong on the way; the last one is the one that matters."""
    last = text.splitlines()[-1] if text else "the runtime gave no reason"
    match = _RUNC_LINE.fullmatch(last)
    return match["message"].replace('\\"', '"') if match else last
