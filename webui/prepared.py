"""Questions to the database that every page asks, put into SQL once.

Django's ORM works out the SQL of a query anew each time, which takes ten times as long as SQLite takes to answer it.
Nothing of an answer is kept: whoever lost a right has lost it with the next question.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Field, Model, QuerySet, Value

Row = TypeVar("Row", bound=Model)


class Given(Value):
    """A value that a prepared query is asked with, by its name; `field` says how a database takes it."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(name, output_field=field)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class Prepared(Generic[Row]):
    """A query of whole rows; `build` makes its QuerySet, with a Given wherever a value comes with the question.

    `build` is called with the first question, for a query is declared before Django's models can be imported.

    >>> people = Prepared(lambda: User.objects.filter(pk=Given("id", IntegerField())))
    >>> people.first(id=7)
    """

    def __init__(self, build: Callable[[], QuerySet[Row]]) -> None:
        self._build = build

    def all(self, **given: Any) -> list[Row]:
        model, sql, parameters = self._prepared
        values = [
            one.output_field.get_db_prep_value(given[one.value], connection) if isinstance(one, Given) else one
            for one in parameters
        ]
        return list(model._default_manager.raw(sql, values))

    def first(self, **given: Any) -> Row | None:
        """The first row in the query's order. Give the query a limit where there may be many."""
        return next(iter(self.all(**given)), None)

    @cached_property
    def _prepared(self) -> tuple[type[Row], str, tuple[Any, ...]]:
        query = self._build()
        sql, parameters = query.query.sql_with_params()
        return query.model, sql, parameters
