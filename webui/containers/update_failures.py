"""Why a registry did not say what it has under a name: read from the words of engines, told to a person. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext as _

from webui.registries import image_name

# For a registry that has had enough and does not say for how long: Docker Hub counts by hours.
RATE_PAUSE_S: Final = 3600.0


class Why(StrEnum):
    CERTIFICATE = "certificate"
    NO_TAG = "no-tag"
    OTHER = "other"
    RATE = "rate"
    SIGN_IN = "sign-in"
    UNREACHABLE = "unreachable"


# The words of dockerd, Podman and our engine. The first that is found counts.
_WORDS: Final = (
    (re.compile(r"toomanyrequests|too many requests|rate limit|\b429\b", re.IGNORECASE), Why.RATE),
    (re.compile(r"unauthorized|authentication required|no basic auth|denied|incorrect username", re.I), Why.SIGN_IN),
    (re.compile(r"x509|certificate|server gave HTTP response", re.IGNORECASE), Why.CERTIFICATE),
    (
        re.compile(r"connection refused|no such host|name resolution|Name or service|timeout|timed out|deadline|"
                   r"no route|in time|unreachable|connection reset|EOF", re.IGNORECASE),
        Why.UNREACHABLE,
    ),
    (re.compile(r"manifest unknown|name unknown|no such manifest|manifest .*not found", re.IGNORECASE), Why.NO_TAG),
)  # fmt: skip


def why_of(message: str) -> Why:
    return next((why for pattern, why in _WORDS if pattern.search(message)), Why.OTHER)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why it is not known whether there is a newer image, in words."""

    why: Why
    words: str

    @property
    def is_sign_in(self) -> bool:
        return self.why is Why.SIGN_IN


def trouble_of(name: str, answer: Mapping[str, Any]) -> Trouble | None:
    """What is wrong with the last answer about a name; None where nothing is."""
    error = str(answer.get("error") or "")
    if not error:
        return None
    address, why = image_name(name).address, why_of(error)
    registry = str(answer.get("registry") or "")
    return Trouble(why, _words(why, error, address, registry))


def _words(why: Why, error: str, address: str, registry: str) -> str:
    words = {
        Why.SIGN_IN: _("%(address)s does not let the user of the registry %(registry)s at this image.")
        if registry
        else _("%(address)s wants a sign-in for it, and no registry that its owner may use fits."),
        Why.NO_TAG: _("%(address)s has nothing under this name any more."),
        Why.RATE: _("%(address)s has had enough questions for now; it is asked again later."),
        Why.UNREACHABLE: _("%(address)s cannot be reached from the host: %(error)s"),
        Why.CERTIFICATE: _("The host's engine does not trust the certificate of %(address)s: %(error)s"),
        Why.OTHER: _("%(address)s did not say: %(error)s"),
    }
    return words[why] % {"address": address, "registry": registry, "error": error}
