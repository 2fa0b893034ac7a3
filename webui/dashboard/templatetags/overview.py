"""Cards of hosts for any page that lists hosts: `{% load overview %}{% host_cards hosts as cards %}`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django import template

from webui.dashboard.overview import Card, card_of
from webui.live import last_picture

if TYPE_CHECKING:
    from webui.hosts.models import Host

register = template.Library()


@register.simple_tag
def host_cards(hosts: Iterable["Host"]) -> list[Card]:
    return [card_of(host, last_picture(host)) for host in hosts]
