"""What an exit code says: in two words for a list, in a sentence for a page.

By convention 128 and a number is a program that a signal ended (shells, signal(7)), and 125 to 127 is a program that
never began (docker-run(1)). Pure; what the engine itself says of an end is not its business.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Words = str | Promise

_SIGNALLED: Final = 128
# Signals by which somebody outside asks a program to end: an end by one of them is a wish, not a failure. `docker stop`
# kills what does not listen, so 137 is mostly one too.
ASKED_FOR: Final = frozenset({129, 130, 131, 137, 143})

_OUT_OF_MEMORY: Final = gettext_lazy("out of memory")

# code -> (in a list, on a page)
_CODES: Final[Mapping[int, tuple[Words, Words]]] = {
    2: ("", gettext_lazy(
        "by convention it was called wrongly: look at its command and arguments. Its last lines may say more.")),
    125: (gettext_lazy("engine failed"), gettext_lazy("the engine could not start it.")),
    126: (gettext_lazy("not executable"), gettext_lazy(
        "its command cannot be executed: it is no program, or lacks the permission.")),
    127: (gettext_lazy("not found"), gettext_lazy(
        "its command was not found in the image. Edit it and give it another one.")),
    129: (gettext_lazy("hung up"), gettext_lazy("its terminal was closed, or somebody sent a hangup (SIGHUP).")),
    130: (gettext_lazy("interrupted"), gettext_lazy("it was interrupted (SIGINT).")),
    131: (gettext_lazy("quit"), gettext_lazy("it was told to quit (SIGQUIT).")),
    132: (gettext_lazy("bad instruction"), gettext_lazy(
        "it crashed: an instruction that this processor does not know (SIGILL). Is the image made for another one?")),
    133: (gettext_lazy("trap"), gettext_lazy("it stopped at a trap for a debugger (SIGTRAP).")),
    134: (gettext_lazy("aborted"), gettext_lazy("it aborted itself (SIGABRT); its last lines may say why.")),
    135: (gettext_lazy("bus error"), gettext_lazy(
        "it crashed: memory that is not there (SIGBUS). A full /dev/shm or a file cut short does this.")),
    136: (gettext_lazy("arithmetic error"), gettext_lazy(
        "it crashed: an arithmetic error, such as a division by zero (SIGFPE).")),
    137: (gettext_lazy("killed"), gettext_lazy(
        "it was killed (SIGKILL): by a stop that it did not heed, by somebody, or by the host for want of memory.")),
    139: (gettext_lazy("crashed"), gettext_lazy("it crashed: segmentation fault (SIGSEGV).")),
    141: (gettext_lazy("broken pipe"), gettext_lazy(
        "it wrote to somebody who was no longer there (SIGPIPE), such as a closed connection.")),
    142: (gettext_lazy("alarm"), gettext_lazy("a timer that it had set itself ran out (SIGALRM).")),
    143: (gettext_lazy("terminated"), gettext_lazy("it was asked to end (SIGTERM), and did.")),
    152: (gettext_lazy("CPU limit"), gettext_lazy("it used more CPU time than its limit allows (SIGXCPU).")),
    153: (gettext_lazy("file too large"), gettext_lazy("it wrote a larger file than its limit allows (SIGXFSZ).")),
    159: (gettext_lazy("forbidden call"), gettext_lazy(
        "it made a system call that its seccomp profile forbids (SIGSYS).")),
    255: ("", gettext_lazy(
        "its program ended with −1, or with a number that does not fit; its last lines may say why.")),  # noqa: RUF001
}  # fmt: skip
# The last signal of Linux (signal(7)).
_LAST_SIGNAL: Final = 64


def short_words(code: int, *, out_of_memory: bool = False) -> str:
    """`exit 137, out of memory`; `exited 0` for an end without complaint."""
    if code == 0 and not out_of_memory:
        return _("exited 0")
    reason = _OUT_OF_MEMORY if out_of_memory else _CODES.get(code, _signal_words(code))[0]
    shown = _("exit %d") % code
    return f"{shown}, {reason}" if reason else shown


def sentence(code: int) -> str:
    """`Exit code 139: it crashed: segmentation fault (SIGSEGV).`, for every code but 0."""
    reason = _CODES.get(code, _signal_words(code))[1] or _(
        "its program ended with an error of its own; its last lines may say which."
    )
    return _("Exit code %(code)d: %(reason)s") % {"code": code, "reason": reason}


def _signal_words(code: int) -> tuple[str, str]:
    number = code - _SIGNALLED
    if not 0 < number <= _LAST_SIGNAL:
        return "", ""
    return _("signal %d") % number, _("it was ended by signal %d.") % number
