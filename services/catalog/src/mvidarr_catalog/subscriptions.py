"""The subscriptions: who wants to be told of what. Addresses and secrets stay sealed."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import sqlalchemy as sa

from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.ids import SubscriptionId
from mvidarr_common.messages.notify import (
    Channel,
    DeleteSubscription,
    SaveSubscription,
    SubscriptionDeleted,
    SubscriptionSaved,
)
from mvidarr_common.messages.queries import (
    GetSubscription,
    ListSubscriptions,
    SealedSubscription,
    SealedSubscriptions,
    Subscriptions,
    SubscriptionsTo,
    SubscriptionView,
)

from .brain.driver import fetch
from .brain.model import Decision, ReadModel
from .brain.reading import Read
from .brain.rows import Row, from_columns, table_of
from .brain.state import Known, State


class Subscription(Row, table="subscriptions", subject="subscription"):
    """One subscription; no events means all that are worth telling."""

    name: str
    channel: Channel
    address: str
    secret: str | None
    events: tuple[str, ...]
    enabled: bool


model = ReadModel(rows=(Subscription,), version=1)


@model.fold
def saved(event: SubscriptionSaved, _: Envelope, state: State) -> None:
    fields = event.model_dump(by_alias=False, exclude={"subscription_id"})
    state.put(Subscription(id=event.subscription_id, **fields))


@model.fold
def deleted(event: SubscriptionDeleted, _: Envelope, state: State) -> None:
    state.drop(Subscription, event.subscription_id)


@model.decide
def save(command: SaveSubscription, _: Envelope, __: Known) -> Iterator[Decision]:
    yield SubscriptionSaved(**command.model_dump(by_alias=False))


@model.decide
def delete(command: DeleteSubscription, _: Envelope, state: Known) -> Iterator[Decision]:
    if state.get(Subscription, command.subscription_id) is None:
        id = command.subscription_id
        raise NotFound("subscription_not_found", f"There is no subscription {id}.")
    yield SubscriptionDeleted(subscription_id=command.subscription_id)


@model.query
async def get(query: GetSubscription, read: Read) -> SubscriptionView:
    return _view(await read.one(Subscription, query.id, "subscription"))


@model.query
async def list_subscriptions(_: ListSubscriptions, read: Read) -> Subscriptions:
    return Subscriptions(items=tuple(_view(row) for row in await read.rows(Subscription)))


@model.query
async def subscriptions_to(query: SubscriptionsTo, read: Read) -> SealedSubscriptions:
    found = await fetch(read.connection, _enabled(read.checkpoint.generation))
    rows = [from_columns(Subscription, each) for each in found]
    wanting = [row for row in rows if not row.events or query.event_type in row.events]
    return SealedSubscriptions(items=tuple(_sealed(row) for row in wanting))


@cache
def _enabled(generation: int) -> sa.Select[Any]:
    """Kept, since it is asked with every event that may be worth telling."""
    table = table_of(Subscription, generation)
    return sa.select(table).where(table.c.enabled).order_by(table.c.id)


def _view(row: Subscription) -> SubscriptionView:
    return SubscriptionView(
        id=SubscriptionId(row.id),
        name=row.name,
        channel=row.channel,
        events=row.events,
        enabled=row.enabled,
    )


def _sealed(row: Subscription) -> SealedSubscription:
    return SealedSubscription(
        id=SubscriptionId(row.id),
        channel=row.channel,
        address=row.address,
        secret=row.secret,
        events=row.events,
    )
