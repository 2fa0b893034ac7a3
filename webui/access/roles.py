"""Roles as sets of operations: from an administrator, who may do everything, to no role at all.

Administrators also manage people, teams and hosts; that is no operation of a host, and no grant gives it.
Beside these there are the roles that administrators make (webui.access.custom).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webui.access.operations import Operation


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    HOST_ADMINISTRATOR = "host-administrator", _("Host administrator")
    STANDARD = "standard", _("Standard user")
    OPERATOR = "operator", _("Operator")
    HELPDESK = "helpdesk", _("Helpdesk")
    READER = "reader", _("Reader")
    NONE = "none", _("No access")


# What each role means, for whoever chooses one.
MEANINGS: Final[Mapping[str, Promise]] = {
    Role.ADMINISTRATOR: _("Everything on every host, and people, teams and hosts themselves."),
    Role.HOST_ADMINISTRATOR: _("Everything on the hosts it is given for. Whoever creates containers rules their host."),
    Role.STANDARD: _("Creates, runs and removes what is theirs, within the rules of the host. Sees what is shared."),
    Role.OPERATOR: _(
        "Sees everything: starts, stops, redeploys as it is, sets limits, opens consoles. Creates and removes nothing."
    ),
    Role.HELPDESK: _("Sees everything, with logs and stats. Changes nothing."),
    Role.READER: _("Sees what is theirs, shared with them or public, with logs and stats. Changes nothing."),
    Role.NONE: _("Sees nothing but what grants give."),
}

OFFERED: Final = tuple(Role)


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """A role as the gate sees it.

    `sees_all`: what belongs to others is no obstacle. `rules_the_host`: nor are the rules for what may be created, so
    that containers of theirs can do all that root can.
    """

    name: str
    label: str | Promise
    operations: frozenset[Operation]
    sees_all: bool = False
    rules_the_host: bool = False


# Written out, never derived from names: a new operation is nobody's until somebody decides that it is.
# Not here, though they only read: files and exports (whole file systems), configs, secrets, the swarm with its tokens.
_READER: Final = frozenset(
    {
        Operation.CONTAINER_CHANGES,
        Operation.CONTAINER_INSPECT,
        Operation.CONTAINER_LIST,
        Operation.CONTAINER_LOGS,
        Operation.CONTAINER_STATS,
        Operation.CONTAINER_TOP,
        Operation.IMAGE_HISTORY,
        Operation.IMAGE_INSPECT,
        Operation.IMAGE_LIST,
        Operation.NETWORK_INSPECT,
        Operation.NETWORK_LIST,
        Operation.NODE_INSPECT,
        Operation.NODE_LIST,
        Operation.PLUGIN_INSPECT,
        Operation.PLUGIN_LIST,
        Operation.SERVICE_INSPECT,
        Operation.SERVICE_LIST,
        Operation.SERVICE_LOGS,
        Operation.SYSTEM_DISK_USAGE,
        Operation.SYSTEM_EVENTS,
        Operation.SYSTEM_INFO,
        Operation.SYSTEM_PING,
        Operation.SYSTEM_VERSION,
        Operation.TASK_INSPECT,
        Operation.TASK_LIST,
        Operation.TASK_LOGS,
        Operation.VOLUME_INSPECT,
        Operation.VOLUME_LIST,
    }
)

# No service.update: its body can hold what only who creates may decide. That of container.update holds limits only, and
# what is redeployed stays what it is (webui.gate.redeploying).
_OPERATOR: Final = _READER | {
    Operation.CONTAINER_ATTACH,
    Operation.CONTAINER_EXEC,
    Operation.CONTAINER_KILL,
    Operation.CONTAINER_PAUSE,
    Operation.CONTAINER_REDEPLOY,
    Operation.CONTAINER_RESIZE,
    Operation.CONTAINER_RESTART,
    Operation.CONTAINER_START,
    Operation.CONTAINER_STOP,
    Operation.CONTAINER_UNPAUSE,
    Operation.CONTAINER_UPDATE,
    Operation.CONTAINER_WAIT,
    Operation.IMAGE_PULL,
    Operation.REGISTRY_INSPECT,
    Operation.SERVICE_REDEPLOY,
}

# Files and exports too: what is read that way is a container's own. No prune: it removes what is others'. No load: a
# tar brings images under whatever names it likes, also those of others.
_STANDARD: Final = _OPERATOR | {
    Operation.BUILD_RUN,
    Operation.CONTAINER_COMMIT,
    Operation.CONTAINER_CREATE,
    Operation.CONTAINER_EXPORT,
    Operation.CONTAINER_FILES_READ,
    Operation.CONTAINER_FILES_WRITE,
    Operation.CONTAINER_REMOVE,
    Operation.CONTAINER_RENAME,
    Operation.IMAGE_EXPORT,
    Operation.IMAGE_IMPORT,
    Operation.IMAGE_PUSH,
    Operation.IMAGE_REMOVE,
    Operation.IMAGE_SEARCH,
    Operation.IMAGE_TAG,
    Operation.NETWORK_CONNECT,
    Operation.NETWORK_CREATE,
    Operation.NETWORK_DISCONNECT,
    Operation.NETWORK_REMOVE,
    Operation.REGISTRY_SIGN_IN,
    Operation.VOLUME_CREATE,
    Operation.VOLUME_REMOVE,
}

_ALL: Final = frozenset(Operation)
_FACTS: Final[Mapping[str, RoleFacts]] = {
    facts.name: facts
    for facts in (
        RoleFacts(Role.ADMINISTRATOR, Role.ADMINISTRATOR.label, _ALL, sees_all=True, rules_the_host=True),
        RoleFacts(Role.HOST_ADMINISTRATOR, Role.HOST_ADMINISTRATOR.label, _ALL, sees_all=True, rules_the_host=True),
        RoleFacts(Role.STANDARD, Role.STANDARD.label, _STANDARD),
        RoleFacts(Role.OPERATOR, Role.OPERATOR.label, _OPERATOR, sees_all=True),
        RoleFacts(Role.HELPDESK, Role.HELPDESK.label, _READER, sees_all=True),
        RoleFacts(Role.READER, Role.READER.label, _READER),
        RoleFacts(Role.NONE, Role.NONE.label, frozenset()),
    )
}


def facts_of(role: str) -> RoleFacts:
    """A role that is built in; one that may do nothing for a name that is not known."""
    return _FACTS.get(role) or RoleFacts(role, role, frozenset())


def operations_of(role: str) -> frozenset[Operation]:
    """What a role that is built in may do; nothing for a role that is not known."""
    return facts_of(role).operations
