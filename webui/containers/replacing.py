"""Putting one container in the place of another on a host: the other one is kept, stopped, under a marked name.

Every step looks at what is there and leaves alone what is done already, so that work that was cut short can be gone
on with; what fails on the way is taken back, step by step, in the reverse order.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

from django.utils.translation import gettext as _
from docker.errors import APIError, NotFound

from webui.containers.kept import kept_name, kept_of
from webui.jobs import JobFailed, JobRun

# Without a health check: this long on its feet counts as running.
_STEADY_S: Final = 3.0
_LOOK_S: Final = 0.25
_GRACE_S: Final = 10


def put_in_place(
    run: JobRun, api: Any, *, incoming: str, outgoing: str, name: str, outgoing_name: str, is_started: bool
) -> None:
    """Give `name` to the container `incoming`, and start it; `outgoing`, which was called `outgoing_name`, is kept.

    Raises JobFailed, JobCancelled, docker-py's APIError: then the outgoing one runs again under its name, and the
    incoming one is as it was.
    """
    with ExitStack() as undo:
        if is_started:
            undo.callback(undone, run, _("%s runs again") % outgoing_name, lambda: api.start(outgoing))
        _set_aside(run, api, outgoing, outgoing_name, undo=undo)
        run.raise_if_cancelled()
        _stop(run, api, outgoing)
        _name(run, api, incoming, name, undo=undo)
        if is_started:
            run.raise_if_cancelled()
            undo.callback(undone, run, _("the new one is stopped"), lambda: stop(api, incoming))
            _start(run, api, incoming)
        # From here on it stands: there is nothing to undo.
        undo.pop_all()


def _set_aside(run: JobRun, api: Any, container_id: str, name: str, *, undo: ExitStack) -> None:
    """Rename it first: the marked name tells whoever comes later what it was, and the policy that is changed next."""
    found = api.inspect_container(container_id)
    if kept_of(found["Name"], found["Id"]) is not None and found["Name"].lstrip("/") != name:
        return
    always = (found["HostConfig"].get("RestartPolicy") or {}).get("Name") == "always"
    aside = kept_name(name, found["Id"], restarts_always=always)
    run.steps.set(_("keep the old"), aside)
    api.rename(container_id, aside)
    undo.callback(undone, run, _("%(aside)s is called %(name)s again") % {"aside": aside, "name": name},
                  lambda: take_name(api, container_id, name))  # fmt: skip
    run.log(_("%(name)s is kept as %(aside)s") % {"name": name, "aside": aside})
    run.steps.set(_("keep the old"), aside, tone="done")
    # Stopped by hand, it would still be started with the engine, beside its successor.
    if always and not _set_policy(api, container_id, "unless-stopped"):
        words = _("This host cannot change a restart policy: %s may be started again with the machine.")
        run.log(words % aside, "warning")


def take_name(api: Any, container_id: str, name: str) -> None:
    """The name that is meant, and with it the restart policy that a marked name has kept."""
    found = api.inspect_container(container_id)
    kept = kept_of(found["Name"], found["Id"])
    if found["Name"].lstrip("/") != name:
        api.rename(container_id, name)
    if kept is not None and kept.restarts_always:
        _set_policy(api, container_id, "always")


def _set_policy(api: Any, container_id: str, policy: str) -> bool:
    """False where the host cannot: Podman has this question since version 5. It starts none with itself, though, but
    for those that a unit of systemd (podman-restart) starts."""
    try:
        api.update_container(container_id, restart_policy={"Name": policy})
    except NotFound as error:
        if is_known_question(error.response):
            raise
        return False
    return True


def is_known_question(answer: Any) -> bool:
    """Whether a host that answers 404 knew the question: one that has no such route says so in plain text."""
    return str(answer.headers.get("Content-Type", "")).startswith("application/json")


def _name(run: JobRun, api: Any, container_id: str, name: str, *, undo: ExitStack) -> None:
    before = str(api.inspect_container(container_id)["Name"]).lstrip("/")
    if before == name:
        return
    take_name(api, container_id, name)
    undo.callback(undone, run, _("%(name)s is called %(before)s again") % {"name": name, "before": before},
                  lambda: api.rename(container_id, before))  # fmt: skip
    run.log(_("%(before)s is now called %(name)s") % {"before": before, "name": name})


def stop(api: Any, container_id: str) -> None:
    found = api.inspect_container(container_id)
    grace_s = found["Config"].get("StopTimeout")
    api.stop(container_id, timeout=_GRACE_S if grace_s is None else grace_s)


def _stop(run: JobRun, api: Any, container_id: str) -> None:
    if not api.inspect_container(container_id)["State"]["Running"]:
        return
    step = _("stop the old")
    run.steps.set(step, _("stopping"))
    stop(api, container_id)
    run.steps.set(step, _("done"), tone="done")


def _start(run: JobRun, api: Any, container_id: str) -> None:
    step = _("start the new")
    run.steps.set(step, _("starting"))
    api.start(container_id)
    wait_until_it_runs(run, api, container_id, step)
    run.steps.set(step, _("done"), tone="done")


def wait_until_it_runs(run: JobRun, api: Any, container_id: str, step: str) -> None:
    """Until it is healthy, or has run for a while where it has no check. Raises JobFailed with its last lines."""
    since = time.monotonic()
    while True:
        run.raise_if_cancelled()
        found = api.inspect_container(container_id)
        state, health = found["State"], (found["State"].get("Health") or {}).get("Status", "none")
        if not state["Running"] or state.get("Restarting") or int(found.get("RestartCount") or 0):
            words = _("The new container ended at once, exit code %s. Its last lines: %s")
            raise JobFailed(words % (state.get("ExitCode"), _last_lines(api, container_id)))
        if health == "unhealthy":
            probes = found["State"]["Health"].get("Log") or [{}]
            raise JobFailed(_("The new container's health check fails: %s") % str(probes[-1].get("Output", "")).strip())
        if health == "healthy" or (health in {"none", ""} and time.monotonic() - since >= _STEADY_S):
            run.log(_("the new container runs") if health != "healthy" else _("the new container is healthy"))
            return
        run.steps.set(
            step, _("waiting for its health check") if health == "starting" else _("looking whether it stays")
        )
        time.sleep(_LOOK_S)


def _last_lines(api: Any, container_id: str) -> str:
    try:
        text = bytes(api.logs(container_id, tail=3)).decode(errors="replace").strip()
    except APIError:
        return "–"  # noqa: RUF001
    return text.replace("\n", " | ")[-300:] or "–"  # noqa: RUF001


def undone(run: JobRun, words: str, act: Callable[[], Any]) -> None:
    """One step back. One that fails does not keep the others from being taken, and is said loudly."""
    try:
        act()
    except APIError as error:
        run.log(_("could not be undone: %(words)s: %(error)s") % {"words": words, "error": error}, "error")
    else:
        run.log(words, "warning")


def found_or_none(api: Any, container: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = api.inspect_container(container)
    except NotFound:
        return None
    return found
