"""The page that runs a container: a new one, one like another, or another in its place."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from webui.access import Operation, needs
from webui.containers import running, secrets
from webui.containers.creating import create_and_start
from webui.containers.dialects import DialectError
from webui.containers.forms import RunForm
from webui.containers.pasting import SeveralServices
from webui.containers.run_lines import VariableLine
from webui.gate import HostUnreachable
from webui.live import picture_after
from webui.pages import Crumb, go, host_down, render_page
from webui.resources import EngineRefusal, Opened, opened


@needs(Operation.CONTAINER_CREATE)
def run_view(request: HttpRequest, host: str) -> HttpResponse:
    """The run form; with `from` or `edit` in the URL it begins with what that container is, with `pasted` in what was
    sent with what that text asks for. `fill` sends only such a text."""
    here = opened(request, host)
    here.ask_if_silent("networks")
    sent = request.POST if request.method == "POST" else None
    is_filled = sent is not None and ("fill" in sent or ("service" in sent and "image" not in sent))
    try:
        base = running.base_of(here, request.GET.dict(), sent)
    except running.BaseIsGone as error:
        if sent is None:
            raise Http404 from error
        return _gone(request, here, sent)
    except (HostUnreachable, EngineRefusal) as error:
        return _unreachable(request, here, sent, str(error))
    except DialectError as error:
        return _page(request, here, running.form_for(here, None, None), None, wrong=error)
    if sent is None or is_filled:
        form = running.form_for(here, base, None, image=request.GET.get("image", ""))
        if base is not None and base.row is not None and (names := [v.name for v in form.variables if v.is_secret]):
            # To be edited they have to be there, and whoever opens the form can read them.
            secrets.shown_to(here, base.row.id, request.path, names=sorted(names))
        return _page(request, here, _asking(form, base), base)
    return _answered(request, here, running.form_for(here, base, sent), base)


def _answered(request: HttpRequest, here: Opened, form: RunForm, base: running.Base | None) -> HttpResponse:
    """What was pressed: the form in other words, a pull, a pull and then the container, or the container."""
    sent = request.POST
    if sent.get("show") == "command":
        return _in_other_words(form, sent)
    if "pull_and_run" in sent and running.lacks_only_its_image(form):
        return go(request, running.start_job(here, form, base).get_absolute_url())
    if "pull" in sent or not form.is_valid():
        may_pull = "pull" in sent and form.image_is_missing
        return _page(request, here, form, base, pulling=running.start_pull(here, form) if may_pull else None)
    return _ran(request, here, form, base)


def _in_other_words(form: RunForm, sent: QueryDict) -> HttpResponse:
    form.is_valid()
    context = running.form_context(form, {key: str(value) for key, value in sent.dict().items()})
    return HttpResponse(render_to_string("containers/_command.html", context))


def _asking(form: RunForm, base: running.Base | None) -> RunForm:
    """The form of a pasted text, with a row for each variable whose value the text does not hold."""
    asked = base.pasted.wanted.asked_variables if base and base.pasted else ()
    form.variables += [VariableLine(name, "", _("Its value was not in the text: give it here.")) for name in asked]
    return form


def _ran(request: HttpRequest, here: Opened, form: RunForm, base: running.Base | None) -> HttpResponse:
    """Do what a valid form says: start the job of an edit, or create and start; what is refused stands in the form."""
    if base is not None and base.is_edited:
        return go(request, running.start_edit(here, base, form).get_absolute_url())
    try:
        made = create_and_start(
            here, form.request(), name=form.cleaned_data["name"], choice=form.cleaned_data.get("made_for", "")
        )
    except HostUnreachable as error:
        form.add_error(None, str(error))
    except EngineRefusal as error:
        form.blame(str(error))
    else:
        # So that the page that comes next knows it.
        picture_after(here.host, "containers", made.id)
        if made.warnings:
            request.session[f"warnings {made.id[:12]}"] = list(made.warnings)
        return go(request, reverse("containers:detail", kwargs={"host": here.host.slug, "id": made.id[:12]}))
    return _page(request, here, form, base)


def _gone(request: HttpRequest, here: Opened, sent: QueryDict) -> HttpResponse:
    """What was typed about a container that somebody has removed meanwhile: it can still make a new one."""
    form = running.form_for(here, None, sent)
    if sent.get("show") == "command":
        return _in_other_words(form, sent)
    form.is_valid()
    form.add_error(None, _("The container that this form began with was removed meanwhile. What is typed here is kept "
                           "and makes a new one; what no field shows went with it."))  # fmt: skip
    return _page(request, here, form, None, is_gone=True)


def _unreachable(request: HttpRequest, here: Opened, sent: QueryDict | None, words: str) -> HttpResponse:
    """A host that cannot be asked what its container is. What was typed is kept for the next try."""
    if sent is None:
        return host_down(request, here.host, words, active="containers")
    form = running.form_for(here, None, sent)
    form.is_valid()
    form.add_error(None, words)
    return _page(request, here, form, running.stand_in(here, request.GET.dict()))


def _page(
    request: HttpRequest, here: Opened, form: RunForm, base: running.Base | None, *, pulling: Any = None,
    wrong: DialectError | None = None, is_gone: bool = False,
) -> HttpResponse:  # fmt: skip
    """`wrong` is what kept a pasted text from being read: then the form is an empty one beside that text. `is_gone`:
    the container of the address is no more, so the form is sent to where new ones are made."""
    row = base.row if base is not None else None
    crumbs = [Crumb(_("Containers"), reverse("containers:list", kwargs={"host": here.host.slug}))]
    title = _("Run a container")
    if base is not None and row is not None:
        url = reverse("containers:configuration", kwargs={"host": here.host.slug, "id": row.short_id})
        crumbs.append(Crumb(row.name, url))
        title = (_("Edit %s") if base.is_edited else _("Duplicate %s")) % row.name
    context = {
        "form": form, "base": base, "row": row, "is_gone": is_gone, "pulling": pulling, "paste_error": wrong,
        "services": wrong.names if isinstance(wrong, SeveralServices) else [],
        "pasted": request.POST.get("pasted", ""), **running.form_context(form, request.POST.dict()),
    }  # fmt: skip
    has_errors = wrong is not None or (form.is_bound and not pulling and bool(form.errors))
    return render_page(
        request, "containers/run.html", context, host=here.host, active="containers", title=title,
        crumbs=crumbs, status=HTTPStatus.UNPROCESSABLE_ENTITY if has_errors else HTTPStatus.OK,
    )  # fmt: skip
