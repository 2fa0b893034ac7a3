"""What happened on this engine, told in order to whoever listens, and kept for a while for those who ask later."""

from engine.events.bus import Event, EventBus, Publish, Subscription, SubscriptionOverflow

__all__ = ["Event", "EventBus", "Publish", "Subscription", "SubscriptionOverflow"]
