"""The kinds of job there are: a name, what it needs to be allowed, and the function that does the work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webui.jobs.run import JobRun

Params = Mapping[str, Any]
Work = Callable[["JobRun"], None]


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of job. `operation` is a name of the gate's table, asked at start and again in the worker.

    `title` makes the words a person sees from the parameters; `noun` is what the steps are called (singular, plural).
    `undo` names the kind that takes its work back, from the same parameters, whether it was done or lost half-way.
    """

    name: str
    operation: str
    title: Callable[[Params], str]
    work: Work
    noun: tuple[str, str] = ("step", "steps")
    undo: str = ""


_kinds: dict[str, JobKind] = {}


def job_kind(
    name: str, *, operation: str, title: Callable[[Params], str], noun: tuple[str, str] = ("step", "steps"),
    undo: str = "",
) -> Callable[[Work], Work]:  # fmt: skip
    """Register a function as the work of a kind. The module must be imported in its app's `ready()`."""

    def register(work: Work) -> Work:
        _kinds[name] = JobKind(name, operation, title, work, noun=noun, undo=undo)
        return work

    return register


def kind_of(name: str) -> JobKind:
    """The kind of this name. Raises LookupError that names those there are."""
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"no job of kind {name!r}; there are {', '.join(sorted(_kinds)) or 'none'}") from None
