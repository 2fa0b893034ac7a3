"""Which engine a host runs, in the words of the host switcher."""

from typing import Any

import pytest

from webui.live.picture import Picture
from webui.live.shell import engine_words

PODMAN = {"Name": "Podman Engine"}


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ({"Platform": {"Name": "Quayside Engine"}, "Version": "1.0.0", "Components": [{"Name": "Engine"}]}, "quayside"),
        ({"Platform": {"Name": ""}, "Version": "1.0.0", "Components": [{"Name": "Engine"}]}, "docker"),
        ({"Platform": {"Name": "Docker Engine - Community"}, "Version": "1.0.0"}, "docker"),
        (
            {"Platform": {"Name": "linux/amd64/debian-12"}, "Version": "1.0.0", "Components": [PODMAN]},
            "podman",
        ),
    ],
)  # fmt: skip
def test_the_engine_is_named_with_its_version_and_storage(version: dict[str, Any], words: str) -> None:
    assert engine_words(Picture("pier", version=version, storage="overlay2")) == f"{words} 1.0.0 · overlay2"


def test_without_an_answer_it_says_so() -> None:
    assert engine_words(Picture("pier")) == "waiting for an answer"
