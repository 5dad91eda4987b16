"""The rules by which waiting work goes to the workers: of queues, sites, requesters and kinds."""

from fastapi import Request, Response

from mvidarr_api_gateway.commanding import NOTHING, perform
from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes
from mvidarr_common.messages.dispatch import (
    ChangeQueue,
    ChangeQuota,
    ChangeRetryPolicy,
    Pace,
    QueueChanges,
    QuotaRules,
    RetryPolicy,
    SetPace,
)
from mvidarr_common.messages.dispatch_queries import (
    ListPaces,
    ListQueues,
    ListQuotas,
    ListRetryPolicies,
    Paces,
    Queues,
    Quotas,
    RetryPolicies,
)

router = guarded_router("/api/v1", "dispatch")


class QueueBody(QueueChanges, extra="forbid"):
    """What is given is set."""


class PaceBody(Pace, extra="forbid"):
    """The whole rules of a site."""


class QuotaBody(QuotaRules, extra="forbid"):
    """The whole quota of a requester."""


class PolicyBody(RetryPolicy, extra="forbid"):
    """The whole policy of a kind of job."""


@router.get("/queues", openapi_extra=needs("readonly"), response_model=Queues)
async def queues(deps: Given) -> Response:
    """Every queue with its rules and its jobs by state."""
    return json_bytes(await deps.reads.get(ListQueues()))


@router.patch("/queues/{queue}", openapi_extra=needs("manager"), status_code=204)
async def change_queue(queue: str, body: QueueBody, request: Request) -> Response:
    """Pause or resume it, or say at which hours it works; `all` is all of them."""
    return await perform(request, ChangeQueue(queue=queue, changes=body), NOTHING)


@router.get("/paces", openapi_extra=needs("readonly"), response_model=Paces)
async def sites(deps: Given) -> Response:
    """The sites that have rules, or have asked for a pause."""
    return json_bytes(await deps.reads.get(ListPaces()))


@router.put("/paces/{site}", openapi_extra=needs("manager"), status_code=204)
async def set_pace(site: str, body: PaceBody, request: Request) -> Response:
    """Say how many jobs may go there at once and in a minute; `all` is for sites without rules."""
    return await perform(request, SetPace(site=site, rules=body), NOTHING)


@router.get("/quotas", openapi_extra=needs("admin"), response_model=Quotas)
async def quotas(deps: Given) -> Response:
    """Who may have how much, and has it."""
    return json_bytes(await deps.reads.get(ListQuotas()))


@router.put("/quotas/{requester:path}", openapi_extra=needs("admin"), status_code=204)
async def change_quota(requester: str, body: QuotaBody, request: Request) -> Response:
    """Say what somebody such as `user/…` may have; `all` is for those without a quota."""
    return await perform(request, ChangeQuota(requester=requester, rules=body), NOTHING)


@router.get("/retry-policies", openapi_extra=needs("readonly"), response_model=RetryPolicies)
async def policies(deps: Given) -> Response:
    """When a failed attempt of each kind of job is worth another."""
    return json_bytes(await deps.reads.get(ListRetryPolicies()))


@router.put("/retry-policies/{kind}", openapi_extra=needs("admin"), status_code=204)
async def change_policy(kind: str, body: PolicyBody, request: Request) -> Response:
    """Say it anew."""
    return await perform(request, ChangeRetryPolicy(kind_of_job=kind, policy=body), NOTHING)
