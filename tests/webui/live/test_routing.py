import pytest
from django.core.exceptions import ImproperlyConfigured

from webui.live.consumers.base import LiveConsumer
from webui.live.routing import declared, is_same_origin


def test_a_websocket_that_declares_nothing_is_refused_at_start_up() -> None:
    class Forgotten(LiveConsumer):
        pass

    with pytest.raises(ImproperlyConfigured, match="Forgotten does not declare"):
        declared([Forgotten])


def test_a_websocket_that_needs_what_no_role_can_hold_is_refused_at_start_up() -> None:
    class Misspelt(LiveConsumer):
        needs = "container.stat"

    with pytest.raises(ImproperlyConfigured, match="no operation of the gate's table"):
        declared([Misspelt])


def test_only_pages_of_this_console_may_open_a_websocket() -> None:
    assert is_same_origin("https://quayside.example:8443", "quayside.example:8443")
    assert not is_same_origin("https://evil.example", "quayside.example")
    assert not is_same_origin("https://quayside.example.evil.example", "quayside.example")
    assert not is_same_origin("null", "quayside.example")
