"""Which registries somebody may see, use and change, and which of them an image is asked for by."""

from typing import TYPE_CHECKING

from webui.access import Operation, Role, effective
from webui.ownership import LEDGER, Access, Kind, Level, Sight, Thing
from webui.ownership.kinds import NOWHERE, Visibility
from webui.registries.names import ImageName, image_name, is_within

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.registries.models import Registry

# One's own before what is shared, before what is everybody's. An administrator may change what is others', and is not
# signed in with their passwords.
_OWN, _SHARED, _PUBLIC, _NEVER = range(4)


def sight_of(actor: "Actor") -> Sight:
    """What they may see and change of what belongs to no host: administrators everything."""
    return Sight(NOWHERE, actor.user_id, actor.team_ids, sees_all=actor.role == Role.ADMINISTRATOR)


def thing_of(registry: "Registry") -> Thing:
    return Thing(Kind.REGISTRY, (registry.key,))


def level_of(actor: "Actor", registry: "Registry") -> Level:
    return sight_of(actor).level(thing_of(registry))


def access_of(registry: "Registry") -> Access | None:
    return LEDGER.access(NOWHERE, Kind.REGISTRY, registry.key)


def may_add(actor: "Actor") -> bool:
    """Whoever may sign in to registries, on some host or on those to come."""
    from webui.gate import may
    from webui.hosts.models import Host

    if actor.user_id is None:
        return False
    anywhere = effective(actor.role, actor.grants, None).operations
    return Operation.REGISTRY_SIGN_IN in anywhere or any(
        may(actor, host, Operation.REGISTRY_SIGN_IN) for host in Host.objects.all()
    )


def seen(actor: "Actor") -> "list[Registry]":
    """What they may see in the list, by name. For an administrator: all there are."""
    from webui.registries.models import Registry

    LEDGER.refresh()
    sight = sight_of(actor)
    return [one for one in Registry.objects.all() if sight.level(thing_of(one)) >= Level.READ]


def usable(actor: "Actor") -> "list[Registry]":
    """Those that an image may be asked for by, the preferred first."""
    ranked = [(rank(actor, one), one) for one in seen(actor)]
    return [one for how, one in sorted(ranked, key=lambda pair: (pair[0], pair[1].pk)) if how < _NEVER]


def choose(actor: "Actor", reference: "str | ImageName") -> "Registry | None":
    """The registry for an image: the longest folder that it lies in, then one's own, then shared, then public."""
    name = image_name(reference) if isinstance(reference, str) else reference
    fitting = [one for one in usable(actor) if one.address == name.address and is_within(name.path, one.namespace)]
    return max(fitting, key=lambda one: len(one.namespace), default=None)


def rank(actor: "Actor", registry: "Registry") -> int:
    """How near it is to somebody; the smaller the nearer."""
    access = access_of(registry)
    if access is None or actor.user_id is None:
        return _NEVER
    if access.visibility == Visibility.ADMINISTRATORS:
        return _SHARED if actor.role == Role.ADMINISTRATOR else _NEVER
    if access.owner_id == actor.user_id:
        return _OWN
    if access.visibility == Visibility.PRIVATE:
        return _NEVER
    held = {("user", actor.user_id), *(("team", team_id) for team_id in actor.team_ids)}
    if not held.isdisjoint(access.readers | access.writers):
        return _SHARED
    return _PUBLIC if access.visibility == Visibility.PUBLIC else _NEVER
