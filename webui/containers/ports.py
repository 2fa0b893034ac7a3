"""Published ports as links: to which address, and whether http or https is worth trying."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from webui.containers.rows import Port

# What certainly does not speak HTTP: ssh, mail, DNS, databases, queues and the like.
_NO_PAGE: Final = frozenset(
    {21, 22, 23, 25, 53, 110, 143, 389, 445, 465, 514, 587, 636, 993, 995, 1433, 1521, 1883, 2049, 3306, 3389, 5432,
     5671, 5672, 5900, 6379, 6432, 8883, 9042, 9092, 11211, 27017}
)  # fmt: skip
_SECURE: Final = frozenset({443, 8443, 9443, 6443, 4443})
_LOOPBACK: Final = ("127.", "::1")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a host is for a browser: its address, or "" for the machine that the console itself is reached at."""

    address: str = ""

    @property
    def is_here(self) -> bool:
        return not self.address


def place_of(host_url: str) -> Place:
    """From a host's own URL: `unix://` is where the console is, `tcp://` and `ssh://` name a machine."""
    return Place(urlsplit(host_url).hostname or "")


def scheme_of(port: Port) -> str:
    """`https`, `http`, or "" for a port that no browser can open."""
    if port.protocol != "tcp" or port.host_port is None or port.container_port in _NO_PAGE:
        return ""
    return "https" if port.container_port in _SECURE or port.host_port in _SECURE else "http"


def port_html(port: Port, place: Place) -> SafeString:
    """A badge; a link where a browser has something to open. Loopback is reached from its host only."""
    scheme, words = scheme_of(port), port.words
    is_loopback = port.host_ip.startswith(_LOOPBACK)
    if not scheme or (is_loopback and not place.is_here):
        return format_html('<span class="badge port" title="{}">{}</span>', words, words)
    if place.is_here and (port.is_for_everyone or is_loopback):
        # Which name the console is reached by, only the browser knows: lists.js fills in the address.
        return format_html(
            '<a class="badge port" data-port="{}:{}" href="#" target="_blank" rel="noopener noreferrer">{}</a>',
            scheme, port.host_port, words,
        )  # fmt: skip
    address = place.address if port.is_for_everyone else port.host_ip
    bracketed = f"[{address}]" if ":" in address else address
    return format_html(
        '<a class="badge port" href="{}://{}:{}/" target="_blank" rel="noopener noreferrer">{}</a>',
        scheme, bracketed, port.host_port, words,
    )  # fmt: skip


def ports_html(ports: tuple[Port, ...], place: Place, *, most: int) -> SafeString:
    """The first few published ports, and how many more there are."""
    if not ports:
        return SafeString('<span class="dim">–</span>')  # noqa: RUF001
    shown = format_html_join(" ", "{}", ((port_html(port, place),) for port in ports[:most]))
    more = len(ports) - most
    if more <= 0:
        return shown
    rest = ", ".join(port.words for port in ports[most:])
    return format_html('{} <span class="dim" title="{}">+{}</span>', shown, rest, more)
