"""A test of a directory's settings, step by step: connect, TLS, bind, search, password, groups."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from webui.pages.findings import Finding
from webui.signin.ldap.connection import BIND, CONNECT, GROUPS, SEARCH, TLS, DirectoryFailed, bind, opened
from webui.signin.ldap.people import bind_first, find, groups_of, is_sane
from webui.signin.models import Directory


def examine(directory: Directory, username: str, password: str) -> Iterator[Finding]:
    """Ends with the first step that fails. Without a username it stops before the search for one."""
    try:
        with opened(directory) as connection:
            yield Finding(_("Connect"), _("%s answers.") % directory.server, is_good=True)
            yield _privacy(directory)
            yield from _person(connection, directory, username, password)
    except DirectoryFailed as error:
        yield Finding(_step_words(error.step), str(error), is_good=False)


def _privacy(directory: Directory) -> Finding:
    if directory.encryption == Directory.Encryption.NONE:
        words = _("None: every password can be read on the way.")
        return Finding(_("TLS"), words, is_good=False, is_grave=False)
    return Finding(_("TLS"), _("Private, and the certificate is of this server."), is_good=True)


def _person(connection: object, directory: Directory, username: str, password: str) -> Iterator[Finding]:
    if directory.own_name and not (username and password):
        words = _("Give a user name and password below to go on: people bind by themselves here.")
        yield Finding(_("Bind"), words, is_good=True, is_grave=False)
        return
    if username and not is_sane(username):
        yield Finding(_("Search"), _("That is no user name."), is_good=False)
        return
    if not bind_first(connection, directory, username, password):
        yield Finding(_("Bind"), _("It does not take this user name with this password."), is_good=False)
        return
    who = username if directory.own_name else directory.bind_name or _("nobody (anonymous)")
    yield Finding(_("Bind"), _("Bound as %s.") % who, is_good=True)
    if not username:
        yield Finding(_("Search"), _("Give a user name below to look for somebody."), is_good=True)
        return
    found = find(connection, directory, username)
    if found is None:
        words = _("Nobody below %(base)s is %(name)s.") % {"base": directory.people_base, "name": username}
        yield Finding(_("Search"), words, is_good=False)
        return
    words = _("%(dn)s, known again as %(subject)s.") % {"dn": found.dn, "subject": found.subject}
    yield Finding(_("Search"), words, is_good=True)
    groups = groups_of(connection, directory, found, username)
    short = sorted(name for name in groups or () if "=" not in name)
    words = _("The directory is not asked for any.") if groups is None else ", ".join(short) or _("In no group.")
    yield Finding(_("Groups"), words, is_good=True)
    if password and not directory.own_name:
        is_right = bind(connection, found.dn, password)
        yield Finding(_("Password"), _("It is theirs.") if is_right else _("It is not theirs."), is_good=is_right)


def _step_words(step: str) -> str:
    words = {CONNECT: _("Connect"), TLS: _("TLS"), BIND: _("Bind"), SEARCH: _("Search"), GROUPS: _("Groups")}
    return words[step]
