"""Asking a provider: over https, within bounds of time and size, by the authorities that it is trusted by."""

import ipaddress
import json
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.utils.translation import gettext as _
from requests.adapters import HTTPAdapter

from webui.signin.oidc.errors import ProviderFailed

_TIMEOUT_S: Final = 10
_LARGEST: Final = 1 << 20


class _OwnAuthority(HTTPAdapter):
    """Trusts one authority instead of the machine's."""

    def __init__(self, ca: str) -> None:
        self._context = ssl.create_default_context(cadata=ca)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)


def check_url(url: str, what: str) -> None:
    """Raises ProviderFailed for an address that a secret may not be sent to."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    # In the clear only within this machine.
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return
    raise ProviderFailed(_("%(what)s must be an https:// address, and is %(url)s.") % {"what": what, "url": url[:200]},
                         rule="provider address")  # fmt: skip


def ask(url: str, ca: str, *, form: dict[str, str] | None = None, auth: tuple[str, str] | None = None,
        bearer: str = "") -> tuple[int, dict[str, Any]]:  # fmt: skip
    """GET, or POST with a form; returns status and JSON object. Raises ProviderFailed."""
    check_url(url, _("What the provider names"))
    place = urlsplit(url).netloc
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    with requests.Session() as session:
        # No proxy or netrc of the environment: it is not the environment that was configured here.
        session.trust_env = False
        try:
            if ca:
                session.mount("https://", _OwnAuthority(ca))
            reply = session.request(
                "GET" if form is None else "POST", url, data=form, auth=auth, headers=headers, timeout=_TIMEOUT_S,
                allow_redirects=False, stream=True,
            )  # fmt: skip
            body = reply.raw.read(_LARGEST + 1, decode_content=True)
        except (requests.exceptions.SSLError, ssl.SSLError) as error:
            words = _("The certificate of %(place)s is not one that is trusted here: %(why)s")
            raise ProviderFailed(
                words % {"place": place, "why": _reason(error)}, rule="provider certificate"
            ) from error
        except requests.exceptions.Timeout as error:
            words = _("%s did not answer within 10 seconds.") % place
            raise ProviderFailed(words, rule="provider down") from error
        except (requests.exceptions.RequestException, OSError) as error:
            words = _("%(place)s cannot be reached: %(why)s") % {"place": place, "why": _reason(error)}
            raise ProviderFailed(words, rule="provider down") from error
    return reply.status_code, _object(body, url, reply.status_code)


def _object(body: bytes, url: str, status: int) -> dict[str, Any]:
    try:
        found = json.loads(body) if len(body) <= _LARGEST else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        words = _("%(url)s answered %(status)s with something that is no JSON object.") % {"url": url, "status": status}
        raise ProviderFailed(words, rule="provider answer")
    return found


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _reason(error: BaseException) -> str:
    """The innermost words of an error that wraps others."""
    while True:
        inner = getattr(error, "reason", None) or next((one for one in error.args if isinstance(one, Exception)), None)
        if not isinstance(inner, BaseException):
            return str(inner or error)[:200]
        error = inner
