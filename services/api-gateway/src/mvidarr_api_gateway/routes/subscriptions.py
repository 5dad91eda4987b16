"""Subscriptions: who is told of what. Addresses and secrets are sealed before they are said."""

from fastapi import Request, Response

from mvidarr_api_gateway.addresses import require_reachable
from mvidarr_api_gateway.bodies import SubscriptionBody
from mvidarr_api_gateway.commanding import NOTHING, Reply, command_id, perform
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.errors import Invalid
from mvidarr_common.messages.ids import SubscriptionId, derive
from mvidarr_common.messages.notify import (
    TELLABLE,
    DeleteSubscription,
    SaveSubscription,
    SubscriptionSaved,
)
from mvidarr_common.messages.queries import (
    GetSubscription,
    ListSubscriptions,
    Subscriptions,
    SubscriptionView,
)

router = guarded_router("/api/v1/subscriptions", "subscriptions")
PLACE = "/api/v1/subscriptions"


@router.get("", openapi_extra=needs("manager"), response_model=Subscriptions)
async def subscriptions(deps: Given) -> Response:
    """All of them, without their addresses."""
    return json_bytes(await deps.reads.get(ListSubscriptions()))


@router.post("", openapi_extra=needs("manager"), response_model=SubscriptionView, status_code=201)
async def create(body: SubscriptionBody, request: Request, deps: Given) -> Response:
    """Tell an address of events."""
    id = SubscriptionId(derive(command_id(request), "subscription"))
    reply = Reply(SubscriptionSaved, lambda _: GetSubscription(id=id), PLACE)
    return await perform(request, await _sealed(id, body, deps), reply)


@router.get("/{id}", openapi_extra=needs("manager"), response_model=SubscriptionView)
async def subscription(id: SubscriptionId, deps: Given) -> Response:
    """One subscription."""
    return json_bytes(await deps.reads.get(GetSubscription(id=id)))


@router.put("/{id}", openapi_extra=needs("manager"), response_model=SubscriptionView)
async def replace(
    id: SubscriptionId, body: SubscriptionBody, request: Request, deps: Given
) -> Response:
    """Replace a subscription that there is."""
    await deps.reads.get(GetSubscription(id=id))
    reply = Reply(show=lambda _: GetSubscription(id=id))
    return await perform(request, await _sealed(id, body, deps), reply)


@router.delete("/{id}", openapi_extra=needs("manager"), status_code=204)
async def delete(id: SubscriptionId, request: Request) -> Response:
    """Tell it nothing more."""
    return await perform(request, DeleteSubscription(subscription_id=id), NOTHING)


async def _sealed(id: SubscriptionId, body: SubscriptionBody, deps: Deps) -> SaveSubscription:
    address = body.address.get_secret_value()
    await require_reachable(body.channel, address, deps.settings)
    _require_events(body.events)
    return SaveSubscription(
        subscription_id=id,
        name=body.name,
        channel=body.channel,
        address=deps.key.seal(address),
        secret=deps.key.seal(body.secret.get_secret_value()) if body.secret else None,
        events=body.events,
        enabled=body.enabled,
    )


def _require_events(names: tuple[str, ...]) -> None:
    for name in names:
        if name not in TELLABLE:
            known = ", ".join(TELLABLE)
            raise Invalid("invalid_event", f"{name!r} is never told; what is told: {known}.")
