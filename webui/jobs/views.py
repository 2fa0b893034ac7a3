"""The pages of jobs: all of them, and one as it runs."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from webui.access.needs import needs_sign_in
from webui.gate import Refused, actor_of
from webui.jobs.listing import job_view, new_lines, state_of, visible_jobs
from webui.jobs.models import Job, JobState
from webui.jobs.start import cancel, retry, take_back
from webui.jobs.workers import mark_lost
from webui.pages import (
    Action,
    Button,
    Chip,
    Column,
    Empty,
    ListPage,
    Outcome,
    go,
    outcome,
    render_list,
    render_page,
)  # fmt: skip

WINDOW = 100

COLUMNS = (
    Column("title", gettext_lazy("Job"), width="auto"),
    Column("state", gettext_lazy("State"), width="xl"),
    Column("host", gettext_lazy("Host"), width="m", hides_below="narrow"),
    Column("user", gettext_lazy("Started by"), width="m", hides_below="narrow"),
    Column("created", gettext_lazy("Age"), width="s", hides_below="wide"),
)
ACTIONS = (
    Action("cancel", gettext_lazy("Cancel"), "x", "", is_icon=True, shown_when=lambda job: job.is_open),
    Action("retry", gettext_lazy("Retry"), "refresh", "", is_icon=True, shown_when=lambda job: job.may_be_retried),
)
_TONES: dict[str, Any] = {JobState.FAILED: "bad", JobState.LOST: "bad", JobState.RUNNING: "good"}


@require_GET
@needs_sign_in
def job_list(request: HttpRequest) -> HttpResponse:
    """All jobs that the person may see, newest first; `show` is a state, `q` words of the title, `after` a place."""
    mark_lost()
    jobs = visible_jobs(_user(request))
    text, show = request.GET.get("q", "").strip(), request.GET.get("show", "")
    matching = jobs.filter(title__icontains=text) if text else jobs
    counts = Counter(matching.order_by().values_list("state", flat=True))
    shown = matching.filter(state=show) if show in JobState.values else matching
    after = int(request.GET["after"]) if request.GET.get("after", "").isdecimal() else 0
    window = list(shown[after : after + WINDOW])
    total = shown.count()
    page = ListPage(
        title=_("Jobs"), columns=COLUMNS, rows=[_row(job) for job in window], total=total, all_total=jobs.count(),
        noun=(_("job"), _("jobs")), act_url=_act_url(), chips=_chips(counts), filter_hint=_("Filter jobs"),
        next_url=_next_url(request, after + WINDOW) if total > after + WINDOW else "", empty=_empty(),
    )  # fmt: skip
    return render_list(request, page, active="jobs")


@require_GET
@needs_sign_in
def detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    mark_lost()
    job = get_object_or_404(visible_jobs(_user(request)), pk=job_id)
    lines = new_lines(job, 0)
    context = {"job": job_view(job, actor_of(request)), "lines": lines, "last_line": lines[-1].pk if lines else 0}
    return render_page(
        request, "jobs/detail.html", context, host=job.host, active="jobs", title=job.title, act_url=_act_url()
    )


@require_POST
@needs_sign_in
def act(request: HttpRequest) -> HttpResponse:
    """`action` cancel, retry or take-back, on the jobs `id`. The last two, of one job, go to the new job's page."""
    action, ids = request.POST.get("action", ""), request.POST.getlist("id")
    jobs = {str(job.pk): job for job in visible_jobs(_user(request)).filter(pk__in=_uuids(ids))}
    if action == "retry" and len(ids) == 1 and ids[0] in jobs:
        return retry_job(request, jobs[ids[0]].pk)
    if action == "take-back" and len(ids) == 1 and ids[0] in jobs:
        return _taken_back(request, jobs[ids[0]])
    outcomes = [_done(request, action, jobs.get(job_id), job_id) for job_id in ids]
    return outcome(request, outcomes, done=_("Cancel asked for:") if action == "cancel" else _("Started again:"))


@require_POST
@needs_sign_in
def cancel_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = get_object_or_404(visible_jobs(_user(request)), pk=job_id)
    cancel(actor_of(request), job)
    return go(request, job.get_absolute_url())


@require_POST
@needs_sign_in
def retry_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = get_object_or_404(visible_jobs(_user(request)), pk=job_id)
    try:
        return go(request, retry(actor_of(request), job).get_absolute_url())
    except ValueError as error:
        return outcome(request, [Outcome(str(job.pk), job.title, is_done=False, message=str(error))], done="")


def _taken_back(request: HttpRequest, job: Job) -> HttpResponse:
    try:
        return go(request, take_back(actor_of(request), job).get_absolute_url())
    except ValueError as error:
        return outcome(request, [Outcome(str(job.pk), job.title, is_done=False, message=str(error))], done="")


def _done(request: HttpRequest, action: str, job: Job | None, job_id: str) -> Outcome:
    if job is None:
        return Outcome(job_id, job_id, is_done=False, message=_("There is no such job."))
    try:
        if action == "cancel":
            cancel(actor_of(request), job)
        elif action == "retry":
            retry(actor_of(request), job)
        else:
            raise Http404
    except (ValueError, Refused) as error:
        return Outcome(job_id, job.title, is_done=False, message=str(error))
    return Outcome(job_id, job.title, is_done=True)


class _Shown:
    """A job as `row_actions` wants it: with a `name`."""

    def __init__(self, job: Job) -> None:
        self.name, self.is_open, self.may_be_retried = job.title, job.is_open, job.may_be_retried


def _row(job: Job) -> str:
    context = {"job": job, "state": state_of(job), "actions": ACTIONS, "shown": _Shown(job)}
    return render_to_string("jobs/_row.html", context)


def _chips(counts: Counter[str]) -> list[Chip]:
    states = [state for state in JobState if counts[state]]
    every = Chip("", _("All"), sum(counts.values()))
    return [every, *(Chip(state, state.label, counts[state], _TONES.get(state, "none")) for state in states)]


def _next_url(request: HttpRequest, after: int) -> str:
    query = request.GET.copy()
    query["after"] = str(after)
    return f"?{query.urlencode()}"


def _empty() -> Empty:
    words = _(
        "What takes long, such as pulling an image, runs as a job: it goes on when you leave, and tells how it went."
    )
    return Empty("list-check", _("No jobs yet"), words, button=Button(_("Overview"), "layout-dashboard", url="/"))


def _act_url() -> str:
    from django.urls import reverse

    return reverse("jobs:act")


def _uuids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _user(request: HttpRequest) -> Any:
    return request.user
