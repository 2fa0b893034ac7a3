"""What each operation means for what belongs to somebody: whether it looks at a thing, changes it, makes or lists some.

Every operation stands in exactly one of these sets. One that stands in none is refused to everybody whose role does not
see everything, and a test says so.
"""

from collections.abc import Mapping
from typing import Final

from webui.access import Operation
from webui.ownership import Kind

# The resource of a row of the table, and what its target is. An exec belongs to its container, a task to its service.
KINDS: Final[Mapping[str, Kind]] = {
    "container": Kind.CONTAINER, "exec": Kind.CONTAINER, "image": Kind.IMAGE, "network": Kind.NETWORK,
    "volume": Kind.VOLUME, "service": Kind.SERVICE, "task": Kind.SERVICE, "secret": Kind.SECRET, "config": Kind.CONFIG,
}  # fmt: skip

# Nothing of a host that could belong to somebody.
FREE: Final = frozenset(
    {
        Operation.IMAGE_SEARCH, Operation.NODE_INSPECT, Operation.NODE_LIST, Operation.PLUGIN_INSPECT,
        Operation.PLUGIN_LIST, Operation.PLUGIN_PRIVILEGES, Operation.REGISTRY_INSPECT, Operation.REGISTRY_SIGN_IN,
        Operation.SYSTEM_INFO, Operation.SYSTEM_PING, Operation.SYSTEM_VERSION,
    }
)  # fmt: skip

# Their target must be visible.
READS: Final = frozenset(
    {
        Operation.CONFIG_INSPECT, Operation.CONTAINER_CHANGES, Operation.CONTAINER_COMMIT, Operation.CONTAINER_EXPORT,
        Operation.CONTAINER_FILES_READ, Operation.CONTAINER_INSPECT, Operation.CONTAINER_LOGS,
        Operation.CONTAINER_STATS, Operation.CONTAINER_TOP, Operation.CONTAINER_WAIT, Operation.IMAGE_EXPORT,
        Operation.IMAGE_HISTORY, Operation.IMAGE_INSPECT, Operation.IMAGE_TAG, Operation.NETWORK_CONNECT,
        Operation.NETWORK_DISCONNECT, Operation.NETWORK_INSPECT, Operation.SECRET_INSPECT, Operation.SERVICE_INSPECT,
        Operation.SERVICE_LOGS, Operation.TASK_INSPECT, Operation.TASK_LOGS, Operation.VOLUME_INSPECT,
    }
)  # fmt: skip

# Their target must be theirs to change.
WRITES: Final = frozenset(
    {
        Operation.CONFIG_REMOVE, Operation.CONFIG_UPDATE, Operation.CONTAINER_ATTACH, Operation.CONTAINER_EXEC,
        Operation.CONTAINER_FILES_WRITE, Operation.CONTAINER_KILL, Operation.CONTAINER_PAUSE,
        Operation.CONTAINER_REDEPLOY, Operation.CONTAINER_REMOVE, Operation.CONTAINER_RENAME,
        Operation.CONTAINER_RESIZE,
        Operation.CONTAINER_RESTART, Operation.CONTAINER_START, Operation.CONTAINER_STOP, Operation.CONTAINER_UNPAUSE,
        Operation.CONTAINER_UPDATE, Operation.IMAGE_PUSH, Operation.IMAGE_REMOVE, Operation.NETWORK_REMOVE,
        Operation.SECRET_REMOVE, Operation.SECRET_UPDATE,
        Operation.SERVICE_REDEPLOY, Operation.SERVICE_REMOVE, Operation.SERVICE_UPDATE,
        Operation.VOLUME_REMOVE, Operation.VOLUME_UPDATE,
    }
)  # fmt: skip

# What they may do depends on what the thing is now (webui.gate.redeploying), also for who sees everything.
REDEPLOYS: Final = frozenset({Operation.CONTAINER_REDEPLOY, Operation.SERVICE_REDEPLOY})

# They make something, which is theirs from then on; what their bodies name must be visible.
MAKES: Final = frozenset(
    {
        Operation.BUILD_RUN, Operation.CONFIG_CREATE, Operation.CONTAINER_CREATE, Operation.IMAGE_IMPORT,
        Operation.IMAGE_PULL, Operation.NETWORK_CREATE, Operation.SECRET_CREATE, Operation.SERVICE_CREATE,
        Operation.VOLUME_CREATE,
    }
)  # fmt: skip

# Their answers are cut down to what may be seen.
LISTS: Final = frozenset(
    {
        Operation.CONFIG_LIST, Operation.CONTAINER_LIST, Operation.IMAGE_LIST, Operation.NETWORK_LIST,
        Operation.SECRET_LIST, Operation.SERVICE_LIST, Operation.SYSTEM_DISK_USAGE, Operation.SYSTEM_EVENTS,
        Operation.TASK_LIST, Operation.VOLUME_LIST,
    }
)  # fmt: skip

_OTHERS: Final = "it removes what is others' too; remove yours one by one"
_PLUGINS: Final = "a plugin is a part of the host, and can do on it what it likes"
_SWARM: Final = "the swarm is everybody's, and its keys are the keys to every node"
# What they do is not done to one thing, and cannot be kept to what is theirs, nor within the rules of the host.
TO_EVERYTHING: Final[Mapping[Operation, str]] = {
    Operation.BUILD_PRUNE: "it removes the build cache of everybody",
    Operation.BUILD_SESSION: "what a BuildKit session asks of the host cannot be looked at",
    Operation.CONTAINER_PRUNE: _OTHERS,
    Operation.IMAGE_LOAD: "the archive may hold images under the names of others'; import, build or pull instead",
    Operation.IMAGE_PRUNE: _OTHERS,
    Operation.NETWORK_PRUNE: _OTHERS,
    Operation.NODE_REMOVE: _SWARM,
    Operation.NODE_UPDATE: _SWARM,
    Operation.PLUGIN_CREATE: _PLUGINS,
    Operation.PLUGIN_DISABLE: _PLUGINS,
    Operation.PLUGIN_ENABLE: _PLUGINS,
    Operation.PLUGIN_INSTALL: _PLUGINS,
    Operation.PLUGIN_PUSH: _PLUGINS,
    Operation.PLUGIN_REMOVE: _PLUGINS,
    Operation.PLUGIN_SET: _PLUGINS,
    Operation.PLUGIN_UPGRADE: _PLUGINS,
    Operation.SWARM_INIT: _SWARM,
    Operation.SWARM_INSPECT: _SWARM,
    Operation.SWARM_JOIN: _SWARM,
    Operation.SWARM_LEAVE: _SWARM,
    Operation.SWARM_UNLOCK: _SWARM,
    Operation.SWARM_UNLOCK_KEY: _SWARM,
    Operation.SWARM_UPDATE: _SWARM,
    Operation.VOLUME_PRUNE: _OTHERS,
}

REMOVES: Final = frozenset(
    {
        Operation.CONFIG_REMOVE, Operation.CONTAINER_REMOVE, Operation.NETWORK_REMOVE, Operation.SECRET_REMOVE,
        Operation.SERVICE_REMOVE, Operation.VOLUME_REMOVE,
    }
)  # fmt: skip

# Afterwards their target goes by another name, and what asks for the old one means another thing.
RENAMES: Final = frozenset({Operation.CONTAINER_RENAME})

# Beside what they do to their target, these make an image under a name, or a thread of a container.
ALSO_MAKE: Final = frozenset({Operation.CONTAINER_COMMIT, Operation.IMAGE_TAG, Operation.CONTAINER_EXEC})
