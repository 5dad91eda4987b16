"""Runs, as the gateway shows them: what the catalog knows, and what the workers say meanwhile."""

from typing import Any

import httpx
from tests.integration.gateway.conftest import As

from mvidarr_api_gateway.deps import Deps
from mvidarr_common.envelope import fresh
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobProgressed
from mvidarr_common.testing.conditions import eventually


async def test_a_run_is_as_far_as_its_running_jobs_have_said(as_: As, deps: Deps) -> None:
    client = await as_("admin")
    await client.post("/api/v1/videos", json={"url": "http://127.0.0.1/watch/1"})

    async def begun() -> dict[str, Any]:
        found = (await client.get("/api/v1/runs")).json()["items"]
        assert found
        assert found[0]["steps"][0]["jobId"]
        return dict(found[0])

    run = await eventually(begun)
    [first, *_] = run["steps"]
    assert (run["fraction"], first["fraction"], first["weight"]) == (0, 0, 4)
    await say(deps, first["jobId"], 0.5)
    shown = (await client.get(f"/api/v1/runs/{run['id']}")).json()
    assert shown["steps"][0]["fraction"] == 0.5
    assert shown["fraction"] == 0.5 * 4 / sum(step["weight"] for step in shown["steps"])
    assert await listed(client) == shown["fraction"]


async def say(deps: Deps, job_id: str, fraction: float) -> None:
    word = JobProgressed(job_id=JobId(job_id), attempt=1, stage="video", fraction=fraction)
    await deps.bus.signal(fresh(word, source="test"))
    await eventually(lambda: deps.progress.of(JobId(job_id)))


async def listed(client: httpx.AsyncClient) -> object:
    [run] = (await client.get("/api/v1/runs")).json()["items"]
    return run["fraction"]
