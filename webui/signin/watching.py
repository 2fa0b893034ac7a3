"""Looking after people who came in by a directory: who is gone from there loses what they have open here.

Every few minutes, as each directory's own page says; not at once, as a directory tells nobody of a change. A directory
that cannot be asked, or that finds nobody at all of several, changes nothing: that says more of it than of them.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from webui import audit
from webui.accounts import people, sessions
from webui.accounts.models import User
from webui.gate import Actor
from webui.signin.arrivals import Arrival, take_teams
from webui.signin.ldap import DirectoryFailed
from webui.signin.ldap.presence import Presence, can_be_watched, watching
from webui.signin.models import Directory, Identity

logger = logging.getLogger(__name__)

# Of so many or more, not all are gone at once.
_SEVERAL: Final = 2


def look_after(directory: Directory) -> None:
    """Ask it about everybody who comes in by it, and act on what has changed since the last time."""
    identities = list(directory.identities.select_related("user").filter(user__is_active=True))
    try:
        with watching(directory) as watch:
            found = {one.pk: watch.presence_of(one.subject, one.name) for one in identities}
    except DirectoryFailed as error:
        _note(directory, str(error))
        return
    if len(found) >= _SEVERAL and not any(one.is_there for one in found.values()):
        words = _("It finds nobody of the %d people who come in by it: nothing was changed. Test its settings.")
        _note(directory, words % len(found))
        return
    for identity in identities:
        _act_on(directory, identity, found[identity.pk])
    _note(directory, "", found)


def is_due(directory: Directory) -> bool:
    if not directory.is_enabled or not directory.check_minutes or not can_be_watched(directory):
        return False
    since = directory.checked_at
    # Beat comes once a minute, and a little later than the last time.
    return since is None or timezone.now() - since >= timedelta(minutes=directory.check_minutes, seconds=-20)


def _act_on(directory: Directory, identity: Identity, presence: Presence) -> None:
    if presence.is_there:
        with transaction.atomic():
            Identity.objects.filter(pk=identity.pk).exclude(gone_at=None).update(gone_at=None)
            take_teams(identity.user, _arrival(directory, identity, presence.groups), "")
    elif identity.gone_at is None:
        _let_go(directory, identity, presence.why_not)


def _let_go(directory: Directory, identity: Identity, why_not: str) -> None:
    """Once: who has another way in may come back by that."""
    user, actor = identity.user, Actor(None, "quayside", "")
    with transaction.atomic():
        Identity.objects.filter(pk=identity.pk).update(gone_at=timezone.now())
        audit.record(
            actor, "person.gone", is_allowed=True, resource="person", target=user.username,
            message=f"{why_not}, says {directory}",
        )  # fmt: skip
        take_teams(user, _arrival(directory, identity, frozenset()), "")
        if _has_another_way(user, identity):
            sessions.end_all(user)
            return
    try:
        people.deactivate(actor, user)
    except people.StaysAsItIs:
        # The last administrator: written down as refused. What is open of theirs ends all the same.
        sessions.end_all(user)


def _has_another_way(user: User, identity: Identity) -> bool:
    others = user.identities.filter(source__is_enabled=True, gone_at=None).exclude(pk=identity.pk)
    return user.has_usable_password() or others.exists()


def _arrival(directory: Directory, identity: Identity, groups: frozenset[str] | None) -> Arrival:
    return Arrival(directory, identity.subject, identity.name, groups=groups)


def _note(directory: Directory, failure: str, found: Mapping[int, Presence] | None = None) -> None:
    """What its page says of the last look. The row alone: whoever changes the settings meanwhile loses nothing."""
    if failure:
        logger.warning("people of %s could not be looked after: %s", directory, failure)
    changes = {"checked_at": timezone.now(), "check_failure": failure[:300]}
    if found is not None:
        changes["people_found"] = sum(one.is_there for one in found.values())
    Directory.objects.filter(pk=directory.pk).update(**changes)
