"""Who asks: a person in a request, a websocket, a job or by a token, or Quayside itself keeping its pictures."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from webui.access import Effective, Held, Operation, Role, effective, held_by, team_ids_of
from webui.ownership import Sight

if TYPE_CHECKING:
    from webui.accounts.models import User
    from webui.hosts.models import Host


@dataclass(frozen=True, slots=True)
class Scope:
    """What a personal token leaves of its owner's rights. None leaves everything; `token` is its name."""

    token_id: int
    token: str
    operations: frozenset[Operation] | None = None
    host_ids: frozenset[int] | None = None

    def narrow(self, what: Effective, host_id: int) -> Effective:
        if self.host_ids is not None and host_id not in self.host_ids:
            return replace(what, only=frozenset())
        return what if self.operations is None else replace(what, only=self.operations)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody as the gate sees them. `address` is where the request came from, "" for what Quayside does by itself.

    `role` is their own; `grants` are what they and their teams were given, and may say otherwise on a host. `scope`
    is that of the token by which they ask, None in the console.
    """

    user_id: int | None
    username: str
    role: str
    address: str = ""
    grants: tuple[Held, ...] = ()
    team_ids: frozenset[int] = frozenset()
    scope: Scope | None = None

    def on(self, host: "Host") -> Effective:
        """What they are on a host, and why."""
        what = effective(self.role, self.grants, host.pk)
        return what if self.scope is None else self.scope.narrow(what, host.pk)

    def is_held_back(self, host: "Host", operation: Operation) -> bool:
        """Whether it is only their token that does not let them do this."""
        return self.scope is not None and operation in effective(self.role, self.grants, host.pk).operations

    def sight(self, host: "Host", operation: str = Operation.CONTAINER_LIST) -> Sight:
        """What of a host's things they may see and change by an operation."""
        sees_all = self.on(host).sees_all(Operation(operation))
        return Sight(host.pk or 0, self.user_id, self.team_ids, sees_all=sees_all)


def actor_of(source: "HttpRequest | dict[str, Any] | User") -> Actor:
    """The actor behind a request, an ASGI scope or a user. Who is not signed in gets one that may do nothing."""
    if isinstance(source, HttpRequest):
        return _actor(source.user, str(source.META.get("REMOTE_ADDR", "")))
    if isinstance(source, dict):
        client = source.get("client") or ("",)
        return _actor(source["user"], str(client[0]))
    return _actor(source, "")


def _actor(user: Any, address: str) -> Actor:
    if not user.is_authenticated or not user.is_active:
        return Actor(None, "", "", address)
    # This door is open before Django's models are.
    from webui.factors.requirement import is_owed

    if is_owed(user):
        return Actor(user.pk, user.get_username(), Role.NONE, address)
    return Actor(user.pk, user.get_username(), user.role, address, held_by(user), team_ids_of(user))


def system_actor() -> Actor:
    """Quayside itself, which sees everything and changes nothing: it keeps the picture of each host."""
    return Actor(None, "quayside", Role.HELPDESK)


def asking_actor() -> Actor:
    """Quayside itself, asking a host what somebody's request is about: also a secret or an exec has an owner."""
    return Actor(None, "quayside", Role.HOST_ADMINISTRATOR)
