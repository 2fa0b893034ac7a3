"""Which jobs a person sees, and what the pages say about one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webui.jobs.advice import Advice, advice_on
from webui.jobs.kinds import kind_of
from webui.jobs.models import OPEN_STATES, Job, JobLine, JobState
from webui.pages import State
from webui.pages.declarations import Tone
from webui.pages.formats import size, span
from webui.prepared import Prepared

if TYPE_CHECKING:
    from webui.accounts.models import User
    from webui.gate import Actor

_TONES: Final[Mapping[str, Tone]] = {
    JobState.WAITING: "off",
    JobState.RUNNING: "good",
    JobState.DONE: "good",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "off",
    JobState.LOST: "bad",
}
_WORDLESS_RATE: Final = 1.0
# A page shows the end of a very long log first.
LINES_SHOWN: Final = 2000


def visible_jobs(user: "User") -> QuerySet[Job]:
    """The jobs on hosts that the user may see, and the user's own."""
    from webui.hosts import visible_hosts

    return Job.objects.filter(Q(host__in=visible_hosts(user)) | Q(user_id=user.pk)).select_related("host", "user")


_ANY_OPEN: Final = Prepared(lambda: Job.objects.filter(state__in=OPEN_STATES).only("pk")[:1])


def running_count(user: "User") -> int:
    """How many open jobs the top bar shows. Mostly there are none, and then nobody has to ask which hosts are seen."""
    return visible_jobs(user).filter(state__in=OPEN_STATES).count() if _ANY_OPEN.all() else 0


@dataclass(frozen=True, slots=True)
class Bar:
    """One step as a bar: `value` of `most` (both 0 while the size is unknown), and the words beside it."""

    id: str
    value: int
    most: int
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class JobView:
    """Everything that the page of a job shows, in words."""

    job: Job
    state: State
    heading: str
    summary: str
    origin: str
    bars: Sequence[Bar]
    # What the button says that takes its work back; "" where there is nothing to take back.
    undo: str
    # What to do about it where it failed, where to go on where it is done.
    advice: Sequence[Advice] = ()


def job_view(job: Job, actor: "Actor") -> JobView:
    return JobView(
        job, state_of(job), _heading(job), _summary(job.steps), _origin(job), [_bar(step) for step in job.steps],
        _undo_words(job), advice_on(job, actor) if job.state in {JobState.FAILED, JobState.DONE} else (),
    )  # fmt: skip


def _undo_words(job: Job) -> str:
    try:
        undo = kind_of(job.kind).undo
    except LookupError:
        return ""
    words = {JobState.DONE: _("Undo"), JobState.LOST: _("Go back")}
    return words.get(JobState(job.state), "") if undo else ""


def state_of(job: Job) -> State:
    """ "running · 38 s · about 9 s left", "failed after 12 s"."""
    words, ran = str(JobState(job.state).label), span(job.duration.total_seconds())
    if job.state == JobState.RUNNING:
        words = _("cancelling") if job.is_cancel_requested else words
        left_s = seconds_left(job.steps)
        parts = [words, ran] + ([_("about %s left") % span(left_s)] if left_s is not None and left_s >= 1 else [])
        return State(" · ".join(parts), "good")
    if job.started_at is not None and job.state != JobState.LOST:
        words = _("%(state)s after %(time)s") % {"state": words, "time": ran}
    return State(words, _TONES[job.state])


def seconds_left(steps: Sequence[Mapping[str, Any]]) -> float | None:
    """How long what is known will still take at the present rate; None where nobody can say."""
    busy = [step for step in steps if step["tone"] in {"busy", "waiting"} and step["total"]]
    rate = sum(step["rate"] for step in busy)
    left = sum(max(0, step["total"] - step["done"]) for step in busy)
    return left / rate if rate > _WORDLESS_RATE and left else None


def _heading(job: Job) -> str:
    try:
        one, many = kind_of(job.kind).noun
    except LookupError:
        one, many = "step", "steps"
    return f"{len(job.steps)} {one if len(job.steps) == 1 else many}"


def _summary(steps: Sequence[Mapping[str, Any]]) -> str:
    here = sum(step["tone"] == "here" for step in steps)
    most = sum(step["total"] for step in steps)
    done = sum(min(step["peak"], step["total"]) for step in steps)
    parts = [ngettext("%d already here", "%d already here", here) % here] if here else []
    if most:
        parts.append(_("%(done)s of %(most)s") % {"done": size(done), "most": size(most)})
    return " · ".join(parts)


def _origin(job: Job) -> str:
    parts = [_("started by %s") % job.username, _("on %s") % job.host_name]
    return " · ".join([*parts, _("worker %s") % job.worker.split(":")[1]] if job.worker.count(":") >= 2 else parts)


def _bar(step: Mapping[str, Any]) -> Bar:
    done, most, tone = int(step["done"]), int(step["total"]), str(step["tone"])
    if tone in {"done", "here"}:
        words = [step["words"], *([size(most)] if most else [])]
        return Bar(step["id"], 1, 1, "good", " · ".join(words))
    amount = (
        _("%(done)s of %(most)s") % {"done": size(done), "most": size(most)} if most and done else size(most or done)
    )
    rate = f"{size(step['rate'])}/s" if step["rate"] > _WORDLESS_RATE else ""
    words = [step["words"], amount if most or done else "", rate]
    return Bar(step["id"], done, most or 1, tone, " · ".join(filter(None, words)))


def new_lines(job: Job, after: int) -> list[JobLine]:
    """The log lines after this one, oldest first; of a very long log the end."""
    lines = JobLine.objects.filter(job=job, pk__gt=after).order_by("-pk")[:LINES_SHOWN]
    return list(reversed(lines))
