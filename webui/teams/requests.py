"""Requests to a host, as something that somebody would do with it needs them. None is sent from here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from webui.ownership import Kind

if TYPE_CHECKING:
    from webui.containers.dialects import Wanted


@dataclass(frozen=True, slots=True)
class Request:
    """One request that would be sent. `about` is what it is for, in words.

    `is_of_new`: what it is done to is made only before it, and then is theirs. `is_perhaps`: it is sent only where
    something is not there yet. `made_before`: the kinds of which what it names and is not there would be by then.
    """

    about: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes | dict[str, Any] | None = None
    made_before: tuple[Kind, ...] = ()
    is_of_new: bool = False
    is_perhaps: bool = False


def creates(
    wanted: "Wanted", *, name: str, about: str, is_attached: bool, makes_networks: bool = False
) -> Iterator[Request]:
    """What creating and starting a container asks for; `makes_networks`: after the networks that it is in."""
    if wanted.pull != "never":
        words = (
            _("%s: pulling its image") if wanted.pull == "always" else _("%s: pulling its image, if it is not there")
        )
        yield Request(
            words % about, "POST", "/images/create", query={"fromImage": wanted.image},
            is_perhaps=wanted.pull != "always",
        )  # fmt: skip
    query = {"name": name} if name else {}
    yield Request(
        _("%s: creating it") % about, "POST", "/containers/create", query=query, body=wanted.body,
        made_before=(Kind.IMAGE, Kind.NETWORK) if makes_networks else (Kind.IMAGE,),
    )  # fmt: skip
    if is_attached:
        yield Request(_("%s: its output") % about, "POST", "/containers/new/attach", is_of_new=True)
    yield Request(_("%s: starting it") % about, "POST", "/containers/new/start", is_of_new=True)
