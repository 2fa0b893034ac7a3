"""The configuration tab: what can be changed of a container as it is (limits, name, networks), and what anew."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy

from webui.containers.jobs import params_for
from webui.containers.kept import Kept, kept_among, kept_of
from webui.containers.limits import LimitsForm
from webui.containers.podman_words import untold_words
from webui.containers.replacing import is_known_question
from webui.containers.rows import ContainerRow
from webui.containers.run_facts import NAME, HostFacts, name_error, taken_words
from webui.gate import HostUnreachable, Operation
from webui.live import picture_after
from webui.pages import go
from webui.resources import EngineRefusal, Opened, engine_call, refusal_words

if TYPE_CHECKING:
    from webui.jobs.models import Job

# All that is asked for on the way when a container is made anew; with less it would stop half-way.
ANEW: Final = (
    Operation.CONTAINER_CREATE, Operation.CONTAINER_INSPECT, Operation.CONTAINER_REMOVE, Operation.CONTAINER_RENAME,
    Operation.CONTAINER_START, Operation.CONTAINER_STOP, Operation.CONTAINER_UPDATE, Operation.IMAGE_INSPECT,
    Operation.NETWORK_CONNECT,
)  # fmt: skip

_CANNOT_CHANGE: Final = gettext_lazy(
    "This host cannot change limits or the restart policy of a container that is there. "
    "Choose Edit: it makes the container anew with them."
)


# The same where it stays what it is: what else there is to do is a part of redeploying.
AS_IT_IS: Final = (
    Operation.CONTAINER_INSPECT, Operation.CONTAINER_REDEPLOY, Operation.CONTAINER_START, Operation.CONTAINER_STOP,
    Operation.CONTAINER_UPDATE, Operation.IMAGE_INSPECT,
)  # fmt: skip


class NameForm(forms.Form):
    name = forms.CharField(max_length=255, label=gettext_lazy("Name"))

    def __init__(self, data: Any = None, *, row: ContainerRow, facts: HostFacts) -> None:
        super().__init__(data, initial={"name": row.name})
        self._row, self._facts = row, facts

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        holder = self._facts.container_named(name)
        if not NAME.fullmatch(name):
            raise forms.ValidationError(name_error(name))
        if holder is not None and holder.id != self._row.id:
            raise forms.ValidationError(taken_words(holder, self._facts))
        return name


class JoinForm(forms.Form):
    """Joins a network; the names are those that the others there find it by."""

    network = forms.ChoiceField(label=gettext_lazy("Network"))
    aliases = forms.CharField(
        max_length=512, required=False, label=gettext_lazy("Also known as"),
        help_text=gettext_lazy("Further names on this network, with blanks between."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, networks: list[str]) -> None:
        super().__init__(data)
        self.fields["network"].choices = [(name, name) for name in networks]  # type: ignore[attr-defined]

    def clean_aliases(self) -> list[str]:
        aliases = str(self.cleaned_data["aliases"]).replace(",", " ").split()
        if wrong := next((alias for alias in aliases if not NAME.fullmatch(alias)), None):
            raise forms.ValidationError(name_error(wrong))
        return aliases


@dataclass(slots=True)
class Configuration:
    """What the tab shows: each form as it was sent or as the container is, None where this person may not."""

    limits: LimitsForm | None
    name: NameForm | None
    join: JoinForm | None
    networks: list[dict[str, Any]]
    may_leave: bool
    may_make_anew: bool
    may_redeploy: bool
    is_removed_when_it_ends: bool
    # Old ones of this name that are kept, or itself where it is one.
    kept: list[Kept]
    # What its host does not tell of it, which is lost when it is made anew.
    untold: str = ""

    @property
    def has_errors(self) -> bool:
        return any(form is not None and form.is_bound and form.errors for form in (self.limits, self.name, self.join))


def configuration_of(
    here: Opened, row: ContainerRow, found: dict[str, Any], *, facts: HostFacts, sent: dict[str, Any] | None = None
) -> Configuration:
    """`sent` is one form's data by the form's name ("limits", "name", "join"); the others show what is."""
    sent, host = sent or {}, found["HostConfig"]
    joined = (found.get("NetworkSettings") or {}).get("Networks") or {}
    others = [name for name in facts.networks if name not in {*joined, "host", "none"}]
    may_join = here.may(Operation.NETWORK_CONNECT) and _can_join(host) and others
    return Configuration(
        limits=LimitsForm(sent.get("limits"), host_config=host) if here.may(Operation.CONTAINER_UPDATE) else None,
        name=NameForm(sent.get("name"), row=row, facts=facts) if here.may(Operation.CONTAINER_RENAME) else None,
        join=JoinForm(sent.get("join"), networks=others) if may_join else None,
        networks=[_joined(name, held or {}, row) for name, held in sorted(joined.items())],
        may_leave=here.may(Operation.NETWORK_DISCONNECT) and _can_join(host),
        may_make_anew=all(here.may(operation) for operation in ANEW),
        may_redeploy=all(here.may(operation) for operation in AS_IT_IS),
        is_removed_when_it_ends=bool(host.get("AutoRemove")),
        kept=kept_here(here, row),
        untold=untold_words(found),
    )


def kept_here(here: Opened, row: ContainerRow) -> list[Kept]:
    """What this container was before, or itself where it is what another one was."""
    own = kept_of(row.name, row.id)
    return [own] if own else kept_among(here.picture.containers.values(), row.name)


def bring_back(here: Opened, row: ContainerRow) -> "Job":
    """Start the job that puts a kept container in its place again. Raises LookupError for one that is not kept."""
    from webui import jobs

    kept = kept_of(row.name, row.id)
    if kept is None:
        raise LookupError(row.name)
    names = here.picture.container_names
    holder = next((key for key, name in names.items() if name == kept.name), "")
    is_running = holder in here.picture.containers and here.picture.containers[holder]["State"] == "running"
    may_create = here.may(Operation.CONTAINER_CREATE)
    params = params_for(row.id, kept.name, host_id=here.host.pk, is_running=is_running, is_redeployed=not may_create)
    kind = "container.take-back" if may_create else "container.redeploy-back"
    return jobs.start(here.actor, here.host, kind, params)


def _can_join(host: dict[str, Any]) -> bool:
    mode = str(host.get("NetworkMode") or "")
    return mode not in {"host", "none"} and not mode.startswith("container:")


def _joined(name: str, held: dict[str, Any], row: ContainerRow) -> dict[str, Any]:
    aliases = [alias for alias in held.get("Aliases") or [] if alias not in {row.short_id, row.name}]
    return {"name": name, "ip": held.get("IPAddress") or held.get("GlobalIPv6Address") or "", "aliases": aliases}


def update_limits(here: Opened, row: ContainerRow, form: LimitsForm) -> list[str]:
    """Change what differs; the engine's warnings, if any. Raises EngineRefusal, HostUnreachable."""
    body = form.body()
    if not body:
        return []
    with engine_call(), here.client(timeout_s=30) as client:
        api: Any = client.api
        # docker-py's update_container knows neither CPUs in billionths nor the number of processes.
        answer = api._post_json(api._url("/containers/{0}/update", row.id), data=body)
        if answer.status_code == HTTPStatus.NOT_FOUND and not is_known_question(answer):
            raise EngineRefusal(str(_CANNOT_CHANGE))
        reply = api._result(answer, json=True)
    return [str(warning) for warning in reply.get("Warnings") or []]


def rename(here: Opened, row: ContainerRow, name: str) -> None:
    before = here.picture.containers.get(row.id)
    with engine_call(), here.client(timeout_s=30) as client:
        client.api.rename(row.id, name)
    picture_after(here.host, "containers", row.id, before=before)


def join(here: Opened, row: ContainerRow, network: str, aliases: list[str]) -> None:
    with engine_call(), here.client(timeout_s=30) as client:
        client.api.connect_container_to_network(row.id, network, aliases=aliases or None)


def leave(here: Opened, row: ContainerRow, network: str) -> None:
    with engine_call(), here.client(timeout_s=30) as client:
        client.api.disconnect_container_from_network(row.id, network)


def tried(form: Any, act: Any, here: Opened) -> bool:
    """Whether a valid form's act was done; a refusal stands in the form afterwards, in words."""
    if form is None or not form.is_valid():
        return False
    try:
        act()
    except (EngineRefusal, HostUnreachable) as error:
        form.add_error(None, refusal_words(str(error), here.picture.container_names))
        return False
    return True


def back(request: HttpRequest, here: Opened, row: ContainerRow, *, done: str) -> HttpResponse:
    """To the tab again, which says what was done."""
    url = reverse("containers:configuration", kwargs={"host": here.host.slug, "id": row.short_id})
    return go(request, f"{url}?done={done}")
