"""Roles as sets of operations: from an administrator, who may do everything, to no role at all.

Administrators also manage people, teams and hosts; that is no operation of a host, and no grant gives it.
"""

from collections.abc import Mapping
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
    Role.STANDARD: _("Creates, runs and removes containers, without the host's folders, devices or privileges."),
    Role.HELPDESK: _("Sees everything, with logs and stats. Changes nothing."),
    Role.OPERATOR: _("Sees everything, starts, stops, opens consoles, pulls images. Creates and removes nothing."),
    Role.READER: _("Sees everything, with logs and stats. Changes nothing."),
    Role.NONE: _("Sees nothing but what grants give."),
}

# The roles that can be given. Standard users and helpdesk differ from operators and readers by what belongs to whom;
# until things have owners, those names would promise what nobody keeps.
OFFERED: Final = tuple(role for role in Role if role not in {Role.STANDARD, Role.HELPDESK})


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

# No container.update and service.update: their bodies can hold what only who creates may decide.
_OPERATOR: Final = _READER | {
    Operation.CONTAINER_ATTACH,
    Operation.CONTAINER_EXEC,
    Operation.CONTAINER_KILL,
    Operation.CONTAINER_PAUSE,
    Operation.CONTAINER_RESIZE,
    Operation.CONTAINER_RESTART,
    Operation.CONTAINER_START,
    Operation.CONTAINER_STOP,
    Operation.CONTAINER_UNPAUSE,
    Operation.CONTAINER_WAIT,
    Operation.IMAGE_PULL,
    Operation.REGISTRY_INSPECT,
}

# Files and exports too: what is read that way is a container's own. No prune: it removes what is others'.
_STANDARD: Final = _OPERATOR | {
    Operation.BUILD_RUN,
    Operation.CONTAINER_COMMIT,
    Operation.CONTAINER_CREATE,
    Operation.CONTAINER_EXPORT,
    Operation.CONTAINER_FILES_READ,
    Operation.CONTAINER_FILES_WRITE,
    Operation.CONTAINER_REMOVE,
    Operation.CONTAINER_RENAME,
    Operation.CONTAINER_UPDATE,
    Operation.IMAGE_EXPORT,
    Operation.IMAGE_IMPORT,
    Operation.IMAGE_LOAD,
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

_OPERATIONS: Final[Mapping[str, frozenset[Operation]]] = {
    Role.ADMINISTRATOR: frozenset(Operation),
    Role.HOST_ADMINISTRATOR: frozenset(Operation),
    Role.STANDARD: _STANDARD,
    Role.OPERATOR: _OPERATOR,
    Role.HELPDESK: _READER,
    Role.READER: _READER,
    Role.NONE: frozenset(),
}


def operations_of(role: str) -> frozenset[Operation]:
    """What a role may do; nothing for a role that is not known."""
    return _OPERATIONS.get(role, frozenset())
