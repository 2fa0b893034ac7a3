"""The name server that containers on user-defined networks find at 127.0.0.11.

It answers for the names of containers from a Zone that it is handed, and asks the host's servers for the rest.
"""

from engine.dns.server import Server, Sockets, Zone, open_sockets

__all__ = ["Server", "Sockets", "Zone", "open_sockets"]
