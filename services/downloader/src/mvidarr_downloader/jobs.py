"""The jobs: fetch one video into the staging folder of its job, or look what a page holds."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from mvidarr_common.addresses import require_public
from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Download, Downloaded, Inspect, Inspected
from mvidarr_common.sites import SEARCH, is_search_for_one

from .deps import Deps
from .failures import SEVERAL, TIMEOUT
from .fetchers import fetcher_for
from .inspecting import inspect_page
from .metrics import MEMORY
from .orders import Look, Manners, Order, Progress, Used
from .sites import at_site
from .unspoilt import unspoilt

Asked = TypeVar("Asked", Order, Look)
R = TypeVar("R", Downloaded, Inspected)

START = 60.0
"""Seconds more until the first word: the first child of a worker waits for yt-dlp to be loaded."""


async def download(spec: Download, job: Job[Deps]) -> Downloaded:
    """Fetch in a child; a cancelled job ends the child and everything it has started."""
    manners = await _manners_for(spec, job)
    await _require_one(spec.url, manners)
    order = Order(
        url=spec.url,
        profile=spec.profile,
        root=job.root,
        into=job.staging,
        earlier=tuple(job.earlier()),
        manners=manners,
    )

    stall = job.deps.stall
    loop = asyncio.get_running_loop()
    furthest = -1.0

    def show(word: Progress | Used) -> None:
        nonlocal furthest
        if isinstance(word, Used):
            MEMORY.observe(word.bytes)
            return
        _tell(job, word)
        patient = word.stage in ("merging", "checking")
        if patient or (word.done or 0.0) > furthest:
            furthest = word.done or 0.0
            watch.reschedule(None if patient else loop.time() + stall)

    try:
        async with asyncio.timeout(START + stall) as watch:
            return await _in_child(job, fetcher_for(spec.url).fetch, order, show)
    except TimeoutError:
        if not watch.expired():
            raise
        raise TIMEOUT.error(f"no progress within {stall:g} seconds") from None


async def _in_child(
    job: Job[Deps],
    function: Callable[[Asked], R],
    order: Asked,
    on_message: Callable[[Any], None] | None = None,
) -> R:
    """In a child that has worked for others; in one of its own where it knows secrets, which go
    with it."""
    if order.manners.secret:
        return await job.call(function, order, on_message=on_message)
    return await job.ask(unspoilt, function, order, on_message=on_message)


async def _require_one(address: str, manners: Manners) -> None:
    """A page that may be reached, or a search for the first that is found."""
    if not SEARCH.fullmatch(address):
        await require_public(address, manners.allow_private)
    elif not is_search_for_one(address):
        raise SEVERAL.error("a search for more than one")


async def _manners_for(spec: Download | Inspect, job: Job[Deps]) -> Manners:
    """With what is set for the site; raises the failure `cookies_expired`."""
    manners, stored = job.deps.manners, job.deps.jar
    if spec.site is not None:
        manners = at_site(manners, spec.site, job.deps.key)
    if manners.cookies is None and stored.folder is not None:
        cookies = await asyncio.to_thread(stored.cookies_for, spec.url)
        manners = replace(manners, cookies=cookies)
    return manners


def _tell(job: Job[Deps], progress: Progress) -> None:
    job.progress(
        progress.stage,
        done=progress.done,
        total=progress.total,
        unit="bytes" if progress.done is not None else None,
        speed=progress.speed,
        eta=progress.eta,
        speeds=progress.speeds,
    )


async def inspect(spec: Inspect, job: Job[Deps]) -> Inspected:
    """Look in a forked child; nothing is kept."""
    manners = await _manners_for(spec, job)
    if not SEARCH.fullmatch(spec.url):
        await require_public(spec.url, manners.allow_private)
    start = _position(spec.cursor)
    job.progress("extracting")
    look = Look(spec.url, spec.profile, start, spec.limit, manners)
    return await _in_child(job, inspect_page, look)


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 1
    if not re.fullmatch(r"[1-9][0-9]{0,6}", cursor):
        raise JobError("invalid_cursor", "The cursor is none that an earlier page has given.")
    return int(cursor)
