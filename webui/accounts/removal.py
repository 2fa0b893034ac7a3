"""What goes, and what stays, when people are removed or deactivated, or lose their factors: shown before it is done."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webui import audit
from webui.accounts.models import User
from webui.accounts.people import is_last_administrator
from webui.factors import methods
from webui.pages import Preview, PreviewLine

if TYPE_CHECKING:
    from webui.gate import Actor


def removal_preview(users: Sequence[User], actor: "Actor", url: str) -> Preview:
    going = [user for user in users if not _obstacle(user, actor)]
    entries = sum(audit.count_of(user.pk) for user in going)
    return Preview(
        title=_("Remove %s") % _names(users),
        intro=_("The account goes, with what only it has. What was done under its name stays written down."),
        lines=[PreviewLine(user.username, _obstacle(user, actor) or _what_goes(user)) for user in users],
        columns=(_("Person"), _("What goes"), ""),
        do=ngettext("Remove %d person", "Remove %d people", len(going)) % len(going),
        action="remove",
        item_ids=[str(user.pk) for user in going],
        url=url,
        keep=_("Keep"),
        kept=_kept(entries),
    )


def deactivation_preview(users: Sequence[User], actor: "Actor", url: str) -> Preview:
    going = [user for user in users if not _obstacle(user, actor)]
    return Preview(
        title=_("Deactivate %s") % _names(users),
        intro=_("They can no longer sign in. What they have open closes within seconds."),
        lines=[PreviewLine(user.username, _obstacle(user, actor) or _what_ends(user)) for user in users],
        columns=(_("Person"), _("What ends"), ""),
        do=ngettext("Deactivate %d person", "Deactivate %d people", len(going)) % len(going),
        action="deactivate",
        item_ids=[str(user.pk) for user in going],
        url=url,
        keep=_("Leave as is"),
        kept=_("Kept: the account with its role and password. Reactivating brings all of it back."),
    )


def reset_preview(users: Sequence[User], _actor: "Actor", url: str) -> Preview:
    return Preview(
        title=_("Reset the second factors of %s") % _names(users),
        intro=_("For somebody who lost what they sign in with. Be sure that it is them who asks: what remains is the "
                "password."),
        lines=[PreviewLine(user.username, _factors(user)) for user in users],
        columns=(_("Person"), _("What goes"), ""),
        do=ngettext("Reset %d person", "Reset %d people", len(users)) % len(users),
        action="reset-factors",
        item_ids=[str(user.pk) for user in users],
        url=url,
        keep=_("Leave as is"),
        kept=_("Kept: the password. Where a team asks for a second factor, they set up a new one at once."),
    )  # fmt: skip


def _factors(user: User) -> str:
    return ", ".join(filter(None, [methods.words_of(user) or _("no factor"), _sessions(user)]))


def _kept(entries: int) -> str:
    if not entries:
        return _("Kept: the jobs and containers that they started.")
    words = ngettext(
        "Kept: %d audit entry, and the jobs and containers that they started.",
        "Kept: %d audit entries, and the jobs and containers that they started.",
        entries,
    )
    return words % entries


def _obstacle(user: User, actor: "Actor") -> str:
    if user.pk == actor.user_id:
        return _("stays: this is you")
    return _("stays: the last administrator who can sign in") if _is_last(user) else ""


def _is_last(user: User) -> bool:
    with transaction.atomic():
        return is_last_administrator(user)


def _what_goes(user: User) -> str:
    parts = [_("password and profile"), _sessions(user)]
    if user.links.filter(expires_at__gt=timezone.now()).exists():
        parts.append(_("an open link"))
    return ", ".join(filter(None, parts))


def _what_ends(user: User) -> str:
    parts = [_sessions(user), _("an open link") if user.links.filter(expires_at__gt=timezone.now()).exists() else ""]
    return ", ".join(filter(None, parts)) or _("nothing is open")


def _sessions(user: User) -> str:
    count = user.sessions.filter(expire_date__gt=timezone.now()).count()
    return ngettext("%d session", "%d sessions", count) % count if count else ""


def _names(users: Sequence[User]) -> str:
    if len(users) == 1:
        return users[0].username
    return ngettext("%d person", "%d people", len(users)) % len(users)
