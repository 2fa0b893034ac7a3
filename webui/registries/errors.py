"""Why a registry did not give what it was asked for."""

from typing import Literal

Why = Literal[
    "address", "name", "refused", "silent", "certificate", "plain", "not a registry", "sign-in", "password",
    "not there", "rate", "broken", "busy",
]  # fmt: skip


class RegistryFailed(Exception):
    """The text says in words for a person what was asked and what happened; it never holds a password.

    `why` is for deciding what to do next; `retry_after_s` is how long the registry wants to be left alone, 0 where it
    did not say.
    """

    def __init__(self, words: str, *, why: Why, retry_after_s: int = 0) -> None:
        super().__init__(words)
        self.why: Why = why
        self.retry_after_s = retry_after_s
