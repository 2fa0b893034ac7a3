"""The language of the filter box."""

import pytest

from tests.webui.containers.test_listing import ROWS, compose, names, row
from webui.containers.filtering import holds, matcher, terms_of, toggled, without


def test_every_word_must_match() -> None:
    assert names(text="web 10") == ["web-10"]
    assert names(text="SHOP web-2") == ["web-2"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("label:tier", ["web-10"]),
        ("label:tier=front", ["web-10"]),
        ("label=tier=front", ["web-10"]),
        ("label:tier=back", []),
        ("port:8080", ["web-10"]),
        ("port:80", ["web-10"]),
        ("network:edge", ["etl"]),
        ("volume:dashboards", ["grafana"]),
        ("stack:shop !name:10", ["web-2"]),
        ("state:unhealthy", ["grafana"]),
        ("health:unhealthy", ["grafana"]),
        ("stack:shop,monitoring state:running", ["web-2", "web-10"]),
        ("exit:1", ["etl"]),
        ("image:web", ["web-2", "web-10"]),
    ],
)
def test_keys_ask_about_one_thing(text: str, found: list[str]) -> None:
    assert names(text=text) == found


def test_an_unknown_key_is_just_a_word_and_so_is_an_image_with_its_tag() -> None:
    assert names(text="colour:red") == []
    assert names(text="shop/web:4.12.0") == ["web-2", "web-10"]


def test_quotes_hold_blanks_together() -> None:
    spaced = row("spaced", Labels=compose("my shop"))
    assert matcher('stack:"my shop"')(spaced)
    assert not any(matcher('stack:"my shop"')(one) for one in ROWS)


def test_an_open_quote_or_a_lone_sign_is_no_error() -> None:
    for text in ('"', "!", ":", "label:", 'stack:"a', "!!", "="):
        names(text=text)


def test_clicking_a_value_puts_it_in_and_takes_it_out() -> None:
    once = toggled("web", "stack", "shop")
    assert once == "web stack:shop"
    assert holds(once, "stack", "shop")
    twice = toggled(once, "stack", "My Shop")
    assert twice == 'web stack:"shop,my shop"'
    assert toggled(twice, "stack", "shop") == 'web stack:"my shop"'
    assert toggled(once, "stack", "shop") == "web"


def test_a_second_label_is_an_and() -> None:
    both = toggled("label:env=prod", "label", "tier=web")
    assert both == "label:env=prod label:tier=web"
    assert toggled(both, "label", "env=prod") == "label:tier=web"


def test_a_term_can_be_taken_out_by_itself() -> None:
    text = 'web stack:"my shop" !label:env'
    [_word, stack, label] = terms_of(text)
    assert (stack.key, stack.value) == ("stack", "my shop")
    assert label.is_negated
    assert without(text, stack) == "web !label:env"


def test_an_image_without_a_tag_is_the_latest() -> None:
    assert names(text="busybox:latest ended") == ["ended"]
    assert names(text="image:busybox:latest name:ended") == ["ended"]
    assert names(text="debian:latest") == []
