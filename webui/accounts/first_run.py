"""The way in for whoever starts the console for the first time."""

from django.urls import reverse

from webui.accounts.set_up import new_set_up_token


def set_up_path() -> str | None:
    """The path of a fresh one-time link, which ends every earlier one; None when there is an administrator."""
    token = new_set_up_token()
    return reverse("accounts:set-up", args=[token]) if token else None
