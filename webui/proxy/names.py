"""Under which names and addresses the proxy's certificate is good: those of this machine, and those of the settings."""

import itertools
import socket
from collections.abc import Iterable
from pathlib import Path

from webui.environment import Environment, split_bind


def names_of(environment: Environment) -> list[str]:
    """This machine's names and addresses, and QUAYSIDE_ALLOWED_HOSTS (".example.org" is any name below it)."""
    own = socket.gethostname()
    bound, _port = split_bind(environment.proxy_bind)
    named = (f"*{name}" if name.startswith(".") else name for name in environment.allowed_hosts if name != "*")
    found = ["localhost", "127.0.0.1", "::1", own, f"{own}.local", *named, bound, *_addresses()]
    return sorted({name.strip("[]") for name in found if name} - {"0.0.0.0", "::"})  # noqa: S104 - left out, not bound


def _addresses(folder: Path = Path("/proc/net")) -> Iterable[str]:
    """The addresses of this machine (proc(5): fib_trie, if_inet6), but for those of links alone."""
    try:
        lines = (folder / "fib_trie").read_text().splitlines()
        for above, line in itertools.pairwise(lines):
            if line.strip() == "/32 host LOCAL":
                yield above.rpartition(" ")[2]
        for line in (folder / "if_inet6").read_text().splitlines():
            digits = line.split()[0]
            if not digits.startswith("fe8"):
                yield ":".join(digits[place : place + 4] for place in range(0, 32, 4))
    except OSError:
        return  # no IPv6, or no /proc: the other names stand
