"""What engines say when they refuse, as people read it."""

import pytest

from webui.resources import refusal_words

WEB = "c0ffee" * 10 + "c0ff"
NAMES = {WEB: "shop-web-1"}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "conflict: unable to delete 5f0dbe2cb4a1 (must be forced) - image is being used by stopped container "
            f"{WEB[:12]}",
            "The container shop-web-1 is made of it.",
        ),
        (
            "conflict: unable to delete 5f0dbe2cb4a1 (cannot be forced) - image is being used by running container abc",
            "The container abc is made of it.",
        ),
        (f"remove data: volume is in use - [{WEB}]", "The container shop-web-1 mounts it."),
        (
            'error while removing network: network shop has active endpoints (name:"shop-web-1" id:"0123456789ab")',
            "shop-web-1 is still on it.",
        ),
        (
            "driver failed programming external connectivity on endpoint web: Bind for 0.0.0.0:8080 failed: "
            "port is already allocated",
            "Port 8080 of the host is taken.",
        ),
        (
            'OCI runtime create failed: exec: "no-such": executable file not found in $PATH: unknown',
            "Its image has no program “no-such”.",
        ),
        ("write /x: no space left on device", "There is no room left where this would go: the host's disk"),
        ("cannot set memory.limit_in_bytes to 9: Device or resource busy", "It uses more memory than that right now"),
        ("container rootfs is marked read-only", "This container's own files are read-only"),
    ],
)  # fmt: skip
def test_a_refusal_names_what_is_in_the_way_and_what_to_do(message: str, words: str) -> None:
    assert refusal_words(message, NAMES).startswith(words)


def test_what_is_not_known_stays_as_it_is_with_names_in_place_of_ids() -> None:
    assert refusal_words(f"container {WEB} is tired", NAMES) == "container shop-web-1 is tired"
