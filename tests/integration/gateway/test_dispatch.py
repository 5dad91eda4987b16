"""The rules of dispatch over HTTP: set, shown, and refused where they make no sense."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from mvidarr_common.messages.identity import Role
from mvidarr_common.testing.conditions import eventually

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
V1 = "/api/v1"
MANY = 300
NIGHT = {"windows": [{"days": ["fri"], "begins": "22:00", "ends": "06:00"}], "zone": "UTC"}


async def items(client: httpx.AsyncClient, path: str, key: str) -> dict[str, Any]:
    """The items of a list by one of their fields."""
    found = (await client.get(V1 + path)).json()["items"]
    return {each[key]: each for each in found}


async def test_rules_are_set_and_shown(as_: As) -> None:
    client = await as_("admin")
    for method, path, body in (
        ("PATCH", "/queues/download", {"paused": True}),
        ("PATCH", "/queues/download", {"schedule": NIGHT}),
        ("PUT", "/paces/a.example", {"atOnce": 2, "perMinute": 30}),
        ("PUT", "/quotas/user/somebody", {"open": 100}),
        ("PUT", "/retry-policies/download", {"attempts": 9, "never": ["gone"]}),
    ):
        answer = await client.request(method, V1 + path, json=body)
        assert answer.status_code == 204, answer.text
    queue = (await items(client, "/queues", "queue"))["download"]
    assert (queue["paused"], queue["schedule"]) == (True, NIGHT)
    rules = (await items(client, "/paces", "site"))["a.example"]["rules"]
    assert (rules["atOnce"], rules["perMinute"], rules["burst"]) == (2, 30, 1)
    assert (await items(client, "/quotas", "requester"))["user/somebody"]["rules"]["open"] == 100
    policy = (await items(client, "/retry-policies", "kind"))["download"]["policy"]
    assert (policy["attempts"], policy["never"]) == (9, ["gone"])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PATCH", "/queues/none", {"paused": True}, 404, "queue_not_found"),
        ("PATCH", "/queues/all", {"schedule": {"zone": "Mars"}}, 422, "invalid_time_zone"),
        ("PATCH", "/queues/all", {"pausd": True}, 422, "invalid_body"),
        ("PUT", "/paces/a.example", {"perMinute": 0}, 422, "invalid_body"),
        ("PUT", "/quotas/all", {"open": -1}, 422, "invalid_body"),
        ("PUT", "/retry-policies/dance", {}, 404, "kind_not_found"),
        ("PATCH", "/jobs/none", {"priority": 3}, 404, "job_not_found"),
        ("PATCH", "/jobs/none", {"priority": 10}, 422, "invalid_body"),
    ],
)
async def test_rules_that_make_no_sense_are_refused(
    as_: As, method: str, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await (await as_("admin")).request(method, V1 + path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_job_is_moved_forward_paused_and_resumed(as_: As) -> None:
    client = await as_("admin")
    await client.patch(f"{V1}/queues/noop", json={"paused": True})
    made = (await client.post(f"{V1}/jobs", json={"spec": {"kind": "noop"}, "priority": 2})).json()
    job = f"{V1}/jobs/{made['id']}"
    moved = (await client.patch(job, json={"priority": 9})).json()
    assert (moved["priority"], moved["state"]) == (9, "waiting")
    assert (await client.post(f"{job}/pause")).json()["state"] == "paused"
    assert (await client.post(f"{job}/resume")).json()["state"] == "waiting"


async def test_many_jobs_come_in_one_request_and_all_that_match_are_cancelled(as_: As) -> None:
    """The request is larger than any other may be."""
    client = await as_("admin")
    await client.patch(f"{V1}/queues/noop", json={"paused": True})
    specs = [{"kind": "noop", "payload": "x" * 4000} for _ in range(MANY)]
    many = await client.post(f"{V1}/jobs/bulk", json={"specs": specs, "priority": 3})
    assert (many.status_code, many.json()["total"]) == (201, MANY)
    assert (await ended(client, many))["done"] == MANY
    cancelled = await client.post(f"{V1}/jobs/cancel", json={"filter": "priority = 3"})
    assert (await ended(client, cancelled))["done"] == MANY
    queue = (await items(client, "/queues", "queue"))["noop"]
    assert sum(queue["jobs"].values()) == 0


async def ended(client: httpx.AsyncClient, begun: httpx.Response) -> dict[str, Any]:
    """A batch at its end."""
    at = f"{V1}/jobs/batches/{begun.json()['id']}"

    async def there() -> bool:
        return bool((await client.get(at)).json()["ended"])

    await eventually(there, within=30)
    found: dict[str, Any] = (await client.get(at)).json()
    return found
