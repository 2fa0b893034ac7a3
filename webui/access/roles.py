"""Roles as sets of operations: an administrator may do everything, a reader may look and changes nothing."""

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from webui.access.operations import Operation


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    READER = "reader", _("Reader")


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

_OPERATIONS: Final[Mapping[str, frozenset[Operation]]] = {
    Role.ADMINISTRATOR: frozenset(Operation),
    Role.READER: _READER,
}


def operations_of(role: str) -> frozenset[Operation]:
    """What a role may do; nothing for a role that is not known."""
    return _OPERATIONS.get(role, frozenset())
