"""What Ctrl-K can do: "stop web", "logs of shop-db-1", or a container's name alone, and the actions that it offers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.urls import reverse

from webui.containers.actions import ACTIONS, ShownRow
from webui.containers.columns import rows_of
from webui.gate import Actor, Operation, actor_of, may
from webui.live import last_picture
from webui.pages import Action, Hit
from webui.resources import allowed_in

if TYPE_CHECKING:
    from webui.hosts.models import Host

_MOST_ACTIONS: Final = 8
# Words between the verb and the name that people type and that mean nothing.
_FILLERS: Final = {"of", "the", "container", "in", "for"}


@dataclass(frozen=True, slots=True)
class Command:
    """A verb and the name, or part of one, that it is meant for ("" for anything)."""

    actions: frozenset[str]
    name: str


def command_of(text: str) -> Command | None:
    """The command that the words (lower case) could be; None where the first is no verb of ours."""
    first, *rest = text.split() or [""]
    actions = {action.name for action in ACTIONS if str(action.label).lower().startswith(first)}
    if len(first) < 2 or not actions:
        return None
    return Command(frozenset(actions), " ".join(word for word in rest if word not in _FILLERS))


def actions_for(user: Any, hosts: Sequence["Host"], text: str, command: Command | None) -> list[Hit]:
    """The actions that fit: those of the command's verb, else all of the one container that the text names best."""
    found = [hit for host in hosts for hit in _on_host(actor_of(user), host, text, command)]
    found.sort(key=lambda ranked: (ranked[0], ranked[1].is_danger))
    best = [hit for place, hit in found if command is not None or place == found[0][0]]
    return best[:_MOST_ACTIONS]


def _on_host(actor: Actor, host: "Host", text: str, command: Command | None) -> Iterator[tuple[int, Hit]]:
    if not may(actor, host, Operation.CONTAINER_LIST):
        return
    picture = last_picture(host, actor)
    allowed = allowed_in(picture, ACTIONS, lambda operation: may(actor, host, operation))
    for row in rows_of(host.slug, picture):
        name = text if command is None else command.name
        place = rank(row.name, name) if name else 0
        # A name alone offers its actions only when it is meant beyond doubt.
        if place is None or (command is None and place > 1):
            continue
        shown = ShownRow(row, host.slug)
        for action in dict.fromkeys(ACTIONS):
            if command is not None and action.name not in command.actions:
                continue
            if action.shown_when(shown) and action.name in allowed.on(row.id):
                yield place, _hit(action, shown, host)


def _hit(action: Action, shown: ShownRow, host: "Host") -> Hit:
    label = f"{action.label} {shown.name}{'…' if action.previews else ''}"
    if action.href_name:
        return Hit(label, shown.url_of(action.href_name), action.icon, host.name, is_action=True)
    url = reverse("containers:act", kwargs={"host": host.slug})
    return Hit(
        label, "", action.icon, host.name, is_action=True, is_danger=action.is_danger or action.name == "kill",
        act=action.name, item_id=shown.row.short_id, act_url=url,
    )  # fmt: skip


def rank(name: str, wanted: str) -> int | None:
    """0 the very name, 1 begins with it, 2 a part of it begins with it, 3 holds it, None does not."""
    name = name.lower()
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    at = name.find(wanted)
    if at < 0:
        return None
    return 2 if not name[at - 1].isalnum() else 3
