"""Holds everything that was promised against everything that is there."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.chaos.archive import Archive

from mvidarr_common.bus import Bus, FromFirst
from mvidarr_common.cli.client import Client
from mvidarr_common.cli.demo.accounting import all_jobs, damaged
from mvidarr_common.envelope import decode
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.queries import Videos, VideoView
from mvidarr_common.messages.system import ReadModelRebuilt
from mvidarr_common.testing.outside import parked

_SETTLED = ("ready", "failed", "wanted")


@dataclass(frozen=True)
class Verdict:
    """What was counted, and a sentence for each thing that is lost or was done twice."""

    counts: dict[str, int]
    wrong: list[str]


async def judge(
    archive: Archive, bus: Bus, client: Client, root: DataRoot, confirmed: set[str]
) -> Verdict:
    """Once nothing is on its way any more."""
    stream = await _stream(bus)
    videos = await _videos(client)
    wrong = [
        *_missing("confirmed", confirmed, archive),
        *_missing("in the log", stream, archive),
        *complaints(archive),
        *await _views(archive, client),
        *(f"parked: {each.type} {each.error}" for each in await parked(client)),
        *damaged(videos, root),
        *_strangers(videos, root),
        *await _rebuilt(client),
    ]
    commands = [each.id for each in archive.commands]
    return Verdict(
        {
            "commands": len(commands),
            "of these confirmed to the feed": len(confirmed),
            "jobs": len(archive.jobs),
            "starts of jobs more than once": sum(
                max(0, life.starts - life.attempt) for life in archive.jobs.values()
            ),
            "videos": len(videos),
            "of these ready": sum(video.state == "ready" for video in videos),
            "records archived": len(archive.records),
            "records said twice": len(stream) - len(set(stream)),
        },
        wrong,
    )


def complaints(archive: Archive) -> list[str]:
    """What is wrong by the records alone, when nothing is on its way."""
    return [*_numbering(archive), *_decisions(archive), *_ends(archive)]


async def _stream(bus: Bus) -> list[str]:
    ids: list[str] = []
    async with bus.read_log(FromFirst()) as reader:
        while batch := await reader.batch(500, 5):
            ids += [decode(record.body).id for record in batch]
    return ids


async def _videos(client: Client) -> list[VideoView]:
    videos: list[VideoView] = []
    cursor: str | None = None
    while True:
        page = await client.get("/videos", Videos, limit=500, cursor=cursor)
        videos += page.items
        cursor = page.next
        if cursor is None:
            return videos


def _missing(which: str, ids: Iterable[str], archive: Archive) -> list[str]:
    return [f"{id} was {which} and is not archived" for id in set(ids) - archive.ids]


def _numbering(archive: Archive) -> list[str]:
    whole = archive.seqs == list(range(1, len(archive.seqs) + 1))
    return [] if whole else ["the numbers of the archive have gaps"]


def _decisions(archive: Archive) -> list[str]:
    """Each of the commands that are given here has one consequence, or none."""
    told = {each.id: len(archive.outcomes.get(each.id, ())) for each in archive.commands}
    return [f"command {id} was decided {count} times" for id, count in told.items() if count != 1]


def _ends(archive: Archive) -> list[str]:
    return [
        f"job {id} ({life.spec}) is {life.state} and ended {life.ends} times"
        for id, life in archive.jobs.items()
        if life.ends != 1
    ]


async def _views(archive: Archive, client: Client) -> list[str]:
    """What people see is what the records say."""
    jobs = {job.id: job.state for job in await all_jobs(client)}
    expected = {id: life.state for id, life in archive.jobs.items()}
    wrong = (
        [f"jobs differ: {set(jobs.items()) ^ set(expected.items())}"] if jobs != expected else []
    )
    videos = {str(video.id): video.state for video in await _videos(client)}
    wrong += [f"video {id} is {state}" for id, state in videos.items() if state not in _SETTLED]
    for id, state in archive.videos.items():
        if (state == "ready") != (videos[id] == "ready"):
            wrong.append(f"video {id} is {videos[id]}; the log says {state}")
    return wrong


def _strangers(videos: Iterable[VideoView], root: DataRoot) -> list[str]:
    """Files in the library that nobody knows of."""
    shown = [file.rendition for video in videos for file in video.files]
    known = {path for one in shown for path in (one.path, *one.sidecars)}
    there = {root.relative(path) for path in root.library.rglob("*") if path.is_file()}
    return [f"nobody knows of {path}" for path in sorted(there - known)]


async def _rebuilt(client: Client) -> list[str]:
    told = await client.tell("/system/rebuild", ReadModelRebuilt, wait=60)
    rebuilt = told.state
    if rebuilt is None:
        return ["the rebuild was not done in time"]
    same = rebuilt.old_checksum == rebuilt.new_checksum
    return [] if same else ["a rebuild differs from the read model"]
