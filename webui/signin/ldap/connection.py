"""A connection to a directory: opened, made private, bound. Every failure says which of these steps it was."""

import contextlib
import re
import ssl
from collections.abc import Iterator
from typing import Any, Final

import ldap3
from django.utils.translation import gettext as _
from ldap3.core.exceptions import LDAPException

from webui.signin.models import Directory

_CONNECT_S: Final = 5
_ANSWER_S: Final = 10
_INVALID_CREDENTIALS: Final = 49

_ABOUT_ITSELF: Final = re.compile(r"(?:wrap socket error|socket [\w ]*error[\w ]*): |\[SSL: \w+\] | \(_ssl\.c:\d+\)")
CONNECT, TLS, BIND, SEARCH, GROUPS = "connect", "tls", "bind", "search", "groups"


class DirectoryFailed(Exception):
    """A step that failed; `step` is one of those above, the text is for a person. Holds no secret."""

    def __init__(self, step: str, words: str) -> None:
        super().__init__(words)
        self.step, self.rule = step, f"directory {step}"


class _OurTls(ldap3.Tls):  # type: ignore[misc]
    """Python's own check of certificate and name, in place of ldap3's copy of an old one."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=connection.server.host)


@contextlib.contextmanager
def opened(directory: Directory) -> Iterator[Any]:
    """A connection, private as the directory's settings ask, and bound to nobody yet. Raises DirectoryFailed."""
    connection = ldap3.Connection(
        _server(directory), auto_bind=ldap3.AUTO_BIND_NONE, receive_timeout=_ANSWER_S, read_only=True,
        auto_referrals=False, check_names=False,
    )  # fmt: skip
    try:
        _open(connection, directory)
        yield connection
    finally:
        # What cannot be closed is closed already.
        with contextlib.suppress(LDAPException, OSError):
            connection.unbind()


def bind(connection: Any, name: str, password: str) -> bool:
    """Whether name and password belong together. Raises DirectoryFailed for an answer that is neither yes nor no.

    Never with a name and without a password: RFC 4513, 5.1.2 calls that an anonymous bind, which succeeds.
    """
    if name and not password:
        return False
    authentication = ldap3.SIMPLE if name else ldap3.ANONYMOUS
    try:
        is_bound = connection.rebind(user=name or None, password=password or None, authentication=authentication)
    except (LDAPException, OSError) as error:
        raise DirectoryFailed(BIND, _("It did not answer the bind: %s") % _said(error)) from error
    if not is_bound and connection.result["result"] != _INVALID_CREDENTIALS:
        raise DirectoryFailed(BIND, _("It refused the bind: %s") % outcome_of(connection))
    return bool(is_bound)


def search(
    connection: Any, step: str, base: str, wanted: str, attributes: list[str], *, most: int, is_below: bool = True
) -> list[Any]:
    """Entries below `base`, at most `most`; without `is_below` that one alone. Raises DirectoryFailed."""
    scope = ldap3.SUBTREE if is_below else ldap3.BASE
    try:
        connection.search(
            base, wanted, search_scope=scope, attributes=attributes, size_limit=most, time_limit=_ANSWER_S
        )  # fmt: skip
    except (LDAPException, OSError) as error:
        raise DirectoryFailed(step, _("The search %(filter)s failed: %(why)s")
                              % {"filter": wanted[:200], "why": _said(error)}) from error  # fmt: skip
    # 4 is sizeLimitExceeded: what came until then is enough to know that it was more than one.
    if connection.result["result"] not in {0, 4}:
        words = _("The search below %(base)s was refused: %(why)s")
        raise DirectoryFailed(step, words % {"base": base, "why": outcome_of(connection)})
    return [entry for entry in connection.response if entry["type"] == "searchResEntry"]


def outcome_of(connection: Any) -> str:
    """ "invalidCredentials", with what Active Directory adds ("data 533": deactivated)."""
    result = connection.result
    return " · ".join(filter(None, [str(result.get("description", "")), str(result.get("message", ""))[:200]]))


def _server(directory: Directory) -> Any:
    is_ldaps = directory.encryption == Directory.Encryption.LDAPS
    host, port = split_server(directory.server)
    try:
        context = ssl.create_default_context(cadata=directory.ca or None)
    except ssl.SSLError as error:
        raise DirectoryFailed(TLS, _("The CA certificate cannot be read: %s") % (error.reason or error)) from error
    try:
        return ldap3.Server(
            host, port or (636 if is_ldaps else 389), use_ssl=is_ldaps, tls=_OurTls(context), get_info=ldap3.NONE,
            connect_timeout=_CONNECT_S,
        )  # fmt: skip
    except LDAPException as error:
        raise DirectoryFailed(CONNECT, _("%s is no server that can be asked.") % directory.server) from error


def split_server(server: str) -> tuple[str, int]:
    """`ldap.example.com`, `ldap.example.com:1389`, `[::1]:389`; port 0 where none is given."""
    host, colon, port = server.rpartition(":")
    if colon and port.isdecimal() and (host.endswith("]") or ":" not in host):
        return host.strip("[]"), int(port)
    return server.strip("[]"), 0


def _open(connection: Any, directory: Directory) -> None:
    try:
        connection.open(read_server_info=False)
    except (LDAPException, OSError) as error:
        raise DirectoryFailed(TLS if _is_tls(error) else CONNECT, _cannot(directory, error)) from error
    if directory.encryption == Directory.Encryption.STARTTLS:
        try:
            connection.start_tls(read_server_info=False)
        except (LDAPException, OSError) as error:
            raise DirectoryFailed(TLS, _("StartTLS failed: %s") % _said(error)) from error


def _cannot(directory: Directory, error: Exception) -> str:
    return _("%(server)s cannot be reached: %(why)s") % {"server": directory.server, "why": _said(error)}


def _is_tls(error: Exception) -> bool:
    return "ssl" in str(error).lower() or "certificate" in str(error).lower()


def _said(error: Exception) -> str:
    """ldap3 wraps what the system said into words about itself, and OpenSSL adds where in its source it was."""
    words = _ABOUT_ITSELF.sub("", str(error)).strip("(',)\" ")
    return words[:300] or type(error).__name__
