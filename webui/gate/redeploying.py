"""Making a container anew exactly as it is, and updating a service that stays what it is: also for who may do no more.

The query of each request that it takes names the container that is redeployed (`redeploys=ID`, which hosts pass over);
a service's update is one where whoever asks may do no more. The host is then asked what that container is: the body
of the create is made from its answer, and whatever else is renamed, joined or removed must be that container, its
successor or what is kept of its forerunners. Which is which stands in their names (webui.containers.kept). Asks the
host: for threads.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from webui.gate.errors import NotVisible, Refused
from webui.gate.naming import field_of
from webui.gate.references import Found, References
from webui.gate.rules import Query, Rule
from webui.ownership import Kind

Raw = Mapping[str, Any]
NAMED_BY: Final = "redeploys"
_NO: Final = {"", "0", "false", "False"}
_NAMELESS: Final = re.compile(r"[0-9a-f]{64}:")


@dataclass(frozen=True, slots=True)
class Making:
    """Handed in by webui.containers, which stands above this room.

    `recipe`: from a container's inspection and its image's (None: it is gone) to the body of a create, and the
    endpoints of the networks that are joined one by one. `part`: from a container's name and id to what part it has in
    a redeployment, ("kept" | "next", name of what it is about), or ("", "").
    """

    recipe: Callable[[Raw, Raw | None], tuple[dict[str, Any], Mapping[str, Raw]]]
    part: Callable[[str, str], tuple[str, str]]


_making: list[Making] = []


def register_making(making: Making) -> None:
    _making[:] = [making]


class Looking(Protocol):
    """Whoever asks, and what they may change."""

    @property
    def references(self) -> References: ...

    def must(self, kind: Kind, reference: str, *, is_written: bool, resource: str = "") -> Found: ...


@dataclass(frozen=True, slots=True)
class Redeployed:
    """What is sent: to `target` in place of the path's reference ("" for that itself), with `body` (None: as it came).

    `succeeds` is the id of the container whose successor is made, `removes` that of the one that goes.
    """

    target: str = ""
    body: bytes | None = None
    succeeds: str = ""
    removes: str = ""


@dataclass(frozen=True, slots=True)
class _Container:
    """One of the containers of a redeployment. `name` is what the redeployed one is called when all is done."""

    raw: Raw
    part: str
    name: str

    @property
    def id(self) -> str:
        return str(self.raw["Id"])

    @property
    def is_running(self) -> bool:
        return bool((self.raw.get("State") or {}).get("Running"))

    @property
    def is_created(self) -> bool:
        return bool((self.raw.get("State") or {}).get("Status") == "created")


def redeployed(looking: Looking, rule: Rule, target: str, query: Query, body: Raw) -> Redeployed:
    """Raises NotVisible, or Refused where it is more than a redeployment."""
    if rule.resource == "service":
        return _service(looking, target, query, body)
    one = _Redeployment(looking, query)
    match rule.method, rule.path:
        case "POST", "/containers/create":
            return one.create(body)
        case "POST", "/networks/{id}/connect":
            return one.join(target, body)
        case "POST", "/containers/{id}/rename":
            return one.rename(target)
        case "DELETE", "/containers/{id}":
            return one.remove(target)
    raise _refusal(f"{rule.method} {rule.path} is no part of it")


@dataclass(slots=True)
class _Redeployment:
    looking: Looking
    query: Query
    base: _Container = field(init=False)

    def __post_init__(self) -> None:
        self.base = self._container(self.query[NAMED_BY])
        if self.base.part == "next":
            raise _refusal(f"{self.base.raw.get('Name')} is on its way to another's place itself")

    @property
    def is_set_aside(self) -> bool:
        return self.base.part == "kept"

    def create(self, body: Raw) -> Redeployed:
        if body:
            raise _refusal("its body must be empty: it is made of what the container is now")
        named = self.query.get("name", "")
        if self.is_set_aside or _making[0].part(named, "") != ("next", self.base.name):
            raise _refusal(f"the new one must be called {self.base.name}-next- and six digits")
        if self._relatives("next"):
            raise _refusal(f"a successor of {self.base.name} is there already")
        made, _networks = self._recipe()
        return Redeployed(body=orjson.dumps(made), succeeds=self.base.id)

    def join(self, network: str, body: Raw) -> Redeployed:
        successor = self._container(str(field_of(body, "Container") or ""))
        if not self._is_successor(successor):
            raise _refusal("only its successor joins the networks that it is in")
        _body, networks = self._recipe()
        wanted = networks.get(network)
        if wanted is None:
            raise _refusal(f"{self.base.name} is not in the network {network}")
        if set(body) - {"Container", "EndpointConfig"} or dict(body.get("EndpointConfig") or {}) != dict(wanted):
            raise _refusal(f"it is in the network {network} by another endpoint")
        return Redeployed(body=orjson.dumps({"Container": successor.id, "EndpointConfig": dict(wanted)}))

    def rename(self, reference: str) -> Redeployed:
        one, to = self._container(reference), self.query.get("name", "")
        part, name = _making[0].part(to, one.id)
        if one.id == self.base.id:
            is_part = (
                to == self.base.name
                if self.is_set_aside
                else (part == "kept" and bool(self._relatives("next", "kept")))
            )
            name = name or to
        elif one.part == "next":
            is_part, name = self.is_set_aside and to == self.base.name and self._is_successor(one), to
        else:
            # It has the place already, and gives it back.
            is_part = self._is_successor(one) and part in {"next", "kept"}
        if not is_part or name != self.base.name:
            raise _refusal(f"{one.raw.get('Name')} does not come to be called {to[:80]} by it")
        return Redeployed(target=one.id)

    def remove(self, reference: str) -> Redeployed:
        if self.query.get("v", "") not in _NO or self.query.get("link", "") not in _NO:
            raise _refusal("volumes and links stay")
        one = self._container(reference)
        is_unused = self._is_successor(one) and (one.is_created or (one.part == "next" and not one.is_running))
        is_earlier = one.part == "kept" and self.is_set_aside and self._has_place()
        if one.id == self.base.id or one.name != self.base.name or not (is_unused or is_earlier):
            raise _refusal(f"{one.raw.get('Name')} is not what is left of an earlier one")
        return Redeployed(target=one.id, removes=one.id)

    def _container(self, reference: str) -> _Container:
        found = self.looking.must(Kind.CONTAINER, reference, is_written=True)
        raw = self.looking.references.asked(f"/containers/{found.sent}/json")
        if raw is None:
            raise NotVisible(f"No such container: {reference[:200]}")
        shown = str(raw.get("Name", "")).lstrip("/")
        part, name = _making[0].part(shown, str(raw["Id"]))
        return _Container(raw, part, name or shown)

    def _is_successor(self, one: _Container) -> bool:
        """One that waits for the place of the redeployed, or has it already, and is the same in everything."""
        if one.id == self.base.id or one.name != self.base.name:
            return False
        has_part = one.part == "next" or (not one.part and self.is_set_aside)
        return has_part and _is_copy(self._recipe_of(one)[0], of=self._recipe()[0])

    def _relatives(self, *parts: str) -> list[str]:
        """The ids of the others that have one of these parts in its redeployment."""
        listed = self.looking.references.asked("/containers/json", {"all": "1"}) or []
        wanted = {(part, self.base.name) for part in parts}
        named = [(str(raw["Id"]), str((raw.get("Names") or [""])[0]).lstrip("/")) for raw in listed]
        return [key for key, name in named if key != self.base.id and _making[0].part(name, key) in wanted]

    def _has_place(self) -> bool:
        return self.looking.references.asked(f"/containers/{self.base.name}/json") is not None

    def _recipe(self) -> tuple[dict[str, Any], Mapping[str, Raw]]:
        return self._recipe_of(self.base)

    def _recipe_of(self, one: _Container) -> tuple[dict[str, Any], Mapping[str, Raw]]:
        image = self.looking.references.asked(f"/images/{one.raw['Image']}/json")
        return _making[0].recipe(one.raw, image)


def _is_copy(made: Raw, *, of: Raw) -> bool:
    """Whether a container was made from the recipe of another. A newer image may bring further nameless volumes, and
    one that is set aside does not restart always while it is.
    """
    return (
        _settings(made) == _settings(of)
        and all(_NAMELESS.match(bind) for bind in set(_binds(made)) - set(_binds(of)))
        and set(_binds(of)) <= set(_binds(made))
    )


def _settings(recipe: Raw) -> Raw:
    config = {key: value for key, value in recipe["HostConfig"].items() if key not in {"Binds", "RestartPolicy"}}
    return {**recipe, "HostConfig": config}


def _binds(recipe: Raw) -> list[str]:
    return [str(bind) for bind in recipe["HostConfig"].get("Binds") or ()]


def _service(looking: Looking, target: str, query: Query, body: Raw) -> Redeployed:
    """A service as it is, begun anew (ForceUpdate) or with another digest of the same name and tag."""
    found = looking.must(Kind.SERVICE, target, is_written=True)
    raw = looking.references.asked(f"/services/{found.sent}")
    if raw is None:
        raise NotVisible(f"service {target[:200]} not found")
    if query.get("rollback", ""):
        raise _refusal("going back makes it what it was before")
    if _essence(body) != _essence(raw.get("Spec") or {}):
        raise _refusal("of a service that stays what it is, only ForceUpdate and the image's digest may be another")
    return Redeployed(target=found.sent)


def _essence(spec: Raw) -> Any:
    """A service's spec without what a redeployment changes. Fields without a value count like those that are absent."""
    task = dict(spec.get("TaskTemplate") or {})
    task.pop("ForceUpdate", None)
    if isinstance(container := task.get("ContainerSpec"), Mapping):
        image = str(container.get("Image", "")).partition("@")[0]
        task["ContainerSpec"] = {**container, "Image": image}
    return _without_nulls({**spec, "TaskTemplate": task})


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _refusal(words: str) -> Refused:
    return Refused(f"This is no redeployment: {words}.", rule="redeploy")
