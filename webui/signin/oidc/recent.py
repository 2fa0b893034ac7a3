"""What a provider said a moment ago. Anybody can press its button: that must not make us ask it, or wait, each time."""

import threading
import time
from typing import Final

from webui.signin.models import Provider
from webui.signin.oidc.discovery import Metadata, discover
from webui.signin.oidc.errors import ProviderFailed

# Short: meanwhile one that went down is found out by the browser, whose words are worse than ours.
_GOOD_FOR_S: Final = 10.0
# One that fails is asked again soon, by one person in these seconds.
_BAD_FOR_S: Final = 5.0
_MOST: Final = 50

_Key = tuple[str, str]
_said: dict[_Key, tuple[float, Metadata | ProviderFailed]] = {}
_lock = threading.Lock()


def metadata_of(provider: Provider) -> Metadata:
    """As `discover`, or what that said not long ago. Raises ProviderFailed."""
    key = (provider.issuer, provider.ca)
    until, said = _said.get(key, (0.0, None))
    if said is None or until < time.monotonic():
        said = _ask(provider)
        lasts_s = _BAD_FOR_S if isinstance(said, ProviderFailed) else _GOOD_FOR_S
        with _lock:
            while len(_said) >= _MOST:
                _said.pop(next(iter(_said)))
            _said[key] = (time.monotonic() + lasts_s, said)
    if isinstance(said, ProviderFailed):
        raise ProviderFailed(str(said), rule=said.rule)
    return said


def forget() -> None:
    """A provider was changed."""
    with _lock:
        _said.clear()


def _ask(provider: Provider) -> Metadata | ProviderFailed:
    try:
        return discover(provider)
    except ProviderFailed as error:
        return error
