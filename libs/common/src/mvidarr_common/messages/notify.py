"""Who wants to be told of what, and how they are reached."""

from typing import Literal

from pydantic import Field

from .base import Command, Event, Value
from .ids import SubscriptionId

Channel = Literal["webhook", "apprise"]
Level = Literal["info", "success", "warning", "failure"]

TELLABLE = (
    "artist.followed",
    "job.given_up",
    "video.added",
    "video.deleted",
    "video.failed",
    "video.ready",
)
"""The wire names of the events that people can be told of: what a subscription may name."""


class Announcement(Value):
    """Something worth telling, finished: a channel sends it and knows no event.

    `event_type` is the event's wire name, such as "video.ready".
    """

    event_id: str
    event_type: str
    time: str
    title: str
    body: str
    subject: str
    level: Level = "info"
    data: dict[str, object] = Field(default_factory=dict)


class SaveSubscription(Command, wire="subscription.save", about="subscription:subscription_id"):
    """Tell this address of these events. `events` are wire names; empty means all worth telling.

    `address` and `secret` are sealed with the instance key: an Apprise URL holds credentials.
    """

    subscription_id: SubscriptionId
    name: str = Field(min_length=1, max_length=100)
    channel: Channel
    address: str
    secret: str | None = None
    events: tuple[str, ...] = ()
    enabled: bool = True


class DeleteSubscription(Command, wire="subscription.delete", about="subscription:subscription_id"):
    subscription_id: SubscriptionId


class SubscriptionSaved(Event, wire="subscription.saved", about="subscription:subscription_id"):
    subscription_id: SubscriptionId
    name: str
    channel: Channel
    address: str
    secret: str | None = None
    events: tuple[str, ...] = ()
    enabled: bool = True


class SubscriptionDeleted(Event, wire="subscription.deleted", about="subscription:subscription_id"):
    subscription_id: SubscriptionId
