"""Views that people saved of a list: a filter, sort and grouping under a name. Each belongs to who saved it."""

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import CharField, IntegerField
from django.utils.translation import gettext as _

from webui.prepared import Given, Prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from webui.resources.models import SavedView

# What a view holds of a URL; windows and marks of the moment are no part of it.
HELD: Final = ("q", "show", "sort", "group", "fold")


def held_query(query: str) -> str:
    """The part of a query string that a view keeps, always in the same order, so that two can be compared."""
    given = dict(parse_qsl(query.lstrip("?")))
    return urlencode({name: given[name] for name in HELD if given.get(name)})


def _default() -> "QuerySet[SavedView]":
    from webui.resources.models import SavedView

    mine = SavedView.objects.filter(user_id=Given("user_id", IntegerField()), kind=Given("kind", CharField()))
    return mine.filter(is_default=True)[:1]


_DEFAULT: "Final[Prepared[SavedView]]" = Prepared(_default)


def views_of(user_id: int, kind: str) -> "list[SavedView]":
    from webui.resources.models import SavedView

    return list(SavedView.objects.filter(user_id=user_id, kind=kind))


def default_view(user_id: int, kind: str) -> "SavedView | None":
    return _DEFAULT.first(user_id=user_id, kind=kind)


def save_view(user_id: int, kind: str, name: str, query: str, *, is_default: bool) -> "SavedView":
    """Save what a URL shows; a view of the same name is replaced. Raises ValueError with words for a person."""
    from webui.resources.models import MOST_VIEWS, SavedView

    name = " ".join(name.split())[:60]
    if not name:
        raise ValueError(_("Give the view a name."))
    others = SavedView.objects.filter(user_id=user_id, kind=kind).exclude(name=name)
    if others.count() >= MOST_VIEWS:
        raise ValueError(_("There are %d views already; remove one first.") % MOST_VIEWS)
    with transaction.atomic():
        if is_default:
            others.update(is_default=False)
        view, _made = SavedView.objects.update_or_create(
            user_id=user_id, kind=kind, name=name,
            defaults={"query": held_query(query)[:2000], "is_default": is_default},
        )  # fmt: skip
    return view


def set_default(user_id: int, kind: str, view_id: int) -> None:
    """Which view opens first; one that already does no longer will."""
    from webui.resources.models import SavedView

    with transaction.atomic():
        own = SavedView.objects.filter(user_id=user_id, kind=kind)
        was_default = own.filter(pk=view_id, is_default=True).exists()
        own.update(is_default=False)
        own.filter(pk=view_id).update(is_default=not was_default)


def remove_view(user_id: int, kind: str, view_id: int) -> None:
    from webui.resources.models import SavedView

    SavedView.objects.filter(user_id=user_id, kind=kind, pk=view_id).delete()
