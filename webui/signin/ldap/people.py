"""Finding somebody in a directory, checking their password there, and reading their groups."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn, parse_dn

from webui.signin.arrivals import Arrival
from webui.signin.ldap.connection import BIND, GROUPS, SEARCH, DirectoryFailed, bind, opened, outcome_of, search
from webui.signin.models import Directory

_MOST_GROUPS: Final = 2000
_NAMES: Final = ("displayName", "cn")


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody's entry: its name, and the values of its attributes, as text."""

    dn: str
    subject: str
    display_name: str
    email: str
    member_of: tuple[str, ...] | None


def sign_in(directory: Directory, username: str, password: str) -> Arrival | None:
    """Who that is, if name and password belong together there; None if not. Raises DirectoryFailed."""
    if not password or not is_sane(username):
        return None
    with opened(directory) as connection:
        found = _proved(connection, directory, username, password)
        if found is None:
            return None
        groups = groups_of(connection, directory, found, username)
    return Arrival(directory, found.subject, username, found.display_name, found.email, groups)


def is_sane(username: str) -> bool:
    """Nobody's name holds control characters; escaping them is where directories differ."""
    return 0 < len(username) <= 150 and not any(unicodedata.category(char).startswith("C") for char in username)


def bind_first(connection: Any, directory: Directory, username: str, password: str) -> bool:
    """Bind as what searches: the service account, nobody, or the person themselves. Raises DirectoryFailed."""
    if directory.own_name:
        return bind(connection, own_name_of(directory, username), password)
    if not bind(connection, directory.bind_name, directory.bind_password):
        who = directory.bind_name or _("nobody")
        words = _("It does not take the bind name %(who)s with its password: %(why)s")
        raise DirectoryFailed(BIND, words % {"who": who, "why": outcome_of(connection)})
    return True


def find(connection: Any, directory: Directory, username: str) -> Found | None:
    """The one entry of somebody. Raises DirectoryFailed for several, or one without what never changes."""
    wanted = directory.people_filter.replace("{user}", escape_filter_chars(username))
    attributes = [directory.id_attribute, *_NAMES, "mail", "memberOf"]
    entries = search(connection, SEARCH, directory.people_base, wanted, attributes, most=2)
    if len(entries) > 1:
        raise DirectoryFailed(SEARCH, _("The filter %s finds several people.") % wanted)
    return found_of(entries[0], directory) if entries else None


def groups_of(connection: Any, directory: Directory, found: Found, username: str) -> frozenset[str] | None:
    """The names of somebody's groups, whole and short; None where the directory is not asked for any."""
    names = list(found.member_of or ())
    if directory.groups_base:
        wanted = directory.groups_filter.replace("{dn}", escape_filter_chars(found.dn))
        wanted = wanted.replace("{user}", escape_filter_chars(username))
        entries = search(connection, GROUPS, directory.groups_base, wanted, ["cn"], most=_MOST_GROUPS)
        names += [entry["dn"] for entry in entries]
    elif found.member_of is None:
        return None
    return frozenset(spelling for name in names for spelling in _spellings(name))


def escaped(value: str) -> str:
    """A value as it stands in a filter (RFC 4515)."""
    return str(escape_filter_chars(value))


def own_name_of(directory: Directory, username: str) -> str:
    """The name to bind by: a DN, or what Active Directory takes in its place (`{user}@example.com`)."""
    is_dn = "=" in directory.own_name
    return str(directory.own_name.replace("{user}", escape_rdn(username) if is_dn else username))


def _proved(connection: Any, directory: Directory, username: str, password: str) -> Found | None:
    if not bind_first(connection, directory, username, password):
        return None
    found = find(connection, directory, username)
    if directory.own_name:
        if found is None:
            raise DirectoryFailed(SEARCH, _("It took the password and then shows no entry of that person."))
        return found
    if found is None or not bind(connection, found.dn, password):
        return None
    # Groups are for the service account to read; people often may not.
    bind_first(connection, directory, username, password)
    return found


def found_of(entry: Any, directory: Directory) -> Found:
    subject = next(iter(values_of(entry, directory.id_attribute)), "")
    if not subject:
        words = _("%(dn)s has no attribute %(name)s, by which they would be known again.")
        raise DirectoryFailed(SEARCH, words % {"dn": entry["dn"], "name": directory.id_attribute})
    name = next((value for attribute in _NAMES for value in values_of(entry, attribute)), "")
    groups = tuple(values_of(entry, "memberOf"))
    has_groups = any(one.lower() == "memberof" for one in entry["raw_attributes"])
    mail = next(iter(values_of(entry, "mail")), "")
    return Found(entry["dn"], subject[:255], name, mail if "@" in mail else "", groups if has_groups else None)


def values_of(entry: Any, attribute: str) -> Iterator[str]:
    for name, values in entry["raw_attributes"].items():
        if name.lower() == attribute.lower():
            yield from (_text(value) for value in values)


def _text(value: bytes) -> str:
    """Active Directory's objectGUID is sixteen bytes that are no text."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isprintable() else value.hex()


def _spellings(dn: str) -> Iterator[str]:
    """`cn=ops,ou=groups,dc=example,dc=com` and `ops`: a rule may name either."""
    yield dn
    try:
        yield parse_dn(dn)[0][1]
    except (LDAPException, IndexError):
        return
