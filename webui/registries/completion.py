"""What a name of an image that is being typed may go on as: registries, their repositories, and tags.

Only registries that somebody may use are asked. What they said is kept for a minute, under the registry as it was
then, so that a changed one is asked anew; whether it may be used is looked at each time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.cache import cache
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webui.registries.choosing import choose, usable
from webui.registries.client import Found, RegistryClient, client_of
from webui.registries.errors import RegistryFailed
from webui.registries.names import HUB, ImageName, image_name, is_repository, is_within
from webui.registries.turnstile import TURNSTILE
from webui.resources import natural

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.registries.models import Registry

_KEPT_S: Final = 60
_FAILURE_KEPT_S: Final = 15
_MOST_OFFERED: Final = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """Whole references to choose from, best first, and words about them or about why there are none."""

    names: tuple[str, ...] = ()
    words: str = ""


def offer(actor: "Actor", typed: str) -> Offer:
    """What may be offered for this much of a name. Asks a registry; raises nothing."""
    typed = typed.strip()
    if not typed or "@" in typed or len(typed) > 400:
        return Offer()
    name = image_name(typed)
    last = typed.rpartition("/")[2]
    # "host:50" may become an address with a port as well as a tag: addresses are offered as long as they fit.
    addresses = _addresses(actor, typed) if "/" not in typed else ()
    registry = choose(actor, name) if is_repository(name.path.rstrip("/")) or name.path == "" else None
    if ":" in last and registry is not None and is_repository(name.path):
        return _tags(actor, registry, name, typed)
    if registry is None and "/" in typed:
        registry = next((one for one in usable(actor) if one.address == name.address), None)
    if "/" in typed and registry is not None and registry.address != HUB:
        return _repositories(actor, registry, name, typed)
    return Offer(addresses)


def _addresses(actor: "Actor", typed: str) -> tuple[str, ...]:
    known = dict.fromkeys(f"{one.where}/" for one in usable(actor) if one.address != HUB)
    return tuple(one for one in known if one.startswith(typed.lower()))[:_MOST_OFFERED]


def _tags(actor: "Actor", registry: "Registry", name: ImageName, typed: str) -> Offer:
    try:
        found = _kept(actor, registry, f"tags:{name.path}", lambda client: client.tags(name.path))
    except RegistryFailed as error:
        return Offer(words=_about(registry, error))
    before = typed.rpartition(":")[0]
    fitting = [tag for tag in found.names if name.tag.lower() in tag.lower()]
    fitting.sort(key=natural, reverse=True)
    # What is asked for most stands first, then what begins as was typed, the newest number before older ones.
    fitting.sort(key=lambda tag: (tag != "latest", not tag.startswith(name.tag)))
    words = ngettext("%(count)d tag at %(registry)s", "%(count)d tags at %(registry)s", len(found.names))
    return Offer(
        tuple(f"{before}:{tag}" for tag in fitting[:_MOST_OFFERED]),
        _counted(words, found, len(fitting), registry),
    )


def _repositories(actor: "Actor", registry: "Registry", name: ImageName, typed: str) -> Offer:
    try:
        found = _kept(actor, registry, "catalogue", lambda client: client.repositories())
    except RegistryFailed as error:
        # Most registries list none to most people: that is no fault, and the tags of a name can still be offered.
        return Offer(words="" if error.why in {"sign-in", "password", "not there", "not a registry"} else
                     _about(registry, error))  # fmt: skip
    inside = [path for path in found.names if is_within(path, registry.namespace) and is_repository(path)]
    before = typed.partition("/")[0]
    fitting = [path for path in inside if name.path in path]
    fitting.sort(key=lambda path: (not path.startswith(name.path), natural(path)))
    words = ngettext("%(count)d repository at %(registry)s", "%(count)d repositories at %(registry)s", len(inside))
    return Offer(
        tuple(f"{before}/{path}" for path in fitting[:_MOST_OFFERED]),
        _counted(words, Found(tuple(inside), found.is_cut), len(fitting), registry),
    )


def _counted(words: str, found: Found, fitting: int, registry: "Registry") -> str:
    said = words % {"count": len(found.names), "registry": registry.name}
    if found.is_cut:
        said += _(", of which it has more")
    if fitting > _MOST_OFFERED:
        said += _("; the first %d are offered, type on for others") % _MOST_OFFERED
    elif found.names and not fitting:
        said += _("; none has what you typed")
    return said


def _about(registry: "Registry", error: RegistryFailed) -> str:
    return _("%(registry)s: %(why)s") % {"registry": registry.name, "why": error}


def _kept(actor: "Actor", registry: "Registry", what: str, ask: Callable[[RegistryClient], Found]) -> Found:
    """Raises RegistryFailed, also for a while after one."""
    key = f"registry:{registry.pk}:{registry.changed_at.timestamp()}:{what}"
    held: Any = cache.get(key)
    if held is None:
        try:
            with TURNSTILE.passing(actor.user_id):
                found = ask(client_of(registry))
        except RegistryFailed as error:
            if error.why == "busy":
                raise
            cache.set(key, ("failed", str(error), error.why), max(_FAILURE_KEPT_S, error.retry_after_s))
            raise
        cache.set(key, ("found", found.names, found.is_cut), _KEPT_S)
        return found
    sort, first, second = held
    if sort == "failed":
        raise RegistryFailed(first, why=second)
    return Found(tuple(first), is_cut=second)
