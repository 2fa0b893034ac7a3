"""What to do about a pull that failed, read from the words in which Docker's engines and registries say why."""

import re
from collections.abc import Callable
from typing import Final

from django.utils.translation import gettext as _

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
        re.compile("toomanyrequests|too many requests|429"),
        lambda: _("The registry has had enough for now. Sign in there, use a mirror, or try again later."),
    ),
    (
        re.compile("no space left on device"),
        lambda: _("The host's disk is full. Remove images that nothing uses, then try again."),
    ),
    (
        re.compile("unauthorized|authentication required|no basic auth|denied"),
        lambda: _("The registry wants a sign-in, or there is no such image for whoever asks."),
    ),
    (
        re.compile("manifest unknown|not found|does not exist|no such manifest"),
        lambda: _("The registry has no such image. Are its name and tag right?"),
    ),
)


def with_advice(message: str) -> str:
    """The failure as the engine told it, and behind it what to do, where that can be known.

    >>> with_advice("manifest unknown")
    'manifest unknown. The registry has no such image. Are its name and tag right?'
    """
    for words, advice in _ADVICE:
        if words.search(message):
            return f"{message.rstrip('. ')}. {advice()}"
    return message
