"""What a leader does: say who is in their team. Roles, grants and other teams stay with administrators.

Two things a leader's change must never do: take rights from somebody by putting them in (a team's grant may say less
than a role of their own), or give some by putting them out. And who comes in by a source that fills the team is put in
and out there. Each act is written down, also one that is refused.
"""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from webui import audit
from webui.access import Effective, Operation, Role, effective, held_by, held_of
from webui.access.models import Membership, Team
from webui.accounts import links, people
from webui.accounts.models import User
from webui.accounts.notices import tell_rights_changed
from webui.hosts.models import Host
from webui.signin.models import Source

if TYPE_CHECKING:
    from webui.gate import Actor


class NotTheirs(Exception):
    """Nothing was changed; `rule` names what is in the way, the text says it to a person."""

    def __init__(self, words: str, *, rule: str) -> None:
        super().__init__(words)
        self.rule = rule


def filled_by(team: Team, user: User) -> Source | None:
    """The source that says whether this person is in this team, as of each sign-in."""
    found = Source.objects.filter(is_enabled=True, team_rules__team=team, identities__user=user)
    return found.first()


def add(actor: "Actor", team: Team, user: User) -> None:
    """Put somebody who is here already into the team. Raises NotTheirs."""
    with transaction.atomic():
        words, rule = _against_adding(actor, team, user)
        if not words:
            Membership.objects.get_or_create(team=team, user=user)
            _record(actor, "team.add-member", team, user.username)
            tell_rights_changed(user.pk)
    _refuse(actor, "team.add-member", team, words, rule)


def remove(actor: "Actor", team: Team, user: User) -> None:
    """Put somebody out of the team; they stay, with what else they may. Raises NotTheirs."""
    with transaction.atomic():
        words, rule = _against_removing(actor, team, user)
        if not words and Membership.objects.filter(team=team, user=user).delete()[0]:
            _record(actor, "team.remove-member", team, user.username)
            tell_rights_changed(user.pk)
    _refuse(actor, "team.remove-member", team, words, rule)


def invite(actor: "Actor", team: Team, *, username: str, display_name: str, email: str) -> User:
    """Somebody new who may do nothing but what this team may; a link lets them choose a password."""
    with transaction.atomic():
        user = people.invite(actor, username=username, display_name=display_name, email=email, role=Role.NONE)
        Membership.objects.create(team=team, user=user, is_invited=True)
        _record(actor, "team.invite", team, username)
    return user


def appoint(actor: "Actor", team: Team, user: User, *, is_leader: bool) -> None:
    """For administrators: make a member a leader, or a member again."""
    with transaction.atomic():
        if Membership.objects.filter(team=team, user=user).exclude(is_leader=is_leader).update(is_leader=is_leader):
            _record(actor, "team.appoint" if is_leader else "team.dismiss", team, user.username)
            tell_rights_changed(user.pk)


def may_have_link(membership: Membership) -> bool:
    """Whether a leader may make a new link for somebody, by which nothing but this team could be had."""
    return membership.is_invited and links.is_only_invited(membership.user)


def _against_adding(actor: "Actor", team: Team, user: User) -> tuple[str, str]:
    """What stands against it, in words and as a rule; "" for nothing."""
    if source := filled_by(team, user):
        return _filled_words(source, user), "directory"
    if not user.is_active:
        return _("%s was deactivated. Ask an administrator.") % user, "deactivated"
    if actor.role != Role.ADMINISTRATOR and (host := _where_less(team, user)):
        words = _("%(name)s may do more on %(host)s than this team, and would lose that. Ask an administrator.")
        return words % {"name": user, "host": host}, "takes rights"
    return "", ""


def _against_removing(actor: "Actor", team: Team, user: User) -> tuple[str, str]:
    if source := filled_by(team, user):
        return _filled_words(source, user), "directory"
    if actor.role == Role.ADMINISTRATOR:
        return "", ""
    leaders = set(
        Membership.objects.select_for_update().filter(team=team, is_leader=True).values_list("user", flat=True)
    )
    if user.pk in leaders and user.pk != actor.user_id:
        return _("%s leads this team too. Administrators appoint and dismiss leaders.") % user, "leader"
    if leaders == {user.pk}:
        return _("You are the last who leads this team. Ask an administrator to appoint somebody first."), "last leader"
    if host := _where_less(team, user):
        words = _("Without this team %(name)s could do more on %(host)s. Ask an administrator.")
        return words % {"name": user, "host": host}, "gives rights"
    return "", ""


def _filled_words(source: Source, user: User) -> str:
    words = _("%(name)s comes in by %(source)s, whose groups say who is in this team. Change it there.")
    return words % {"name": user, "source": source}


def _where_less(team: Team, user: User) -> str:
    """The first host where somebody may do less within the team than without it."""
    grants = team.grants.select_related("team", "group", "custom").prefetch_related("group__hosts")
    of_team = [held_of(grant) for grant in grants]
    others = [held for held in held_by(user) if held.team != team.name]
    for host in Host.objects.all():
        without = _power(effective(user.role, others, host.pk))
        within = _power(effective(user.role, [*others, *of_team], host.pk))
        if not without <= within:
            return host.name
    return ""


def _power(what: Effective) -> set[tuple[str, Operation]]:
    """All that somebody may do: also to what is others', also against the host's rules."""
    kinds = {"may": lambda _one: True, "others": what.sees_all, "rules": what.rules}
    return {(name, one) for name, holds in kinds.items() for one in what.operations if holds(one)}


def _record(actor: "Actor", operation: str, team: Team, username: str) -> None:
    rule = f"role {actor.role}" if actor.role == Role.ADMINISTRATOR else "team leader"
    audit.record(actor, operation, is_allowed=True, resource="team", target=team.name, rule=rule, message=username)


def _refuse(actor: "Actor", operation: str, team: Team, words: str, rule: str) -> None:
    """After the transaction, which would take the entry along."""
    if words:
        audit.record(
            actor, operation, is_allowed=False, resource="team", target=team.name, rule=rule, message=words
        )  # fmt: skip
        raise NotTheirs(words, rule=rule)
