"""The event bus."""

import asyncio

import pytest

from engine.events import EventBus, Subscription, SubscriptionOverflow
from tests.waiting import PATIENCE_S


def _start(bus: EventBus, name: str) -> None:
    bus.publish("container", "start", name * 64, {"name": name, "image": "busybox"})


async def test_replay_and_subscription_together_miss_nothing_and_repeat_nothing() -> None:
    bus = EventBus()
    _start(bus, "a")
    with bus.subscribe() as subscription:
        replayed = [event.attributes["name"] for event in bus.replay(since_ns=0)]
        _start(bus, "b")
        event = await asyncio.wait_for(anext(aiter(subscription)), PATIENCE_S)
    assert replayed == ["a"]
    assert event.attributes["name"] == "b"


async def _read_to_the_end(subscription: Subscription) -> None:
    async for _ in subscription:
        pass


def test_times_grow_strictly_so_that_since_is_exact() -> None:
    bus = EventBus()
    for name in "abc":
        _start(bus, name)
    times = [event.time_ns for event in bus.replay(since_ns=0)]
    assert sorted(set(times)) == times
    assert [event.attributes["name"] for event in bus.replay(since_ns=times[1])] == ["b", "c"]


async def test_a_slow_listener_is_told_that_it_missed_events() -> None:
    bus = EventBus()
    with bus.subscribe() as subscription:
        for _ in range(5000):
            _start(bus, "a")
        with pytest.raises(SubscriptionOverflow):
            await asyncio.wait_for(_read_to_the_end(subscription), PATIENCE_S)


def test_the_wire_form_has_the_fields_that_older_clients_read() -> None:
    bus = EventBus()
    _start(bus, "a")
    (event,) = bus.replay(since_ns=0)
    old, new = event.to_wire((1, 41)), event.to_wire((1, 52))
    assert (old["status"], old["id"], old["from"]) == ("start", "a" * 64, "busybox")
    assert "status" not in new
    assert new["Actor"] == {"ID": "a" * 64, "Attributes": {"name": "a", "image": "busybox"}}
