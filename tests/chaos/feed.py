"""Keeps asking for work while everything falls over, and remembers what was taken."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
from tests.chaos.archive import Archive

from mvidarr_common.bus import Bus
from mvidarr_common.demo.site import Site
from mvidarr_common.envelope import fresh
from mvidarr_common.messages.ids import JobId, new_id
from mvidarr_common.messages.jobs import CancelJob, EnqueueJob, Noop
from mvidarr_common.telling import insist

MOST_JOBS = 60
MOST_VIDEOS = 2
"""On their way at once."""

PATIENCE = 900.0
"""Seconds after which something has been lost, and is not late."""


@dataclass
class Feed:
    """Commands through the gateway, and straight to the bus as another service might."""

    bus: Bus
    http: httpx.AsyncClient
    site: Site
    archive: Archive
    slug: str
    confirmed: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    asked_again: int = 0

    async def jobs(self) -> None:
        """No-op jobs, a few at a time, until cancelled."""
        while True:
            few = lambda: len(self.archive.open_jobs) < MOST_JOBS  # noqa: E731
            await self.archive.until(few, "an end of jobs", PATIENCE)
            await self._decided(*await asyncio.gather(*(self._job() for _ in range(5))))

    async def videos(self) -> None:
        """Real videos, until cancelled."""
        number = 0
        while True:
            few = lambda: len(self.archive.open_videos) < MOST_VIDEOS  # noqa: E731
            await self.archive.until(few, "an end of videos", PATIENCE)
            number += 1
            await self._ask(f"{self.site.url(self.slug)}?n={number}")

    async def give_up(self) -> None:
        """Cancel what waits five minutes for a disk with room, until cancelled."""
        while True:
            for job in await self.archive.until(self._stuck, "a full disk", float("inf")):
                self.given_up.add(job)
                command = fresh(CancelJob(job_id=JobId(job)), source="chaos", actor="user/chaos")
                await insist(self.bus, command)
                self.confirmed.add(command.id)

    def _stuck(self) -> list[str]:
        jobs = self.archive.jobs
        full = [id for id in self.archive.open_jobs if jobs[id].failure == "disk_full"]
        return [id for id in full if id not in self.given_up]

    async def _decided(self, *ids: str) -> None:
        outcomes = self.archive.outcomes
        await self.archive.until(lambda: all(i in outcomes for i in ids), "answers", PATIENCE)

    async def _job(self) -> str:
        command = fresh(EnqueueJob(spec=Noop()), source="chaos", actor="user/chaos")
        await insist(self.bus, command)
        self.confirmed.add(command.id)
        return command.id

    async def _ask(self, url: str) -> None:
        """The same key until it is answered, and then until the archive knows it too."""
        headers = {"Idempotency-Key": new_id(), "Prefer": "wait=0"}
        answer = await self._insist({"url": url}, headers)
        told = answer.json()
        if answer.status_code == httpx.codes.ACCEPTED:
            self.confirmed.add(told["commandId"])
            await self._decided(told["commandId"])
        else:  # decided already when it was asked again
            known = self.archive.videos
            await self.archive.until(lambda: told["id"] in known, "a video", PATIENCE)

    async def _insist(self, body: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        while True:
            with suppress(httpx.HTTPError):
                answer = await self.http.post("/api/v1/videos", json=body, headers=headers)
                if answer.is_success:
                    return answer
                assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
            self.asked_again += 1
            await asyncio.sleep(0.5)
