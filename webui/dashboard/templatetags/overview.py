"""Cards of hosts for any page that lists hosts: `{% load overview %}{% host_cards hosts as cards %}`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django import template

from webui.dashboard.overview import Card, card_of
from webui.gate import actor_of
from webui.live import last_picture

if TYPE_CHECKING:
    from webui.hosts.models import Host

register = template.Library()


@register.simple_tag(takes_context=True)
def host_cards(context: template.Context, hosts: Iterable["Host"]) -> list[Card]:
    actor = actor_of(context["request"])
    return [card_of(host, last_picture(host, actor)) for host in hosts]
