"""Views that people saved of a list: filter, sort, grouping and columns under a name. Each belongs to who saved it.

A view is a part of a list's address, so that whoever is given the address sees the same.
"""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import CharField, IntegerField
from django.utils.translation import gettext as _

from webui.prepared import Given, Prepared
from webui.resources.query import HELD

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from webui.resources.models import SavedView

_LONGEST_QUERY: Final = 2000
_LONGEST_NAME: Final = 60


class NameTaken(Exception):
    """Another view has this name. Nothing was changed."""

    def __init__(self, view: "SavedView") -> None:
        super().__init__(view.name)
        self.view = view


def held_query(query: str) -> str:
    """The part of a query string that a view keeps, always in the same order, so that two can be compared."""
    given = dict(parse_qsl(query.lstrip("?")))
    return urlencode({name: given[name] for name in HELD if given.get(name)})


def held_params(query: str) -> dict[str, str]:
    """The same by name."""
    return dict(parse_qsl(held_query(query)))


def without_columns(query: str) -> str:
    return urlencode({name: value for name, value in held_params(query).items() if name != "columns"})


def _own(user_id: Any, kind: Any) -> "QuerySet[SavedView]":
    from webui.resources.models import SavedView

    return SavedView.objects.filter(user_id=user_id, kind=kind)


def _default() -> "QuerySet[SavedView]":
    mine = _own(Given("user_id", IntegerField()), Given("kind", CharField()))
    return mine.filter(is_default=True)[:1]


_DEFAULT: "Final[Prepared[SavedView]]" = Prepared(_default)


def views_of(user_id: int, kind: str) -> "list[SavedView]":
    return list(_own(user_id, kind))


def default_view(user_id: int, kind: str) -> "SavedView | None":
    return _DEFAULT.first(user_id=user_id, kind=kind)


def save_view(
    user_id: int, kind: str, name: str, query: str, *, is_default: bool, replaces: bool = False
) -> "SavedView":
    """Save what a URL shows.

    Raises NameTaken where a view of that name shows something else, unless it is to be replaced; ValueError with words
    for a person.
    """
    from webui.resources.models import MOST_VIEWS, SavedView

    name, held = _checked_name(name), held_query(query)
    if len(held) > _LONGEST_QUERY:
        raise ValueError(_("This filter is too long to be kept; make it shorter."))
    with transaction.atomic():
        taken = _named(user_id, kind, name)
        if taken is not None and not replaces and (taken.query, taken.is_default) != (held, is_default):
            raise NameTaken(taken)
        if taken is None and _own(user_id, kind).count() >= MOST_VIEWS:
            raise ValueError(_("There are %d views already; remove one first.") % MOST_VIEWS)
        if is_default:
            _own(user_id, kind).update(is_default=False)
        view = taken or SavedView(user_id=user_id, kind=kind)
        view.name, view.query, view.is_default = name, held, is_default
        view.save()
    return view


def rename_view(user_id: int, kind: str, view_id: int, name: str) -> None:
    """Raises NameTaken where another view has that name, ValueError with words for a person."""
    name = _checked_name(name)
    with transaction.atomic():
        taken = _named(user_id, kind, name)
        if taken is not None and taken.pk != view_id:
            raise NameTaken(taken)
        if not _own(user_id, kind).filter(pk=view_id).update(name=name):
            raise ValueError(_("This view is no longer there."))


def set_default(user_id: int, kind: str, view_id: int) -> None:
    """Which view opens first; one that already does no longer will."""
    with transaction.atomic():
        own = _own(user_id, kind)
        was_default = own.filter(pk=view_id, is_default=True).exists()
        own.update(is_default=False)
        own.filter(pk=view_id).update(is_default=not was_default)


def remove_view(user_id: int, kind: str, view_id: int) -> "SavedView | None":
    """Remove a view, and return it as it was; None where it is not there."""
    view = _own(user_id, kind).filter(pk=view_id).first()
    _own(user_id, kind).filter(pk=view_id).delete()
    return view


def _checked_name(given: str) -> str:
    name = " ".join(given.split())[:_LONGEST_NAME].strip()
    if not name:
        raise ValueError(_("Give the view a name."))
    return name


def _named(user_id: int, kind: str, name: str) -> "SavedView | None":
    """Names that differ only in case are the same to who reads them."""
    return _own(user_id, kind).filter(name__iexact=name).first()
