"""Getting along with an iptables FORWARD chain that drops, such as dockerd's.

A packet must be accepted by every table that looks at it, so our own verdict does not help against a drop elsewhere. We
add a rule for our bridges where the other side leaves room for it: in DOCKER-USER, which dockerd calls first, or else
at the head of FORWARD. What our containers may do is still decided by our own table.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable, Iterable

from engine.linux import nftables, processes
from engine.linux.processes import ProgramFailed
from engine.network.drivers.bridge import LINK_PREFIX

log = logging.getLogger(__name__)

_SETTLING_S = 1.0


class ForwardPolicy:
    """The rules of this daemon in the machine's iptables, known by their comment."""

    def __init__(self, instance: str) -> None:
        self._comment = f"quayside:{instance}"
        self._has_warned = False
        self._watch: nftables.ChainWatch | None = None
        self._renewal: asyncio.Task[None] | None = None

    async def ensure(self, other_links: Iterable[str] = ()) -> None:
        """Let packets of our bridges, and of `other_links`, through wherever FORWARD drops."""
        rules = await self._rules()
        if rules is None:
            return
        chain = "DOCKER-USER" if "-N DOCKER-USER" in rules else "FORWARD"
        if "-P FORWARD DROP" not in rules and chain == "FORWARD":
            return
        for link in (f"{LINK_PREFIX}+", *other_links):
            for direction in ("-i", "-o"):
                rule = self._rule(direction, link)
                if f"-A {chain} {' '.join(rule)}" not in rules:
                    await processes.run(["iptables", "--wait", "10", "-I", chain, *rule])

    def watch(self, other_links: Callable[[], Iterable[str]]) -> None:
        """From now on `ensure` whenever somebody makes iptables chains: a dockerd that starts after us, a firewall."""
        self._watch = nftables.ChainWatch(nftables.FAMILY_IPV4)
        asyncio.get_running_loop().add_reader(self._watch, self._on_change, other_links)

    def stop(self) -> None:
        """Watch no longer."""
        if self._watch is not None:
            asyncio.get_running_loop().remove_reader(self._watch)
            self._watch.close()
            self._watch = None
        if self._renewal is not None:
            self._renewal.cancel()

    def _on_change(self, other_links: Callable[[], Iterable[str]]) -> None:
        has_news = self._watch is not None and self._watch.has_news()
        if has_news and (self._renewal is None or self._renewal.done()):
            self._renewal = asyncio.get_running_loop().create_task(self._renew(other_links))

    async def _renew(self, other_links: Callable[[], Iterable[str]]) -> None:
        # They are not finished with the first chain; what comes while we wait is covered as well.
        await asyncio.sleep(_SETTLING_S)
        try:
            await self.ensure(other_links())
        except ProgramFailed as error:
            log.warning("our containers may be cut off by the machine's iptables rules: %s", error)

    async def remove(self) -> None:
        """Take out every rule of ours."""
        for line in await self._rules() or ():
            if line.startswith("-A ") and f"--comment {self._comment} " in f"{line.replace(chr(34), '')} ":
                words = line.replace('"', "").split()
                await processes.run(["iptables", "--wait", "10", "-D", *words[1:]], check=False)

    def _rule(self, direction: str, link: str) -> list[str]:
        return [direction, link, "-m", "comment", "--comment", self._comment, "-j", "ACCEPT"]

    async def _rules(self) -> list[str] | None:
        """The rules of the filter table as `iptables -S` prints them; None on a machine without iptables."""
        if shutil.which("iptables") is None:
            return None
        try:
            printed = await processes.run(["iptables", "--wait", "10", "-S"])
        except ProgramFailed as error:
            if not self._has_warned:
                log.warning("cannot read the iptables rules; if they drop forwarded packets, so be it: %s", error)
                self._has_warned = True
            return None
        return printed.stdout.decode(errors="replace").splitlines()
