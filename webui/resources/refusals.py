"""Why an engine refused, for a person: what is in the way, by its name, and what to do about it.

Engines (dockerd, Podman and ours) say the same things in nearly the same words; what is not known here stays as it is.
"""

import re
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_ID: Final = re.compile(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b")

_PATTERNS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), words)
    for pattern, words in (
        (r"image is being used by (?:running|stopped) container (?P<who>\w+)|"
         r"container (?P<user>\w+) is using its referenced image|image used by (?P<podman>\w+)",
         gettext_lazy("The container %(who)s is made of it. Remove that container first.")),
        (r"image has dependent child images",
         gettext_lazy("Other images are built on it. Remove those first; it goes with the last of them.")),
        (r"image is referenced in multiple repositories",
         gettext_lazy("It has several names. Remove them one by one; the image goes with the last.")),
        (r"volume is (?:in use|being used)[^\[]*\[?(?P<who>\w+)?",
         gettext_lazy("The container %(who)s mounts it. Remove that container first; stopping it is not enough.")),
        (r"has active endpoints(?:.*?name:\"(?P<who>[^\"]+)\")?",
         gettext_lazy("%(who)s is still on it. Take it off this network on its own page, or remove it.")),
        (r"is a pre-defined network", gettext_lazy("It belongs to the engine itself and cannot be removed.")),
        (r"(?::|port )(?P<who>\d+).{0,20}?(?:port is already allocated|address already in use)",
         gettext_lazy("Port %(who)s of the host is taken. Free it, or publish another one.")),
        (r"removal of container .* is already in progress", gettext_lazy("It is being removed already.")),
        (r"exec: \"?(?P<who>[^\":]+)\"?: (?:executable file not found|stat .*no such file)",
         gettext_lazy("Its image has no program “%(who)s”. Edit the container and give it another command.")),
        (r"is restarting, wait until the container is running",
         gettext_lazy("It is between two restarts. Stop it, or try again when it runs.")),
        (r"no space left on device",
         gettext_lazy("There is no room left where this would go: the host's disk, or what is mounted there, is full. "
                      "Remove what is unused, and try again.")),
        (r"limit_in_bytes.*device or resource busy|unable to set memory limit",
         gettext_lazy("It uses more memory than that right now, so its limit stays. Choose more, or stop it first.")),
        (r"container rootfs is marked read-only",
         gettext_lazy("This container's own files are read-only, as it was made so. "
                      "Only what is mounted into it can be changed.")),
        (r"mounted volume is marked read-only", gettext_lazy("It is mounted read-only into this container.")),
        (r"read-only file system", gettext_lazy("The file system that it is on is read-only.")),
        (r"cannot (?:pause|unpause).*cgroup", gettext_lazy("This host's kernel cannot pause containers.")),
        (r"network (?P<who>\S+) not found",
         gettext_lazy("Its network %(who)s is gone. Make it again, or edit the container.")),
    )
)  # fmt: skip


def refusal_words(message: str, names: Mapping[str, str]) -> str:
    """The engine's message as a person should read it. `names` are the names of containers by their whole id."""
    for pattern, words in _PATTERNS:
        if match := pattern.search(message):
            who = next((text for text in match.groups() if text), _("A container"))
            return str(words) % {"who": named(who, names)} if "%(who)s" in str(words) else str(words)
    return _ID.sub(lambda found: named(found[0], names), message)


def named(text: str, names: Mapping[str, str]) -> str:
    """The name of the container with this id, or with an id that begins so; the text itself where there is none."""
    if not re.fullmatch(r"[0-9a-f]{12,64}", text):
        return text
    return next((name for key, name in names.items() if key.startswith(text)), text[:12])
