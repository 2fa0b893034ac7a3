"""Ports of this machine for servers that tests start."""

import socket


def free_port() -> int:
    """A port of loopback that nobody has, and that nobody else is given while a server is on its way to it.

    A connection to it is made and closed here first: for a minute (TIME_WAIT, tcp(7)) the kernel then gives the port to
    none that asks for any, while one that asks for this port with SO_REUSEADDR, as servers do, gets it.
    """
    with socket.socket() as listener:
        # Asked for on both sides, or the second is refused.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        address = listener.getsockname()
        with socket.create_connection(address) as client:
            # Who closes first keeps the port.
            listener.accept()[0].close()
            client.recv(1)
    return int(address[1])
