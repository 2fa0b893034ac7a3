"""Which person of ours somebody is whom a source vouches for: by the source's own unchanging id, and by nothing else.

An equal name or e-mail address proves nothing: whoever could choose it there would choose an administrator's.
"""

import re
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from webui import audit
from webui.access.models import Team
from webui.accounts.models import User
from webui.accounts.notices import tell_rights_changed
from webui.gate import Actor
from webui.signin.models import Identity, Source

_NOT_IN_NAMES: Final = re.compile(r"[^\w.@+-]+")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody as a source describes them. `groups` is None where it says nothing of groups."""

    source: Source
    subject: str
    username: str
    display_name: str = ""
    email: str = ""
    groups: frozenset[str] | None = None


class NotLetIn(Exception):
    """The source vouches for them, and yet they do not come in; `rule` for the log, the text for them."""

    def __init__(self, words: str, *, rule: str, username: str = "") -> None:
        super().__init__(words)
        self.rule, self.username = rule, username


def receive(arrival: Arrival, address: str) -> User:
    """The person who arrives, added if the source may do so, and in the teams that its groups say. Raises NotLetIn."""
    with transaction.atomic():
        known = Identity.objects.select_related("user").filter(source=arrival.source, subject=arrival.subject).first()
        user = known.user if known else _added(arrival, address)
        if not user.is_active:
            words = _("Your account here was deactivated. Ask an administrator.")
            raise NotLetIn(words, rule="deactivated", username=user.username)
        Identity.objects.filter(source=arrival.source, user=user).update(
            used_at=timezone.now(), name=arrival.username, gone_at=None
        )
        take_teams(user, arrival, address)
    return user


def connect(user: User, arrival: Arrival) -> None:
    """Somebody who is signed in here has shown that they are this one there. Raises NotLetIn."""
    try:
        with transaction.atomic():
            Identity.objects.create(
                source=arrival.source, subject=arrival.subject, user=user, name=arrival.username
            )  # fmt: skip
    except IntegrityError:
        words = _("That account of %(source)s belongs to somebody else here, or you have another one of it connected.")
        rule = "connected already"
        raise NotLetIn(words % {"source": arrival.source}, rule=rule, username=user.username) from None


def _added(arrival: Arrival, address: str) -> User:
    source = arrival.source
    if not source.creates_people:
        words = _("%(source)s knows you, this console does not. Sign in with your password and connect %(source)s on "
                  "your profile, or ask an administrator.")  # fmt: skip
        raise NotLetIn(words % {"source": source}, rule="not connected", username=arrival.username)
    username = _NOT_IN_NAMES.sub("-", arrival.username)[:150].strip("-") or arrival.subject[:150]
    if User.objects.filter(username__iexact=username).exists():
        words = _("Somebody here is called %(name)s already. If that is you: sign in with your password and connect "
                  "%(source)s on your profile.")  # fmt: skip
        raise NotLetIn(words % {"name": username, "source": source}, rule="name taken", username=username)
    user = User.objects.create_user(
        username, None, display_name=arrival.display_name[:150], email=arrival.email[:254], role=source.first_role
    )
    Identity.objects.create(source=source, subject=arrival.subject, user=user, name=arrival.username)
    _record(user, "person.add", address, f"{user.role}, by {source}")
    return user


def take_teams(user: User, arrival: Arrival, address: str) -> None:
    """Put them into the teams that their groups say, and out of the others. Writes it down.

    Only teams that the source's rules name are touched; those that people were put into by hand stay."""
    if arrival.groups is None:
        return
    held = {group.casefold() for group in arrival.groups}
    rules = list(arrival.source.team_rules.all())
    named = {rule.team_id for rule in rules}
    wanted = {rule.team_id for rule in rules if rule.value.casefold() in held}
    present = set(user.teams.filter(pk__in=named).values_list("pk", flat=True))
    if wanted == present:
        return
    user.teams.add(*(wanted - present))
    user.teams.remove(*(present - wanted))
    names = Team.objects.filter(pk__in=wanted).values_list("name", flat=True)
    _record(user, "person.teams", address, f"{', '.join(names) or 'none'}, by {arrival.source}")
    tell_rights_changed(user.pk)


def _record(user: User, operation: str, address: str, message: str) -> None:
    actor = Actor(user.pk, user.username, user.role, address)
    audit.record(actor, operation, is_allowed=True, resource="person", target=user.username, message=message)
