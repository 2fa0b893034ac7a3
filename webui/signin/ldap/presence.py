"""Whether somebody is still in a directory, may still sign in there, and in which groups they are now.

Asked by what never changes about them, as the service account: nobody types a password.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from webui.signin.ldap.connection import SEARCH, opened, search
from webui.signin.ldap.people import Found, bind_first, escaped, found_of, groups_of, values_of
from webui.signin.models import Directory

_OBJECT_GUID_BYTES: Final = 16
# userAccountControl (Active Directory, MS-ADTS 2.2.16): ACCOUNTDISABLE.
_DISABLED_BIT: Final = 0x2
# "Until somebody unlocks it" (draft-behera-ldap-password-policy, 5.3.3).
_LOCKED_FOR_GOOD: Final = "000001010000Z"
_STATES: Final = ("userAccountControl", "nsAccountLock", "loginDisabled", "pwdAccountLockedTime")


@dataclass(frozen=True, slots=True)
class Presence:
    """`is_there`: they would be let in. `groups` as at a sign-in, None where the directory is asked for none."""

    is_there: bool
    why_not: str = ""
    groups: frozenset[str] | None = None


class Watch:
    """A connection on which several people are asked about."""

    def __init__(self, connection: Any, directory: Directory) -> None:
        self._connection, self._directory = connection, directory

    def presence_of(self, subject: str, username: str) -> Presence:
        """Raises DirectoryFailed."""
        entry = self._entry(subject)
        if entry is None:
            return Presence(is_there=False, why_not="not there any more")
        if why := _disabled(entry):
            return Presence(is_there=False, why_not=why)
        if not self._is_meant(entry["dn"]):
            return Presence(is_there=False, why_not="not among those who may sign in")
        found: Found = found_of(entry, self._directory)
        return Presence(is_there=True, groups=groups_of(self._connection, self._directory, found, username))

    def _entry(self, subject: str) -> Any:
        attributes = [self._directory.id_attribute, "displayName", "cn", "mail", "memberOf", *_STATES]
        wanted = f"({self._directory.id_attribute}={_escaped(subject, self._directory.id_attribute)})"
        entries = search(self._connection, SEARCH, self._directory.people_base, wanted, attributes, most=2)
        return entries[0] if len(entries) == 1 else None

    def _is_meant(self, dn: str) -> bool:
        """Whether the filter by which people are found still finds this entry, under whatever name."""
        wanted = self._directory.people_filter.replace("{user}", "*")
        found = search(
            self._connection, SEARCH, dn, wanted, [self._directory.id_attribute], most=1, is_below=False
        )  # fmt: skip
        return bool(found)


@contextmanager
def watching(directory: Directory) -> Iterator[Watch]:
    """Raises DirectoryFailed, also where it does not take the service account."""
    with opened(directory) as connection:
        bind_first(connection, directory, "", "")
        yield Watch(connection, directory)


def can_be_watched(directory: Directory) -> bool:
    """People who bind by themselves leave nobody to ask as."""
    return not directory.own_name


def _escaped(subject: str, attribute: str) -> str:
    """A value that is no text is kept as hexadecimal digits, and asked for by its bytes (RFC 4515, section 3)."""
    if attribute.lower() == "objectguid" and len(subject) == 2 * _OBJECT_GUID_BYTES:
        return "".join(f"\\{subject[place : place + 2]}" for place in range(0, len(subject), 2))
    return escaped(subject)


def _disabled(entry: Any) -> str:
    """What says that nobody may sign in by this entry; "" for nothing."""
    control = next(iter(values_of(entry, "userAccountControl")), "")
    if control.lstrip("-").isdecimal() and int(control) & _DISABLED_BIT:
        return "disabled there"
    if any(value.lower() == "true" for name in ("nsAccountLock", "loginDisabled") for value in values_of(entry, name)):
        return "locked there"
    return "locked there" if _LOCKED_FOR_GOOD in values_of(entry, "pwdAccountLockedTime") else ""
