"""What to do about a pull that failed, read from the words in which Docker's engines and registries say why."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from webui.jobs.advice import Advice
from webui.registries import SignIn, add_url

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.jobs.models import Job

_WANTS_SIGN_IN: Final = re.compile("unauthorized|authentication required|no basic auth|denied|incorrect username")
# The words of dockerd, Podman and our engine (Go's net and crypto/x509 packages, the distribution API's error codes).
# The first that is found counts: a refused connection may be told inside a longer story.
_ADVICE: Final[tuple[tuple[re.Pattern[str], Callable[[], str]], ...]] = (
    (
        re.compile("connection refused"),
        lambda: _("Nothing listens at that address. Is the registry running, and are its name and port right?"),
    ),
    (
        re.compile("no such host|name resolution|Name or service not known"),
        lambda: _("The host does not know that name. Is it spelled right, and does its DNS answer?"),
    ),
    (
        re.compile(r"i/o timeout|deadline exceeded|Client\.Timeout|TLS handshake timeout|no route to host"),
        lambda: _("The registry does not answer. Does a firewall or a proxy stand between the host and it?"),
    ),
    (
        re.compile("server gave HTTP response to HTTPS client"),
        lambda: _("The registry speaks plain HTTP: allow it as an insecure registry in the host's engine."),
    ),
    (
        re.compile("x509|certificate"),
        lambda: _("The host does not trust the registry's certificate: give its engine the authority that signed it."),
    ),
    (
        # The status by itself: the three digits also stand in ports, tags and digests.
        re.compile(r"toomanyrequests|too many requests|(?<![\w:.-])429(?![\w.])"),
        lambda: _("The registry has had enough for now. Sign in there, use a mirror, or try again later."),
    ),
    (
        re.compile("no space left on device"),
        lambda: _("The host's disk is full. Remove images that nothing uses, then try again."),
    ),
    (_WANTS_SIGN_IN, lambda: _("The registry wants a sign-in, or there is no such image for whoever asks.")),
    (
        re.compile("manifest unknown|not found|does not exist|no such manifest"),
        lambda: _("The registry has no such image. Are its name and tag right?"),
    ),
)


def with_advice(message: str, signed: SignIn | None = None) -> str:
    """The failure as the engine told it, and behind it what to do, where that can be known.

    `signed` is by which registry it was asked for.

    >>> with_advice("manifest unknown")
    'manifest unknown. The registry has no such image. Are its name and tag right?'
    """
    for words, advice in _ADVICE:
        if words.search(message):
            told = _sign_in_advice(signed) if words is _WANTS_SIGN_IN and signed is not None else advice()
            return f"{message.rstrip('. ')}. {told}"
    return message


def wants_sign_in(message: str) -> bool:
    """Whether it failed for want of a password, or of another one. The first advice that fits counts here too."""
    return next((words is _WANTS_SIGN_IN for words, _advice in _ADVICE if words.search(message)), False)


def advice_on_job(job: "Job", _actor: "Actor") -> list[Advice]:
    """Where a way into the registry is added, for a job that failed for want of one."""
    if not wants_sign_in(job.error):
        return []
    reference = str(job.params.get("reference") or "")
    url = add_url(reference) if reference else reverse("registries:list")
    return [Advice(_("Add a registry") if reference else _("Registries"), url)]


def _sign_in_advice(signed: SignIn) -> str:
    if signed.trouble:
        words = _("The password of the registry %s can no longer be read here: give it again.")
        return words % signed.registry
    if signed.auth_config:
        words = _("The registry does not let the user of %s at this image, or there is no such image.")
        return words % signed.registry
    words = _("%s wants a sign-in for it, or has no such image, and none of the registries that you may use fits.")
    return words % signed.address
