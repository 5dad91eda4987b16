"""What a client does with a running system, and what can be seen of it from outside."""

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from mvidarr_common.cli.client import Client
from mvidarr_common.cli.demo.accounting import TERMINAL, all_jobs, damaged, unanswered
from mvidarr_common.cli.log import records_after
from mvidarr_common.ffmpeg import wheel_ffmpeg
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.profiles import Recipe
from mvidarr_common.messages.queries import (
    JobView,
    ParkedMessages,
    ParkedView,
    ProfileView,
    RecordView,
    VideoView,
)

from .conditions import eventually

PATIENCE = 60.0
MARKERS = (".ignore", ".nomedia")
"""Files with a dot in front that belong into the library."""

_DRAFTS = (".part", ".ytdl", ".tmp", ".draft", ".new")
_DONE = ("ready", "failed", "ignored", "deleted")


async def add(client: Client, url: str, profile: str = "default", **known: str) -> VideoView:
    """Ask for the video on a page."""
    body = {"url": url, "known": known, "profileId": profile}
    told = await client.tell("/videos", VideoView, body, wait=30)
    assert told.state is not None, f"{url} is not decided yet"
    return told.state


async def transcoding_profile(client: Client, recipe: Recipe) -> str:
    """The id of a new profile that asks for this recipe."""
    told = await client.tell("/profiles", ProfileView, {"name": recipe, "transcode": recipe})
    assert told.state is not None
    return told.state.id


async def video(client: Client, id: str) -> VideoView:
    """One video as it is now."""
    return await client.get(f"/videos/{id}", VideoView)


async def ended(client: Client, ids: Sequence[str], within: float = PATIENCE) -> list[VideoView]:
    """These videos, once none of them is on its way any more."""

    async def all_ended() -> list[VideoView]:
        videos = [await video(client, id) for id in ids]
        states = [each.state for each in videos]
        assert all(state in _DONE for state in states), states
        return videos

    return await eventually(all_ended, within, every=0.1)


async def quiet(client: Client, within: float = PATIENCE) -> list[JobView]:
    """Every job there is, once all have ended."""

    jobs: list[JobView] = []

    async def all_over() -> bool:
        jobs[:] = await all_jobs(client)
        left = [(job.kind, job.state, job.failure) for job in jobs if job.state not in TERMINAL]
        assert not left, left
        return True

    await eventually(all_over, within, every=0.1)
    return jobs


async def running_job(client: Client, video_id: str, kind: str) -> JobView:
    """The job of this kind for a video, once a worker has begun it."""

    async def running() -> JobView:
        jobs = await all_jobs(client)
        found = [j for j in jobs if j.for_subject == f"video/{video_id}" and j.kind == kind]
        assert found, "not there yet"
        assert found[0].state == "running", found[0].state
        return found[0]

    return await eventually(running, PATIENCE, every=0.05)


async def log(client: Client) -> list[RecordView]:
    """The whole log, oldest first."""
    return await records_after(client, -1)


async def times_told(client: Client, type: str, video_id: str) -> int:
    """How often the log says this of a video."""
    subject = f"video/{video_id}"
    return sum(r.type == type and r.subject == subject for r in await log(client))


async def nothing_lost(
    client: Client, videos: Sequence[VideoView], root: DataRoot, within: float = PATIENCE
) -> None:
    """Wait until every job has ended and every command has an answer; nothing may be parked, and
    every file must be what was verified."""

    async def all_there() -> bool:
        await quiet(client)
        found = unanswered(await log(client))
        found += await asyncio.to_thread(damaged, videos, root)
        found += [message.error for message in await parked(client)]
        assert not found, found
        return True

    await eventually(all_there, within, every=0.2)


async def parked(client: Client) -> tuple[ParkedView, ...]:
    """Messages that nobody could handle."""
    return (await client.get("/parked", ParkedMessages, limit=500)).items


async def nothing_left(root: DataRoot, within: float = PATIENCE) -> None:
    """Wait until nothing temporary lies below the data root."""

    def left() -> bool:
        found = sorted(str(path.relative_to(root.path)) for path in _temporary(root))
        assert not found, found
        return True

    await eventually(left, within, every=0.1)


def _temporary(root: DataRoot) -> Iterator[Path]:
    """Everything in staging, and what a writer has not finished anywhere else."""
    staging = root.path / "staging"
    for path in root.path.rglob("*"):
        if path.is_relative_to(staging):
            if path != staging:
                yield path
        elif path.suffix in _DRAFTS or (_hidden(path, root) and path.name not in MARKERS):
            yield path


def _hidden(path: Path, root: DataRoot) -> bool:
    return path.is_file() and path.name.startswith(".") and path.parent != root.path


async def plays(path: Path) -> bool:
    """Whether FFmpeg decodes every stream to the end without a complaint."""
    return not await asyncio.to_thread(_complaints, path)


def _complaints(path: Path) -> str:
    command = [wheel_ffmpeg(), "-v", "error", "-xerror", "-nostdin"]
    done = subprocess.run(
        [*command, "-i", str(path), "-map", "0", "-f", "null", "-"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stderr + ("" if done.returncode == 0 else f"ended with {done.returncode}")
