"""Networks and what containers see of them: bridges, addresses, published ports, names.

One sandbox per running container: a network namespace, pinned, with its end of a cable per network. All that is made in
the kernel carries the mark of this daemon and is compared with what should be there at every start.
"""

from engine.network.controller import NetworkController
from engine.network.model import Endpoint, EndpointRequest, PortBinding, PublishedPort, Sandbox, SandboxRequest

__all__ = [
    "Endpoint",
    "EndpointRequest",
    "NetworkController",
    "PortBinding",
    "PublishedPort",
    "Sandbox",
    "SandboxRequest",
]
