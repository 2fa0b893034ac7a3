"""The list of registries, and what one is used for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webui.gate import actor_of
from webui.live import last_picture
from webui.ownership import Access
from webui.ownership.kinds import Visibility
from webui.ownership.words import holders_words
from webui.pages import Action, Column, Hit, Preview, PreviewLine
from webui.registries.choosing import access_of, seen
from webui.registries.models import Registry
from webui.registries.names import image_name, is_within

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host

COLUMNS: Final = (
    Column("name", gettext_lazy("Name"), width="xl"),
    Column("where", gettext_lazy("Address")),
    Column("user", gettext_lazy("Signs in as"), width="m", hides_below="narrow"),
    Column("owner", gettext_lazy("Owner"), width="m", hides_below="narrow"),
    Column("access", gettext_lazy("Who may use it"), width="l", hides_below="wide"),
)
REMOVE: Final = Action("remove", gettext_lazy("Remove"), "trash", "", is_bulk=True, is_danger=True, previews=True)
_MOST_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One registry as the list shows it."""

    pk: int
    name: str
    where: str
    user: str
    owner: str
    access: str
    note: str
    url: str


def row_of(registry: Registry) -> Row:
    access = access_of(registry)
    return Row(
        registry.pk, registry.name, registry.where, registry.username, access.owner if access else "",
        access_words(access), registry.note, registry.get_absolute_url(),
    )  # fmt: skip


def access_words(access: Access | None) -> str:
    """ "private", "team shop, rita", "everybody"."""
    if access is None or access.visibility == Visibility.ADMINISTRATORS:
        return _("administrators only")
    if access.visibility == Visibility.PUBLIC:
        return _("everybody")
    if access.visibility == Visibility.PRIVATE:
        return _("private")
    return holders_words(access.readers | access.writers)


def row_html(row: Row, actions: Sequence[Action]) -> str:
    return render_to_string("registries/_row.html", {"row": row, "actions": actions})


def matches(row: Row, text: str) -> bool:
    """Whether each word stands somewhere in a row."""
    whole = " ".join((row.name, row.where, row.user, row.owner, row.note)).lower()
    return all(word in whole for word in text.lower().split())


def removal(actor: "Actor", hosts: Sequence["Host"], registries: Sequence[Registry], *, url: str) -> Preview:
    """What goes, and which images on which hosts were asked for by it, as far as this person sees them."""
    count = len(registries)
    lines = [
        line
        for one in registries
        for line in (PreviewLine(one.name, _("its password here is forgotten")), *_users(actor, hosts, one))
    ]
    return Preview(
        title=_("Remove %s") % registries[0].name if count == 1 else _("Remove registries"),
        intro=_("Images that are here stay, and so do containers. What is in the registry is not touched."),
        lines=lines,
        columns=(_("Registry"), _("What that means"), ""),
        do=ngettext("Remove %d registry", "Remove %d registries", count) % count,
        action="remove",
        item_ids=[str(one.pk) for one in registries],
        url=url,
    )


def _users(actor: "Actor", hosts: Sequence["Host"], registry: Registry) -> Iterator[PreviewLine]:
    for host in hosts:
        found = users_of(actor, host, registry)
        if found:
            named = ", ".join(found[:_MOST_NAMED])
            more = _(" and %d more") % (len(found) - _MOST_NAMED) if len(found) > _MOST_NAMED else ""
            words = _("pulled anew only where another way in fits: %(names)s%(more)s")
            yield PreviewLine(_("on %s") % host.name, words % {"names": named, "more": more})


def users_of(actor: "Actor", host: "Host", registry: Registry) -> list[str]:
    """The containers that this person sees on a host whose images lie in a registry. From memory."""
    return sorted(
        str((raw.get("Names") or ["?"])[0]).lstrip("/")
        for raw in last_picture(host, actor).containers.values()
        if _is_in(str(raw.get("Image") or ""), registry)
    )


def _is_in(reference: str, registry: Registry) -> bool:
    name = image_name(reference)
    return name.address == registry.address and is_within(name.path, registry.namespace)


def find(user: Any, _host: "Host | None", text: str) -> list[Hit]:
    """What Ctrl-K finds of registries: by name and address, those that this person may see."""
    wanted = text.strip()
    if not wanted:
        return []
    rows = (row_of(one) for one in seen(actor_of(user)))
    found = [row for row in rows if matches(row, wanted)]
    return [Hit(row.name, row.url, "archive", _("registry · %s") % row.where) for row in found[:_MOST_NAMED]]
