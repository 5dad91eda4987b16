"""The demo: everything starts, three videos are asked for, two become ready and one is refused."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mvidarr_common.cli.access import Access
from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.cli.history import history_of, records_table
from mvidarr_common.cli.library import follow_videos, library_table
from mvidarr_common.cli.login import enter
from mvidarr_common.cli.output import console, say
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.receiver import Receiver
from mvidarr_common.demo.samples import Sample, make_samples
from mvidarr_common.demo.site import Site
from mvidarr_common.demo.webhook import notices
from mvidarr_common.errors import Problem
from mvidarr_common.files import DataRoot
from mvidarr_common.messages import Value
from mvidarr_common.messages.queries import JobView, Subscriptions, SubscriptionView, VideoView

from .accounting import Account, all_jobs, position, settled
from .disk import files_tree
from .instance import Place, first_login, running

NAME = "mvidarr demo"
EVENTS = ("video.ready", "video.failed")
SECONDS_TO_FETCH = 1.5
"""The site serves each file over this time, so that there is something to see."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A page to be fetched, and whether its video is damaged."""

    url: str
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """What every step of the demo uses."""

    client: Client
    place: Place
    pid: int
    receiver: Receiver
    secret: str
    wishes: tuple[Wish, ...]


async def tell_story(place: Place, urls: Sequence[str], keep: bool, deadline: float) -> str:
    """Play it; the last line. Raises Problem if anything is not as expected."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        async with asyncio.timeout(deadline), AsyncExitStack() as stack:
            stage = await stack.enter_async_context(_set_stage(place, urls, keep))
            return await _play(stage, keep)
    except TimeoutError:
        raise Problem("too_slow", f"The demo was not over after {deadline:g} seconds.") from None


@asynccontextmanager
async def _set_stage(place: Place, urls: Sequence[str], keep: bool) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        wishes = await _wishes(stack, place.folder / "samples", urls)
        receiver = await stack.enter_async_context(Receiver())
        began = asyncio.get_running_loop().time()
        process = await stack.enter_async_context(running(place, keep))
        took = asyncio.get_running_loop().time() - began
        say(f"Five services are ready at {place.address} after {took:.1f} s.")
        access = await _log_in(place)
        client = await stack.enter_async_context(open_client(access))
        yield Stage(client, place, process.pid, receiver, secrets.token_urlsafe(24), wishes)


async def _wishes(stack: AsyncExitStack, folder: Path, urls: Sequence[str]) -> tuple[Wish, ...]:
    """The given pages; or a site with three samples, one of them cut off in the middle."""
    if urls:
        return tuple(Wish(url) for url in urls)
    samples = await asyncio.to_thread(make_samples, folder)
    site = await stack.enter_async_context(Site(samples))
    for sample in samples:
        site.media[sample.slug] = Conduct(rate=int(sample.path.stat().st_size / SECONDS_TO_FETCH))
        say(f"  {site.url(sample.slug)}  {_described(sample)}", "dim")
    return tuple(Wish(site.url(sample.slug), sample.damaged) for sample in samples)


def _described(sample: Sample) -> str:
    size = f"{sample.path.stat().st_size / 1e6:.1f} MB {sample.path.suffix[1:]}"
    return f"{sample.artist} – {sample.title}, {size}{', cut off' if sample.damaged else ''}"


async def _log_in(place: Place) -> Access:
    username, password = await first_login(place)
    entered = await enter(place.address, username, password)
    say(f"Logged in as {username}, with the password generated at the first start.")
    return entered


async def _play(stage: Stage, keep: bool) -> str:
    after, earlier = await _before(stage.client)
    subscription = await _subscribe(stage)
    videos = await _acquire(stage)
    await _show_notices(stage)
    root = DataRoot(stage.place.data)
    result = await settled(stage.client, after, earlier, videos, root, limit=30)
    await _show(stage, videos)
    _require_as_expected(stage.wishes, videos, result)
    await _unsubscribe(stage.client, subscription)
    if keep:
        await _say_where(stage.place, stage.pid)
    return _verdict(videos, result)


async def _before(client: Client) -> tuple[int, frozenset[str]]:
    """Where the log is, and the jobs that are there; an instance of our own begins at nothing."""
    jobs = frozenset(job.id for job in await all_jobs(client))
    return (await position(client) if jobs else -1), jobs


async def _subscribe(stage: Stage) -> str:
    """A webhook for this run; those of runs that were killed lead nowhere any more."""
    known = await stage.client.get("/subscriptions", Subscriptions)
    for old in known.items:
        if old.name == NAME:
            await _unsubscribe(stage.client, old.id)
    body = {
        "name": NAME, "channel": "webhook", "address": stage.receiver.url,
        "secret": stage.secret, "events": EVENTS, "enabled": True,
    }  # fmt: skip
    told = await stage.client.tell("/subscriptions", SubscriptionView, body)
    if told.state is None:
        raise Problem("no_subscription", "The subscription was not decided in time.")
    say(f"A webhook at {stage.receiver.url} will be told.")
    return told.state.id


async def _unsubscribe(client: Client, id: str) -> None:
    await client.tell(f"/subscriptions/{id}", Value, method="DELETE")


async def _acquire(stage: Stage) -> list[VideoView]:
    """Add the pages as a client would, and watch until each is ready or failed."""
    client = stage.client
    events = client.events("jobs", "library")
    async with aclosing(events):
        await anext(events)  # from here on nothing is missed
        ids = [await _add(client, wish.url) for wish in stage.wishes]
        await follow_videos(client, events, ids)
    return [await _ended(client, id) for id in ids]


async def _ended(client: Client, id: str) -> VideoView:
    """A video after its end: the event may be here a moment before the catalog shows it."""
    while True:
        video = await client.get(f"/videos/{id}", VideoView)
        if video.state in ("ready", "failed"):
            return video
        await asyncio.sleep(0.05)


async def _add(client: Client, url: str) -> str:
    told = await client.tell("/videos", VideoView, {"url": url})
    if told.state is None:
        raise Problem("not_decided", f"{url} was accepted and not decided in time.")
    say(f"POST /api/v1/videos {url} → video {told.state.id}", "dim")
    return told.state.id


async def _show_notices(stage: Stage) -> None:
    for notice in await notices(stage.receiver, stage.secret, len(stage.wishes), 30):
        told = notice.announcement
        say(f"⚑ webhook     {told.title}  ({told.event_type}, signature is right)", "magenta")


async def _show(stage: Stage, videos: Sequence[VideoView]) -> None:
    console.print()
    console.print(library_table(videos))
    for video in videos:
        if video.failure:
            say(f"{video.title or video.url} was refused: {video.failure.message}", "red")
    shown = next((video for video in videos if video.state == "ready"), videos[0])
    records = await history_of(stage.client, f"video/{shown.id}")
    console.print()
    console.print(records_table(records, title=f"History of {shown.title}"))
    console.print()
    console.print(await asyncio.to_thread(files_tree, stage.place.data))


def _require_as_expected(
    wishes: Sequence[Wish], videos: Sequence[VideoView], result: Account
) -> None:
    if result.lost:
        raise Problem("lost", "; ".join(result.lost))
    for wish, video in zip(wishes, videos, strict=True):
        if video.state != ("failed" if wish.damaged else "ready"):
            why = video.failure.message if video.failure else "It should have been refused."
            raise Problem("unexpected", f"{wish.url} is {video.state}: {why}")


def _verdict(videos: Sequence[VideoView], result: Account) -> str:
    ready = sum(video.state == "ready" for video in videos)
    refused = [video for video in videos if video.state == "failed"]
    reasons = ", ".join(sorted({_reason(video, result.jobs) for video in refused}))
    return (
        f"demo: {ready} video{'s' * (ready != 1)} ready, {len(refused)} refused"
        f"{f' ({reasons})' if reasons else ''}, {len(result.jobs)} jobs, "
        f"{result.records} log records, {len(result.lost)} lost"
    )


def _reason(video: VideoView, jobs: Sequence[JobView]) -> str:
    """What verifying refuses is damaged; anything else has its code."""
    failed = [j for j in jobs if j.for_subject == f"video/{video.id}" and j.state == "failed"]
    if any(job.kind == "verify" for job in failed):
        return "damaged"
    return video.failure.code if video.failure else "no reason"


async def _say_where(place: Place, pid: int) -> None:
    username, password = await first_login(place)
    console.print()
    say(f"It keeps running at {place.address} (API: {place.address}/api/docs)", "bold")
    say(f"  user {username}, password {password}, folder {place.folder}")
    say(f"  MVIDARR_SERVER={place.address} mvidarr login {username}")
    say(f"  kill {pid}  ends it")
