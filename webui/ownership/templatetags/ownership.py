"""`{% load ownership %}{% access_card "container" raw_or_key %}`: whose this is, on any page of a host's thing."""

from collections.abc import Mapping
from typing import Any

from django import template

from webui.gate import actor_of
from webui.ownership.kinds import Kind, Thing, thing_of
from webui.ownership.words import card_of

register = template.Library()


@register.inclusion_tag("ownership/_card.html", takes_context=True)
def access_card(context: template.Context, kind: str, thing: Mapping[str, Any] | str) -> dict[str, Any]:
    """`thing` is Docker's JSON of the object, or its key. Needs `request` and `host` in the context."""
    host = context["host"]
    read = Thing(Kind(kind), (thing,)) if isinstance(thing, str) else thing_of(Kind(kind), thing)
    return {"card": card_of(host, read, actor_of(context["request"]).sight(host))}
