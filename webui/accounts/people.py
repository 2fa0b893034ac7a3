"""What administrators do to people. Each act is written down, and open pages of the person end or change at once.

Somebody must always be left who can administrate: the last one cannot be removed, demoted or deactivated.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from webui import audit
from webui.access import Role
from webui.accounts import sessions
from webui.accounts.notices import tell_rights_changed
from webui.factors import methods

if TYPE_CHECKING:
    from webui.accounts.models import User
    from webui.gate import Actor


class StaysAsItIs(Exception):
    """Nothing was changed; `rule` names what is in the way, the text says it to a person, with what to do."""

    def __init__(self, words: str, *, rule: str) -> None:
        super().__init__(words)
        self.rule = rule


def invite(actor: "Actor", *, username: str, display_name: str, email: str, role: str) -> "User":
    """Somebody new, without a password: a link lets them choose one."""
    from webui.accounts.models import User

    with transaction.atomic():
        user = User.objects.create_user(username, None, display_name=display_name, email=email, role=role)
        _record(actor, "person.add", user, message=role)
    return user


def change_role(actor: "Actor", user: "User", role: str) -> None:
    """Raises StaysAsItIs for the last administrator."""
    if role == user.role:
        return
    with _last_administrator_stays(actor, "person.role", user, is_leaving=role != Role.ADMINISTRATOR):
        was, user.role = user.role, role
        user.save(update_fields=["role"])
        _record(actor, "person.role", user, message=f"{was} to {role}")
        tell_rights_changed(user.pk)


def deactivate(actor: "Actor", user: "User") -> None:
    """They can no longer sign in, and what they have open ends. Raises StaysAsItIs."""
    _not_oneself(actor, "person.deactivate", user)
    with _last_administrator_stays(actor, "person.deactivate", user):
        user.is_active = False
        user.save(update_fields=["is_active"])
        user.links.all().delete()
        count = sessions.end_all(user)
        _record(actor, "person.deactivate", user, message=f"{count} sessions ended")


def reactivate(actor: "Actor", user: "User") -> None:
    with transaction.atomic():
        user.is_active = True
        user.save(update_fields=["is_active"])
        _record(actor, "person.reactivate", user)


def end_sessions(actor: "Actor", user: "User") -> int:
    with transaction.atomic():
        count = sessions.end_all(user)
        _record(actor, "person.end-sessions", user, message=f"{count} sessions ended")
    return count


def reset_factors(actor: "Actor", user: "User") -> None:
    """For who lost phone and codes: all second factors go, and what they have open ends. The password stays."""
    with transaction.atomic():
        words = methods.remove_all(user)
        count = sessions.end_all(user)
        _record(actor, "person.reset-factors", user, message=f"{words or 'none'}; {count} sessions ended")


def remove(actor: "Actor", user: "User") -> None:
    """Sessions, links and memberships go along; audit entries and jobs stay, by name. Raises StaysAsItIs."""
    _not_oneself(actor, "person.remove", user)
    with _last_administrator_stays(actor, "person.remove", user):
        _record(actor, "person.remove", user)
        tell_rights_changed(user.pk)
        user.delete()


def has_way_in(user: "User") -> bool:
    """Whether they can sign in at all: by a password of ours, or by a source that is in use."""
    return user.has_usable_password() or user.identities.filter(source__is_enabled=True).exists()


def is_last_administrator(user: "User") -> bool:
    """Whether nobody else could administrate: the others are invited only, deactivated, or readers."""
    from webui.accounts.models import User

    if not user.is_administrator or not user.is_active:
        return False
    others = User.objects.select_for_update().filter(role=Role.ADMINISTRATOR, is_active=True).exclude(pk=user.pk)
    return not any(has_way_in(other) for other in others)


@contextmanager
def _last_administrator_stays(
    actor: "Actor", operation: str, user: "User", *, is_leaving: bool = True
) -> Iterator[None]:
    """A transaction in which nobody else takes the other administrators away at the same moment."""
    try:
        with transaction.atomic():
            if is_leaving and is_last_administrator(user):
                words = _("%s is the last administrator who can sign in. Make somebody else one first.")
                raise StaysAsItIs(words % user.username, rule="last administrator")
            yield
    except StaysAsItIs as error:
        _refuse(actor, operation, user, error)
        raise


def _not_oneself(actor: "Actor", operation: str, user: "User") -> None:
    if actor.user_id != user.pk:
        return
    error = StaysAsItIs(_("This is you. Another administrator can do it."), rule="not oneself")
    _refuse(actor, operation, user, error)
    raise error


def _record(actor: "Actor", operation: str, user: "User", *, message: str = "") -> None:
    audit.record(
        actor, operation, is_allowed=True, resource="person", target=user.username, rule=f"role {actor.role}",
        message=message,
    )  # fmt: skip


def _refuse(actor: "Actor", operation: str, user: "User", error: StaysAsItIs) -> None:
    audit.record(
        actor, operation, is_allowed=False, resource="person", target=user.username, rule=error.rule, message=str(error)
    )
