"""From a container's description to the OCI runtime's config.json.

Pure: what it needs to know of this machine is handed in as HostFacts, what it needs of the root file system as
ProcessUser. It starts nothing and mounts nothing.
"""

from engine.spec.build import build_spec, exec_process
from engine.spec.capabilities import effective_capabilities
from engine.spec.facts import HostFacts, find_init
from engine.spec.request import MountSpec, SpecRequest
from engine.spec.resources import linux_resources
from engine.spec.users import ProcessUser, find_user

__all__ = [
    "HostFacts",
    "MountSpec",
    "ProcessUser",
    "SpecRequest",
    "build_spec",
    "effective_capabilities",
    "exec_process",
    "find_init",
    "find_user",
    "linux_resources",
]
