"""The `docker run` line that does what the run form says: for reading, learning and pasting elsewhere."""

import shlex
from collections.abc import Iterator

from webui.containers.forms import RunForm


def docker_run(form: RunForm) -> list[str]:
    """The command's lines without continuation marks, the last one image and command. Wrong values are shown too."""
    return ["docker run -d", *_options(form), _tail(form)]


def _options(form: RunForm) -> Iterator[str]:
    if name := _value(form, "name"):
        yield f"--name {shlex.quote(name)}"
    for port in form.ports:
        protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
        outside = f"{port.outside}:" if port.outside else ""
        yield f"-p {shlex.quote(f'{outside}{port.inside}{protocol}')}"
    for variable in form.variables:
        # A value may be a secret, and this is text to be pasted around: the CLI then takes it from the environment.
        yield f"-e {shlex.quote(variable.name)}"
    for mount in form.mounts:
        mode = "" if mount.mode == "rw" else f":{mount.mode}"
        yield f"-v {shlex.quote(f'{mount.source}:{mount.target}{mode}')}"
    if (network := _value(form, "network")) and network != "bridge":
        yield f"--network {shlex.quote(network)}"
    if (restart := _value(form, "restart")) and restart != "no":
        yield f"--restart {shlex.quote(restart)}"
    for field, option in (("memory", "-m"), ("cpus", "--cpus")):
        if value := _value(form, field):
            yield f"{option} {shlex.quote(value)}"


def _tail(form: RunForm) -> str:
    return (
        f"{shlex.quote(_value(form, 'image')) if _value(form, 'image') else 'IMAGE'} {_value(form, 'command')}".strip()
    )


def _value(form: RunForm, field: str) -> str:
    return str(form[field].value() or "").strip()
