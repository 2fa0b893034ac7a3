"""The registries that this console has a way into: whose each is, what it is asked by, and what it has.

    choose(actor, "ghcr.io/shop/web:4")            the registry that fits best of those the actor may use, or None
    sign_in(actor, host, reference, purpose="…")   docker-py's `auth_config` for a pull or push; writes the audit entry

Whoever may not see a registry is told of none. Passwords leave here in one way only: in the X-Registry-Auth header to
a host, and to the registry itself.
"""

from webui.registries.choosing import choose, usable
from webui.registries.names import ImageName, image_name
from webui.registries.signing import SignIn, add_url, sign_in

__all__ = ["ImageName", "SignIn", "add_url", "choose", "image_name", "sign_in", "usable"]
