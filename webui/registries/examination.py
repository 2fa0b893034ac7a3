"""The test of a registry: asked step by step, with words for each of them."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webui.pages.findings import Finding
from webui.registries.client import RegistryClient, client_of
from webui.registries.errors import RegistryFailed
from webui.registries.models import Registry
from webui.registries.names import is_within


def examine(registry: Registry) -> Iterator[Finding]:
    """What a registry says to its address and password; it need not be saved yet."""
    try:
        client = client_of(registry)
        way = client.check()
    except RegistryFailed as error:
        yield _failed(registry, error)
        return
    yield Finding(_("Address"), _("A registry answers at %s.") % registry.address, is_good=True)
    yield _sign_in(registry, way)
    yield from _catalogue(registry, client)


def _failed(registry: Registry, error: RegistryFailed) -> Finding:
    if error.why in {"sign-in", "password"}:
        return Finding(_("Sign-in"), str(error), is_good=False)
    words = {"name": _("Name"), "certificate": _("Certificate"), "plain": _("Encryption")}
    return Finding(words.get(error.why, _("Address")), str(error), is_good=False)


def _sign_in(registry: Registry, way: str) -> Finding:
    if registry.is_anonymous:
        return Finding(_("Sign-in"), _("It lets everybody in who asks for nothing secret."), is_good=True)
    if way == "open":
        words = _("It asks nobody for a password here, so the one given was not tried.")
        return Finding(_("Sign-in"), words, is_good=False, is_grave=False)
    return Finding(_("Sign-in"), _("It takes the user name %s with this password.") % registry.username, is_good=True)


def _catalogue(registry: Registry, client: RegistryClient) -> Iterator[Finding]:
    if registry.is_hub:
        return
    try:
        found = client.repositories()
    except RegistryFailed as error:
        words = _("It lists none, so only the tags of a name that is typed are offered: %s") % error
        yield Finding(_("Repositories"), words, is_good=False, is_grave=False)
        return
    count = sum(is_within(name, registry.namespace) for name in found.names)
    more = _(" or more") if found.is_cut else ""
    words = ngettext("It lists %(count)d%(more)s.", "It lists %(count)d%(more)s.", count)
    yield Finding(_("Repositories"), words % {"count": count, "more": more}, is_good=True)
