"""The page "Use it from a terminal" of a host: the files that show a token, and the exact commands that use them."""

import io
import zipfile
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from webui import audit
from webui.access import Operation, needs
from webui.accounts.models import User
from webui.environment import split_bind
from webui.gate import actor_of
from webui.hosts import visible_hosts
from webui.hosts.models import Host
from webui.pages import Crumb, render_page
from webui.tokens.certificates import authority, client_identity
from webui.tokens.commands import parts_for
from webui.tokens.issuing import hosts_of
from webui.tokens.models import Token

_LOOPBACK: Final = ("127.", "::1", "localhost")
# As `unzip -X` leaves them: for their owner alone.
_MODE: Final = 0o600 << 16


@dataclass(frozen=True, slots=True)
class Address:
    """Where the proxy is, as this reader reaches it. `is_here_only`: on a loopback address."""

    name: str
    port: int
    is_here_only: bool

    @property
    def authority(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


@require_GET
@needs(Operation.SYSTEM_PING)
def page(request: HttpRequest, host: str) -> HttpResponse:
    """`token` chooses one of one's own that reaches this host."""
    here = get_object_or_404(visible_hosts(request.user), slug=host)
    tokens = _tokens_for(request, here)
    address = proxy_address(request)
    chosen = request.GET.get("token", "")
    context = {
        "address": address,
        "tokens": tokens,
        "chosen": int(chosen) if chosen.isdecimal() else None,
        "parts": parts_for(here, address.authority) if address else [],
    }
    return render_page(
        request, "tokens/terminal.html", context, host=here, active="host", title=_("Use it from a terminal"),
        crumbs=[Crumb(here.name, here.get_absolute_url())],
    )  # fmt: skip


@require_POST
@needs(Operation.SYSTEM_PING)
@never_cache
def files(request: HttpRequest, host: str) -> HttpResponse:
    """The three files that Docker's programs want, made now and kept nowhere."""
    here = get_object_or_404(visible_hosts(request.user), slug=host)
    asked = request.POST.get("token", "")
    token = next((one for one in _tokens_for(request, here) if str(one.pk) == asked), None)
    if token is None:
        return HttpResponse(_("Choose a token of yours that is for this host."), status=HTTPStatus.NOT_FOUND)
    audit.record(actor_of(request), "token.files", is_allowed=True, host=here.slug, resource="token", target=token.name)
    response = HttpResponse(_packed(token, here), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="quayside-{here.slug}.zip"'
    return response


def proxy_address(request: HttpRequest) -> Address | None:
    """None where no proxy is switched on."""
    if not settings.QUAYSIDE_PROXY_BIND:
        return None
    bound, port = split_bind(settings.QUAYSIDE_PROXY_BIND)
    name, _port = split_domain_port(request.get_host())
    is_here_only = bound.startswith(_LOOPBACK)
    return Address(bound if is_here_only else name.strip("[]"), port, is_here_only)


def _tokens_for(request: HttpRequest, host: Host) -> list[Token]:
    assert isinstance(request.user, User)  # noqa: S101 - needs() has seen to it
    return [token for token in request.user.tokens.all() if not token.is_over and host in hosts_of(token)]


def _packed(token: Token, host: Host) -> bytes:
    identity = client_identity(token, host)
    contents = {"ca.pem": authority().certificate, "cert.pem": identity.certificate, "key.pem": identity.key}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = _MODE
            archive.writestr(entry, text)
    return packed.getvalue()
