"""Where sessions are kept: Django's database sessions, with whose each is, from where, and when it was last used.

Django knows this module by its name (SESSION_ENGINE).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db.models import CharField, DateTimeField
from django.utils import timezone

from webui.prepared import Given, Prepared

# What signing in writes into the session, and every save copies into the columns.
ADDRESS: Final = "address"
AGENT: Final = "agent"
STARTED_AT: Final = "started_at"


def _sessions() -> Any:
    from webui.accounts.models import Session

    return Session.objects


_OPEN: Final[Prepared[Any]] = Prepared(
    lambda: _sessions().filter(session_key=Given("key", CharField()), expire_date__gt=Given("now", DateTimeField()))
)


class SessionStore(DatabaseSessions):
    """`seen_at` is when the session was last used before this request; None for one that is not in the database."""

    seen_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> Any:
        from webui.accounts.models import Session

        return Session

    def create_model_instance(self, data: Mapping[str, Any]) -> Any:
        return _described(super().create_model_instance(cast(dict[str, Any], data)), data)

    async def acreate_model_instance(self, data: Mapping[str, Any]) -> Any:
        return _described(await super().acreate_model_instance(cast(dict[str, Any], data)), data)

    def _get_session_from_db(self) -> Any:
        row = _OPEN.first(key=self.session_key, now=timezone.now())
        if row is None:
            self._session_key = None
        return self._noted(row)

    async def _aget_session_from_db(self) -> Any:
        return self._noted(await super()._aget_session_from_db())  # type: ignore[misc]

    def _noted(self, row: Any) -> Any:
        self.seen_at = row.seen_at if row is not None else None
        return row


def _described(row: Any, data: Mapping[str, Any]) -> Any:
    user_id = data.get(SESSION_KEY)
    row.user_id = int(user_id) if user_id else None
    row.address, row.agent = str(data.get(ADDRESS, "")), str(data.get(AGENT, ""))
    row.started_at = datetime.fromisoformat(data[STARTED_AT]) if STARTED_AT in data else timezone.now()
    row.seen_at = timezone.now()
    return row
