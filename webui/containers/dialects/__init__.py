"""The languages in which a container is asked for: a `docker run` line and a compose service, read and written.

All of them meet in one value, the body of `POST /containers/create` with its HostConfig and NetworkingConfig. Nothing
here knows a form, a page or a host; what a target cannot express is named, never dropped in silence.
"""

from typing import Any

Raw = dict[str, Any]


class DialectError(ValueError):
    """What was written means nothing, or nothing that can be done from here; the text says which part and why."""
