"""What an engine's refusal is about: the field that caused it, and what to say there.

dockerd, Podman and our engine say the same things in nearly the same words; what is not known here stays as it is.
"""

import re
from typing import Final

# What engines say (dockerd, Podman and ours say the same things), the field that caused it, and what we say.
_BLAMES: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), field_name, words)
    for pattern, field_name, words in (
        ("port is already allocated|address already in use", "ports",
         "This port is taken by another program on the host. Choose another one, or leave it empty."),
        ("name .*is already in use", "name", "Taken a moment ago by another container. Choose another name."),
        ("no such image|image not known", "image", "This host has no image {image}."),
        ("executable file not found|exec.*no such file or directory", "command",
         "The image has no program “{program}”."),
        ("rlimit.*operation not permitted", "ulimits",
         "The host may not give these limits: one of them, or one that it adds itself, is above its own."),
        ("(exec|oci).*permission denied", "command", "The host cannot execute “{program}”: permission denied."),
        ("no command specified", "command",
         "The image names no command of its own: say what to run, such as sleep 60."),
        ("network .*not found", "networks", "This network is gone. Choose another one."),
    )
)  # fmt: skip


def blamed_field(message: str, *, image: str, program: str) -> tuple[str | None, str]:
    """(field, words) for an engine's error message; no field where none of ours is to blame."""
    for pattern, field_name, words in _BLAMES:
        if pattern.search(message):
            return field_name, words.format(image=image, program=program)
    return None, f"The host refused: {message.strip().rstrip('.')}."
