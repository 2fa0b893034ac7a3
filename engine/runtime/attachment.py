"""Connecting to the streams of a container: conmon's attach socket.

Packets from it are up to 8 KB, the first byte saying 2 for stdout and 3 for stderr; what is sent is stdin, and shutting
the sending side down is its end.
"""

import os
import socket
from pathlib import Path


def connect_attach(path: Path) -> socket.socket:
    """A connected, non-blocking SOCK_SEQPACKET socket. Raises FileNotFoundError or ConnectionRefusedError: it ended."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        # A socket's address holds 107 bytes (unix(7)); through /proc the folder's depth does not count.
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            connection.connect(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
    except BaseException:
        connection.close()
        raise
    connection.setblocking(False)
    return connection
