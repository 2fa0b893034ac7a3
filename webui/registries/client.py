"""A registry's own protocol (OCI distribution specification): signing in, the tags of a repository, the repositories.

A challenge is answered by the registry's word: Basic, or a token from the server that it names (the token
specification of the distribution project).
"""

import base64
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

import orjson
from django.utils.translation import gettext as _

from webui.registries.errors import RegistryFailed
from webui.registries.models import Credentials, Registry
from webui.registries.names import url_of
from webui.registries.transport import Reply, Trust, ask

_PARAMETER: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_NEXT: Final = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?', re.IGNORECASE)
_PAGE: Final = 500
_MOST_PAGES: Final = 8
# For all questions of one conversation together: somebody waits for it.
CONVERSATION_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Found:
    """Names in the registry's own order. `is_cut`: there are more than were asked for."""

    names: tuple[str, ...]
    is_cut: bool = False


class RegistryClient:
    """One conversation with a registry as one user, or as nobody. Its methods raise RegistryFailed."""

    def __init__(self, address: str, trust: Trust, credentials: Credentials | None) -> None:
        self._address, self._trust, self._credentials = address, trust, credentials
        # What the registry made of us, by what was asked for; "" is no word about it.
        self._authorization: dict[str, str] = {}
        self._until = time.monotonic() + CONVERSATION_S

    def check(self) -> str:
        """Whether a registry is there and lets us in: "basic", "token" or "open", by how it asks.

        `why` "not a registry" where something else answers, "sign-in" where it wants a password and has none,
        "password" where it refuses the one that it got.
        """
        reply = self._ask(self._url("/v2/"))
        if reply.status == 200:
            _check_is_registry(reply, self._address)
            # Nobody asked for a password, so nothing says whether ours is right.
            return "open"
        if reply.status != 401:
            raise _unlike(reply, self._address)
        scheme, parameters = _challenge(reply)
        if scheme not in {"basic", "bearer"}:
            raise _unlike(reply, self._address)
        if scheme == "basic" and self._credentials is None:
            raise RegistryFailed(_("It asks for a user name and a password."), why="sign-in")
        self._authorization[""] = self._answer(scheme, parameters, "")
        again = self._ask(self._url("/v2/"), self._headers(""))
        # A token for nobody does not open this page everywhere, and yet images that are everybody's can be had.
        if again.status == 401 and self._credentials is not None:
            raise self._refusal(again)
        return "basic" if scheme == "basic" else "token"

    def tags(self, repository: str) -> Found:
        """The tags of a repository; `why` "not there" for one that is not there, or not for these eyes."""
        scope = f"repository:{repository}:pull"
        return self._paged(f"/v2/{repository}/tags/list", "tags", scope)

    def repositories(self) -> Found:
        """What the catalogue lists; many registries, Docker Hub among them, give none."""
        return self._paged("/v2/_catalog", "repositories", "registry:catalog:*")

    def _paged(self, path: str, key: str, scope: str) -> Found:
        names: list[str] = []
        url = self._url(f"{path}?n={_PAGE}")
        for page in range(_MOST_PAGES):
            if page and time.monotonic() > self._until:
                break
            reply = self._get(url, scope)
            names += _names(reply, key, self._address)
            following = self._next(url, reply)
            if not following:
                return Found(tuple(names))
            url = following
        return Found(tuple(names), is_cut=True)

    def _next(self, url: str, reply: Reply) -> str:
        """The next page by its Link header (RFC 8288), "" for none. One that leads to another host is none."""
        match = _NEXT.search(reply.headers.get("link", ""))
        following = urljoin(url, match[1]) if match else ""
        here, there = urlsplit(url), urlsplit(following)
        # Behind a proxy some registries name themselves by http:// or an inner port; only the path is taken of it.
        if not following or there.hostname != here.hostname:
            return ""
        return here._replace(path=there.path, query=there.query).geturl()

    def _get(self, url: str, scope: str) -> Reply:
        reply = self._ask(url, self._headers(scope))
        if reply.status == 401 and scope not in self._authorization:
            scheme, parameters = _challenge(reply)
            if scheme == "basic" and self._credentials is None:
                raise RegistryFailed(_("It asks for a user name and a password."), why="sign-in")
            self._authorization[scope] = self._answer(scheme, parameters, parameters.get("scope") or scope)
            reply = self._ask(url, self._headers(scope))
        if reply.status == 200:
            return reply
        if reply.status in {401, 403}:
            raise self._refusal(reply)
        if reply.status == 404:
            raise RegistryFailed(_("The registry has none of that name."), why="not there")
        raise _unlike(reply, self._address)

    def _answer(self, scheme: str, parameters: dict[str, str], scope: str) -> str:
        if scheme == "basic":
            return _basic(self._credentials) if self._credentials else ""
        if scheme != "bearer":
            raise RegistryFailed(_("It asks for a sign-in of a kind that is not known here."), why="not a registry")
        return f"Bearer {self._token(parameters, scope)}"

    def _token(self, parameters: dict[str, str], scope: str) -> str:
        realm = parameters.get("realm", "")
        asked = {name: value for name, value in (("service", parameters.get("service", "")), ("scope", scope)) if value}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(asked)}"
        headers = {"Authorization": _basic(self._credentials)} if self._credentials else {}
        reply = self._ask(url, headers)
        if reply.status in {401, 403}:
            raise self._refusal(reply)
        if reply.status != 200:
            raise _unlike(reply, urlsplit(realm).netloc)
        document = _document(reply, urlsplit(realm).netloc)
        token = document.get("token") or document.get("access_token")
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]{1,16384}", token):
            raise RegistryFailed(_("Its token server gave no token."), why="not a registry")
        return token

    def _refusal(self, reply: Reply) -> RegistryFailed:
        said = _said(reply)
        if self._credentials is None:
            words = _("It asks for a user name and a password.")
            return RegistryFailed(words, why="sign-in")
        words = _("It does not take this user name and password for that.")
        return RegistryFailed(f"{words} {_('It says')}: {said}" if said else words, why="password")

    def _ask(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        return ask(url, self._trust, headers=headers, within_s=self._until - time.monotonic())

    def _headers(self, scope: str) -> dict[str, str]:
        authorization = self._authorization.get(scope, "")
        return {"Authorization": authorization} if authorization else {}

    def _url(self, path: str) -> str:
        return url_of(self._address, path, is_plain=self._trust.is_plain)


def client_of(registry: Registry) -> RegistryClient:
    """Raises RegistryFailed when its password was sealed with another key."""
    try:
        credentials = registry.credentials
    except ValueError as error:
        words = _("The password of %s can no longer be read: the console's secret key has changed. Give it again.")
        raise RegistryFailed(words % registry.name, why="password") from error
    trust = Trust(registry.encryption, registry.ca, may_be_here=registry.is_vouched)
    return RegistryClient(registry.address, trust, credentials)


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _challenge(reply: Reply) -> tuple[str, dict[str, str]]:
    """Scheme in lower case, and parameters, of WWW-Authenticate (RFC 9110)."""
    scheme, _blank, rest = reply.headers.get("www-authenticate", "").partition(" ")
    return scheme.lower(), dict(_PARAMETER.findall(rest))


def _check_is_registry(reply: Reply, place: str) -> None:
    """A registry says so in a header, or answers its first page with an empty object or nothing."""
    if reply.headers.get("docker-distribution-api-version", "").startswith("registry/2"):
        return
    if reply.body.strip() in {b"", b"{}"} or isinstance(_json(reply), dict):
        return
    raise _unlike(reply, place)


def _unlike(reply: Reply, place: str) -> RegistryFailed:
    if reply.status == 429:
        words = _("The registry has had enough for now. Try again later.")
        return RegistryFailed(words, why="rate", retry_after_s=reply.retry_after_s)
    if reply.status >= 500:
        words = _("The registry is in trouble itself: it answered %(status)d. %(said)s")
        return RegistryFailed(words % {"status": reply.status, "said": _said(reply)}, why="broken")
    words = _("Something answers at %(place)s, and it is no registry: /v2/ answered %(status)d.")
    return RegistryFailed(words % {"place": place, "status": reply.status}, why="not a registry")


def _names(reply: Reply, key: str, place: str) -> list[str]:
    found = _document(reply, place).get(key)
    return [one for one in found if isinstance(one, str) and len(one) <= 255] if isinstance(found, list) else []


def _document(reply: Reply, place: str) -> dict[str, Any]:
    found = _json(reply)
    if not isinstance(found, dict):
        words = _("%s answered with something that is no JSON object.") % place
        raise RegistryFailed(words, why="not a registry")
    return found


def _json(reply: Reply) -> Any:
    try:
        return orjson.loads(reply.body)
    except ValueError:
        return None


def _said(reply: Reply) -> str:
    """The registry's own message, "" where it has none."""
    found = _json(reply)
    errors = found.get("errors") if isinstance(found, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else found
    if not isinstance(first, dict):
        return ""
    return str(first.get("message") or first.get("details") or "")[:200]
