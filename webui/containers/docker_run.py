"""Reading a `docker run` or `docker create` line: what the CLI (28) would ask a host for, without the CLI.

    line = parse_run_line("docker run -d --name web -p 8080:80 nginx:1.27")
    line.body, line.name, line.image, line.platform, line.pull, line.warnings

The body is that of `POST /containers/create` with only what was said: fields that the CLI fills with nothing are left
out. Pure: it reads no file, no environment and no network, and says so where the CLI would.
"""

from dataclasses import dataclass
from typing import Final

from webui.containers.dialects import DialectError, Wanted
from webui.containers.dialects.create_body import body_of, is_on, one
from webui.containers.dialects.flags import Options, read_flags
from webui.containers.dialects.words import split_words

__all__ = ["RunLine", "RunLineError", "parse_run_line"]


class RunLineError(DialectError):
    """The line is not one that runs a container, or says something that cannot be done from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine(Wanted):
    """What a line asks for; `is_detached` tells whether -d was there."""

    is_detached: bool = False


_LONGEST: Final = 65536


def parse_run_line(line: str) -> RunLine:
    """Read a line as it is typed into a shell, on one line or several. Raises RunLineError, in words."""
    if len(line) > _LONGEST:
        raise RunLineError(f"That is more than {_LONGEST // 1024} kB: no shell is given such a line.")
    try:
        return _read(split_words(line))
    except DialectError as error:
        raise RunLineError(str(error)) from error


def _read(words: list[str]) -> RunLine:
    words, warnings = _after_verb(words)
    options, rest = read_flags(words)
    _refuse(options)
    if not rest:
        raise DialectError("The line names no image.")
    image, command = rest[0], rest[1:]
    body, asked = body_of(options, image, command)
    return RunLine(
        image=image, name=one(options, "name"), body=body, platform=one(options, "platform"),
        pull=_pull(one(options, "pull")), is_detached=is_on(options, "detach"), asked_variables=asked,
        warnings=(*warnings, *_warnings(options, asked)),
    )  # fmt: skip


_GLOBAL_SWITCHES: Final = frozenset({"-D", "--debug", "--tls", "--tlsverify"})
_GLOBAL_VALUES: Final = frozenset({
    "-H", "--host", "-c", "--context", "--config", "-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey",
})  # fmt: skip


def _after_verb(words: list[str]) -> tuple[list[str], list[str]]:
    """The words after `docker run`, whatever stands before it; and a warning about what was left out there."""
    rest, warnings = list(words), []
    if rest and rest[0] in {"$", "%", ">"}:
        rest.pop(0)
    if rest and rest[0] == "sudo":
        rest.pop(0)
        while rest and rest[0].startswith("-"):
            rest.pop(0)
    if not rest or rest.pop(0).rsplit("/", 1)[-1] not in {"docker", "podman"}:
        raise DialectError("That does not begin with docker run.")
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        if flag.partition("=")[0] not in _GLOBAL_SWITCHES | _GLOBAL_VALUES:
            raise DialectError(f"docker has no flag {flag} before run.")
        if flag in _GLOBAL_VALUES and rest:
            rest.pop(0)
        warnings.append(f"{flag} was left out: it says which host the CLI talks to; here it is the one of this page.")
    if rest and rest[0] == "container":
        rest.pop(0)
    if not rest or rest[0] not in {"run", "create"}:
        raise DialectError(f"That is docker {rest[0] if rest else ''}".rstrip() + ", not docker run or docker create.")
    return rest[1:], warnings


_REFUSED: Final = {
    "help": "--help runs nothing.",
    "env-file": "--env-file {0} is a file on the machine where the CLI runs: paste its lines as variables instead.",
    "label-file": "--label-file {0} is a file on the machine where the CLI runs: write its labels as -l instead.",
    "use-api-socket": "--use-api-socket hands on the credentials of the CLI's own machine, which are not here.",
    **dict.fromkeys(("cpu-count", "cpu-percent", "io-maxbandwidth", "io-maxiops"), "--{1} is only for Windows hosts."),
}


def _refuse(options: Options) -> None:
    for name, words in _REFUSED.items():
        if name in options and options[name] != ["false"]:
            raise DialectError(words.format(options[name][0], name))


_LEFT_OUT: Final = {
    "cidfile": "--cidfile was left out: it writes a file on the machine where the CLI runs.",
    "detach-keys": "--detach-keys was left out: it is for the terminal that the CLI runs in.",
    "disable-content-trust": "--disable-content-trust was left out: it is the CLI that checks signatures.",
    "kernel-memory": "--kernel-memory was left out: no host limits it by itself any more.",
    "quiet": "-q was left out: it is about what the CLI prints.",
    "sig-proxy": "--sig-proxy was left out: it is about signals to the CLI.",
    "attach": "-a says what the CLI shows; here the container runs in the background and its page shows it.",
}


def _warnings(options: Options, asked: tuple[str, ...]) -> list[str]:
    said = [words for name, words in _LEFT_OUT.items() if name in options]
    return said + [f"-e {name} takes its value from the shell that the CLI runs in: give it here." for name in asked]


def _pull(word: str) -> str:
    if word not in {"", "missing", "always", "never"}:
        raise DialectError(f"--pull {word}: always, missing or never.")
    return word or "missing"
