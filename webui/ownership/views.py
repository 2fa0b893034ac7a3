"""Whose a thing is and who else sees it: the page on which its owner, or who rules the host, changes that."""

from http import HTTPStatus
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from webui import audit
from webui.access import Operation, needs
from webui.gate import Refused
from webui.ownership.changes import give_access, release
from webui.ownership.forms import INHERIT, AccessForm
from webui.ownership.kinds import Kind, Thing, image_keys, thing_of
from webui.ownership.ledger import LEDGER
from webui.ownership.sight import Level, access_of
from webui.ownership.words import card_of, holders_words, parent_of
from webui.pages import Crumb, go, render_page
from webui.resources import Opened, opened

# What lets somebody see that things of a kind are there, the menu's entry and the list's title.
_KINDS: Final = {
    Kind.CONTAINER: Operation.CONTAINER_LIST, Kind.IMAGE: Operation.IMAGE_LIST, Kind.VOLUME: Operation.VOLUME_LIST,
    Kind.NETWORK: Operation.NETWORK_LIST, Kind.STACK: Operation.CONTAINER_LIST, Kind.SERVICE: Operation.SERVICE_LIST,
    Kind.SECRET: Operation.SECRET_LIST, Kind.CONFIG: Operation.CONFIG_LIST,
}  # fmt: skip
_IN_THE_PICTURE: Final = {Kind.CONTAINER, Kind.NETWORK, Kind.VOLUME}


@needs(Operation.SYSTEM_PING)
def access(request: HttpRequest, host: str, kind: str, key: str) -> HttpResponse:
    """`kind` is one of Kind, `key` what names a thing of it (webui.ownership.kinds), or the beginning of its id."""
    here = opened(request, host)
    thing, name = _found(here, kind, key)
    sight = here.actor.sight(here.host, _KINDS[thing.kind])
    if sight.level(thing) is Level.NOTHING:
        raise Http404(_not_there(here, thing.kind, key))
    rules = here.actor.on(here.host).rules_the_host
    may_change = rules or sight.may_change_access(thing)
    found = access_of(here.host.pk, thing)
    is_own = LEDGER.access(here.host.pk, thing.kind, thing.keys[0]) is not None
    form = AccessForm(
        request.POST if request.method == "POST" else None, access=found, is_own=is_own, rules=rules,
        parent=parent_of(here.host, thing),
    )  # fmt: skip
    if request.method == "POST":
        if not may_change:
            raise Refused(_("Only its owner, and who rules the host, may change who sees it."), rule="ownership")
        if form.is_valid():
            _change(here, thing, form, owner_id=found.owner_id if found else None, name=name)
            return go(request, _back(here, thing, name))
    context = {
        "form": form,
        "card": card_of(here.host, thing, sight),
        "may_change": may_change,
        "kind": thing.kind.label,
    }
    return render_page(
        request, "ownership/access.html", context | {"back": _back(here, thing, name)}, host=here.host,
        active=f"{thing.kind}s", title=_("Access to %s") % name, crumbs=[Crumb(name, _back(here, thing, name))],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound and form.errors else HTTPStatus.OK,
    )  # fmt: skip


def _found(here: Opened, kind: str, key: str) -> tuple[Thing, str]:
    """The thing and its name. Raises Http404 for what is not there, or not for these eyes: the two look the same."""
    if kind not in _KINDS or not here.may(_KINDS[Kind(kind)]):
        raise Http404(_("There is nothing of that kind to see here."))
    wanted = Kind(kind)
    if wanted in _IN_THE_PICTURE:
        raw = here.picture.find(f"{kind}s", key)
        if raw is None:
            raise Http404(_not_there(here, wanted, key))
        names = raw.get("Names") or [raw.get("Name") or key]
        return thing_of(wanted, raw), str(names[0]).lstrip("/")
    if wanted is Kind.IMAGE and not any(key in image_keys(raw) for raw in here.picture.images.values()):
        raise Http404(_not_there(here, wanted, key))
    return Thing(wanted, (key,)), key


def _change(here: Opened, thing: Thing, form: AccessForm, *, owner_id: int | None, name: str) -> None:
    key, chosen = thing.keys[0], form.cleaned_data["visibility"]
    if chosen == INHERIT:
        release(here.host.pk, thing.kind, [key])
    else:
        if "owner" in form.fields:
            owner_id = form.cleaned_data["owner"].pk if form.cleaned_data["owner"] else None
        give_access(here.host.pk, thing.kind, key, owner_id=owner_id, visibility=chosen, shares=form.shares)
    now = LEDGER.access(here.host.pk, thing.kind, key)
    words = chosen if now is None else (
        f"owner {now.owner or 'nobody'}, {now.visibility}, "
        f"read: {holders_words(now.readers) or 'nobody'}, write: {holders_words(now.writers) or 'nobody'}"
    )  # fmt: skip
    audit.record(
        here.actor, "access.change", is_allowed=True, host=here.host.slug, resource=thing.kind, target=key,
        message=f"{name}: {words}"[:500],
    )  # fmt: skip


def _not_there(here: Opened, kind: Kind, key: str) -> str:
    words = _("There is no %(kind)s %(key)s on %(host)s.")
    return words % {"kind": kind.label.lower(), "key": key[:100], "host": here.host.name}


def _back(here: Opened, thing: Thing, name: str) -> str:
    host = {"host": here.host.slug}
    if thing.kind is Kind.CONTAINER:
        return reverse("containers:detail", kwargs={**host, "id": thing.keys[0][:12]})
    if thing.kind is Kind.STACK:
        return f"{reverse('containers:list', kwargs=host)}?q=stack%3D{name}"
    if thing.kind in {Kind.IMAGE, Kind.VOLUME, Kind.NETWORK}:
        return f"{reverse(f'{thing.kind}s:list', kwargs=host)}?q={name}"
    return reverse("hosts:detail", kwargs=host)
