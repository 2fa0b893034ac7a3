"""The page that runs a container: a new one, one like another, or another in its place."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from webui.access import Operation, needs
from webui.containers import running, secrets
from webui.containers.dialects import DialectError
from webui.containers.forms import RunForm
from webui.containers.pasting import SeveralServices
from webui.containers.run_lines import VariableLine
from webui.gate import HostUnreachable
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
    except (HostUnreachable, EngineRefusal) as error:
        return host_down(request, here.host, str(error), active="containers")
    except DialectError as error:
        return _page(request, here, running.form_for(here, None, None), None, wrong=error)
    if sent is None or is_filled:
        form = running.form_for(here, base, None, image=request.GET.get("image", ""))
        if base is not None and base.row is not None and (names := [v.name for v in form.variables if v.is_secret]):
            # To be edited they have to be there, and whoever opens the form can read them.
            secrets.shown_to(here, base.row.id, request.path, names=sorted(names))
        return _page(request, here, _asking(form, base), base)
    form = running.form_for(here, base, sent)
    if sent.get("show") == "command":
        form.is_valid()
        return HttpResponse(render_to_string("containers/_command.html", running.form_context(form, sent.dict())))
    if "pull" in sent or not form.is_valid():
        may_pull = "pull" in sent and form.image_is_missing
        return _page(request, here, form, base, pulling=running.start_pull(here, form) if may_pull else None)
    return _ran(request, here, form, base)


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
        container_id = running.create_and_start(here, form)
    except HostUnreachable as error:
        form.add_error(None, str(error))
    except EngineRefusal as error:
        form.blame(str(error))
    else:
        return go(request, reverse("containers:detail", kwargs={"host": here.host.slug, "id": container_id[:12]}))
    return _page(request, here, form, base)


def _page(
    request: HttpRequest, here: Opened, form: RunForm, base: running.Base | None, *, pulling: Any = None,
    wrong: DialectError | None = None,
) -> HttpResponse:  # fmt: skip
    """`wrong` is what kept a pasted text from being read: then the form is an empty one beside that text."""
    row = base.row if base is not None else None
    crumbs = [Crumb(_("Containers"), reverse("containers:list", kwargs={"host": here.host.slug}))]
    title = _("Run a container")
    if base is not None and row is not None:
        url = reverse("containers:configuration", kwargs={"host": here.host.slug, "id": row.short_id})
        crumbs.append(Crumb(row.name, url))
        title = (_("Edit %s") if base.is_edited else _("Duplicate %s")) % row.name
    context = {
        "form": form, "base": base, "row": row, "pulling": pulling, "paste_error": wrong,
        "services": wrong.names if isinstance(wrong, SeveralServices) else [],
        "pasted": request.POST.get("pasted", ""), **running.form_context(form, request.POST.dict()),
    }  # fmt: skip
    has_errors = wrong is not None or (form.is_bound and not pulling and bool(form.errors))
    return render_page(
        request, "containers/run.html", context, host=here.host, active="containers", title=title,
        crumbs=crumbs, status=HTTPStatus.UNPROCESSABLE_ENTITY if has_errors else HTTPStatus.OK,
    )  # fmt: skip
