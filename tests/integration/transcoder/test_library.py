"""Files enter, leave and come back to the library wholly or not at all, whatever happens."""

import asyncio
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.errors import Invalid, JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.ids import JobId, VideoId, new_id
from mvidarr_common.messages.jobs import (
    Artwork,
    FileToMove,
    Noop,
    NothingDone,
    Place,
    PlaceFile,
    Purge,
    Restore,
    Tidy,
    Trash,
)  # fmt: skip
from mvidarr_common.messages.library import Description, Rendition
from mvidarr_common.staging import Staging
from mvidarr_common.testing.conditions import eventually
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.moves import JOURNAL, Move, alone
from mvidarr_transcoder.operations import noop, place, purge, restore, tidy, trash
from mvidarr_transcoder.shelving import plan
from mvidarr_transcoder.trashing import to_trash

Staged = Callable[..., PlaceFile]


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def picture(root: DataRoot, role: str, job: str = "thumbnails") -> Artwork:
    path = root.path / "staging" / job / "delivery" / f"{role.replace('/', '_')}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"picture")
    return Artwork(path=root.relative(path), role=role, width=1, height=1)


def placing(*files: PlaceFile, artwork: Sequence[Artwork] = (), **about: Any) -> Place:
    return Place(
        video_id=VideoId("v1"),
        files=files,
        artwork=tuple(artwork),
        about=Description(**({"artist": "Björk", "title": "Army of Me"} | about)),
        page_url="https://example.org/v",
        source="youtube",
        source_id="abc",
    )


def to_move(rendition: Rendition, file_id: str = "f1") -> FileToMove:
    return FileToMove(file_id=file_id, path=rendition.path, sidecars=rendition.sidecars)


def dead(root: DataRoot, job: str) -> Path:
    """The folder of a delivery whose worker was killed: its lock is free."""
    delivery = Staging(root, JobId(job), new_id())
    folder = delivery.folder()
    delivery.keep()
    return folder


def half_done(root: DataRoot, job: str, moves: Sequence[Move], done: int) -> None:
    """What a worker leaves that was killed after so many renames."""
    folder = dead(root, job)
    pairs = [(root.relative(move.source), root.relative(move.target)) for move in moves]
    (folder / JOURNAL).write_text(json.dumps(pairs))
    for move in moves[:done]:
        move.target.parent.mkdir(parents=True, exist_ok=True)
        move.source.rename(move.target)


async def test_a_video_is_placed_with_pictures_and_description(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    roles = ("poster", "thumb", "trickplay/320 - 10x10/0", "subtitles/en")
    art = [picture(root, role) for role in roles]
    result = await run(place, placing(staged(), artwork=art))
    assert tree(root.library) == [
        "Björk/Björk - Army of Me-poster.jpg",
        "Björk/Björk - Army of Me-thumb.jpg",
        "Björk/Björk - Army of Me.en.jpg",
        "Björk/Björk - Army of Me.mp4",
        "Björk/Björk - Army of Me.nfo",
        "Björk/Björk - Army of Me.trickplay/320 - 10x10/0.jpg",
    ]
    (rendition,) = result.renditions
    assert rendition.path == "library/Björk/Björk - Army of Me.mp4"
    assert sorted((rendition.path, *rendition.sidecars)) == [
        f"library/{path}" for path in tree(root.library)
    ]
    nfo = ET.parse(root.library / "Björk" / "Björk - Army of Me.nfo").getroot()
    assert (nfo.tag, nfo.findtext("title"), nfo.findtext("runtime")) == (
        "musicvideo",
        "Army of Me",
        "1",
    )


async def test_further_renditions_are_hidden_from_media_servers(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    files = (staged("whole.webm", "transcode", "transcode"), staged(), staged(job="other"))
    result = await run(place, placing(*files))
    assert [rendition.path for rendition in result.renditions] == [
        "library/Björk/Björk - Army of Me.webm",
        "library/Björk/.renditions/Björk - Army of Me - original 144p.mp4",
        "library/Björk/.renditions/Björk - Army of Me - original 144p (2).mp4",
    ]
    assert [len(rendition.sidecars) for rendition in result.renditions] == [1, 0, 0]
    assert (root.library / "Björk/.renditions/.ignore").exists()


async def test_a_taken_name_gets_a_number_whatever_its_case(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    await run(place, placing(staged()), job_id="1")
    second = await run(place, placing(staged(), artist="BJÖRK", title="army OF me"), job_id="2")
    assert second.renditions[0].path == "library/Björk/BJÖRK - army OF me (2).mp4"
    webm = await run(place, placing(staged("whole.webm")), job_id="3")
    assert webm.renditions[0].path == "library/Björk/Björk - Army of Me (3).webm"
    other = await run(place, placing(staged(), title="Army"), job_id="4")
    assert other.renditions[0].path == "library/Björk/Björk - Army.mp4"


async def test_many_videos_of_one_name_placed_at_once_all_arrive(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    specs = [placing(staged(job=f"d{n}")) for n in range(5)]
    results = await asyncio.gather(*(run(place, s, job_id=f"{n}") for n, s in enumerate(specs)))
    assert len({result.renditions[0].path for result in results}) == 5
    assert len([name for name in tree(root.library) if name.endswith(".mp4")]) == 5


@pytest.mark.parametrize("done", range(4))
async def test_a_placing_that_was_killed_goes_on_where_it_was(
    done: int, staged: Staged, root: DataRoot, deps: Deps, run: Any
) -> None:
    spec = placing(staged(), artwork=[picture(root, "poster")])
    nfo = dead(root, "p") / "video.nfo"
    nfo.write_text("<musicvideo/>")
    half_done(root, "p", plan(root, deps.naming, spec, nfo), done)
    result = await run(place, spec, job_id="p")
    assert result.renditions[0].path == "library/Björk/Björk - Army of Me.mp4"
    assert tree(root.library) == [
        "Björk/Björk - Army of Me-poster.jpg",
        "Björk/Björk - Army of Me.mp4",
        "Björk/Björk - Army of Me.nfo",
    ]


async def test_a_plan_that_nobody_began_gives_way_to_a_taken_name(
    staged: Staged, root: DataRoot, deps: Deps, run: Any
) -> None:
    spec = placing(staged(job="mine"))
    nfo = dead(root, "p") / "video.nfo"
    nfo.write_text("<musicvideo/>")
    half_done(root, "p", plan(root, deps.naming, spec, nfo), 0)
    await run(place, placing(staged(job="faster")), job_id="q")
    result = await run(place, spec, job_id="p")
    assert result.renditions[0].path == "library/Björk/Björk - Army of Me (2).mp4"


async def test_a_placing_that_fails_puts_everything_back(
    staged: Staged, root: DataRoot, deps: Deps, run: Any
) -> None:
    spec = placing(staged(), artwork=[picture(root, "poster"), picture(root, "thumb")])
    moves = plan(root, deps.naming, spec, root.path / "nfo")
    blocked = moves[1].target  # appears between choosing names and moving, as by a media server
    half_done(root, "p", moves, 1)
    blocked.write_bytes(b"somebody else's")
    with pytest.raises(JobError) as caught:
        await run(place, spec, job_id="p")
    assert (caught.value.code, caught.value.retry) == ("name_taken", True)
    assert tree(root.library) == ["Björk/Björk - Army of Me-poster.jpg"]
    assert blocked.read_bytes() == b"somebody else's"
    assert root.at(spec.files[0].path).exists()
    again = await run(place, spec, job_id="p")
    assert again.renditions[0].path == "library/Björk/Björk - Army of Me (2).mp4"


async def test_a_cancelled_placing_leaves_the_library_as_it_was(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    spec = placing(staged(), artwork=[picture(root, "poster")])
    with alone(root):  # it waits for the lock while it is cancelled
        job = asyncio.ensure_future(run(place, spec, job_id="p"))
        await eventually(lambda: list(root.staging(JobId("p")).glob("*/video.nfo")))
        job.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await job
    assert tree(root.library) == []
    assert root.at(spec.files[0].path).exists()


async def test_a_missing_picture_stops_everything_before_the_first_move(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    art = picture(root, "poster")
    root.at(art.path).unlink()
    spec = placing(staged(), artwork=[art])
    with pytest.raises(JobError) as caught:
        await run(place, spec)
    assert caught.value.code == "file_missing"
    assert tree(root.library) == []
    assert root.at(spec.files[0].path).exists()


async def test_a_file_that_changed_since_it_was_checked_is_not_placed(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    file = staged()
    with root.at(file.path).open("ab") as grown:
        grown.write(b"more")
    with pytest.raises(JobError) as caught:
        await run(place, placing(file))
    assert caught.value.code == "file_changed"


async def test_trash_and_restore_bring_everything_back_where_it_was(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    art = [picture(root, "poster"), picture(root, "trickplay/320 - 10x10/0")]
    files = (staged("whole.webm", "transcode", "transcode"), staged())
    placed = (await run(place, placing(*files, artwork=art), job_id="p")).renditions
    before = tree(root.library)
    spec = Trash(files=tuple(to_move(r, f"f{n}") for n, r in enumerate(placed)))
    trashed = (await run(trash, spec, job_id="t")).moved
    assert trashed[0].path == "trash/Björk/Björk - Army of Me.webm"
    assert len(trashed[0].sidecars) == 3
    assert list(root.library.iterdir()) == []
    back = Restore(files=tuple(FileToMove.model_validate(m.model_dump()) for m in trashed))
    restored = (await run(restore, back, job_id="r")).moved
    assert [m.path for m in restored] == [r.path for r in placed]
    assert restored[0].sidecars == placed[0].sidecars
    assert tree(root.library) == before
    assert list(root.trash.iterdir()) == []


async def test_taken_names_in_the_trash_and_in_the_library_get_numbers(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    moved = []
    for number in range(2):
        art = [picture(root, "poster")]
        placed = await run(place, placing(staged(), artwork=art), job_id=f"p{number}")
        spec = Trash(files=(to_move(placed.renditions[0]),))
        moved.append((await run(trash, spec, job_id=f"t{number}")).moved[0])
    assert moved[1].path == "trash/Björk/Björk - Army of Me (2).mp4"
    assert moved[1].sidecars[0] == "trash/Björk/Björk - Army of Me (2)-poster.jpg"
    for number, one in enumerate(moved):
        back = Restore(files=(FileToMove.model_validate(one.model_dump()),))
        await run(restore, back, job_id=f"r{number}")
    assert [name for name in tree(root.library) if name.endswith(".mp4")] == [
        "Björk/Björk - Army of Me (2).mp4",
        "Björk/Björk - Army of Me.mp4",
    ]


@pytest.mark.parametrize("done", range(3))
async def test_a_trashing_that_was_killed_goes_on(
    done: int, staged: Staged, root: DataRoot, run: Any
) -> None:
    placed = await run(place, placing(staged(), artwork=[picture(root, "poster")]), job_id="p")
    spec = Trash(files=(to_move(placed.renditions[0]),))
    half_done(root, "t", to_trash(root, spec.files), done)
    result = await run(trash, spec, job_id="t")
    assert result.moved[0].path == "trash/Björk/Björk - Army of Me.mp4"
    assert len(result.moved[0].sidecars) == 2
    assert tree(root.trash) == [
        "Björk/Björk - Army of Me-poster.jpg",
        "Björk/Björk - Army of Me.mp4",
        "Björk/Björk - Army of Me.nfo",
    ]
    assert list(root.library.iterdir()) == []


async def test_a_file_removed_by_hand_can_be_trashed_but_not_restored(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    placed = await run(place, placing(staged()), job_id="p")
    root.at(placed.renditions[0].path).unlink()
    result = await run(trash, Trash(files=(to_move(placed.renditions[0]),)), job_id="t")
    assert result.moved[0].path == "trash/Björk/Björk - Army of Me.mp4"
    spec = Restore(files=(FileToMove.model_validate(result.moved[0].model_dump()),))
    with pytest.raises(JobError) as caught:
        await run(restore, spec, job_id="r")
    assert caught.value.code == "file_missing"
    assert tree(root.library) == []


async def test_purging_deletes_from_the_trash_alone_and_twice_is_once(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    placed = await run(place, placing(staged()), job_id="p")
    spec = Trash(files=(to_move(placed.renditions[0]),))
    moved = (await run(trash, spec, job_id="t")).moved[0]
    gone = Purge(files=(FileToMove.model_validate(moved.model_dump()),))
    assert (await run(purge, gone, job_id="1")).removed == 2
    assert (await run(purge, gone, job_id="2")).removed == 0
    assert list(root.trash.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    ["library/a.mp4", "trash/../library/a.mp4", "/etc/passwd", "trash", "trash/link/a.mp4", ""],
)
async def test_nothing_outside_of_the_trash_is_purged(path: str, root: DataRoot, run: Any) -> None:
    root.library.mkdir()
    root.trash.mkdir()
    keep = root.library / "a.mp4"
    keep.write_bytes(b"keep")
    (root.trash / "link").symlink_to(root.library)
    with pytest.raises(Invalid):
        await run(purge, Purge(files=(FileToMove(file_id="f", path=path),)))
    assert keep.exists()


@pytest.mark.parametrize("handler", [trash, restore])
async def test_only_files_of_the_right_part_are_moved(
    handler: Any, root: DataRoot, run: Any
) -> None:
    kind = {trash: Trash, restore: Restore}[handler]
    with pytest.raises(Invalid):
        await run(handler, kind(files=(FileToMove(file_id="f", path="staging/x/y.mp4"),)))


async def test_tidying_removes_the_folders_of_jobs_that_nobody_holds(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    for name in ("a", "b"):
        (dead(root, name) / "left.mp4").write_bytes(b"x")
    held = Staging(root, JobId("b"), "two")
    held.folder()
    with pytest.raises(JobError) as caught:
        await run(tidy, Tidy(jobs=(JobId("a"), JobId("b"))), job_id="t")
    assert (caught.value.code, caught.value.retry, caught.value.after) == ("still_held", True, 10)
    assert not root.staging(JobId("a")).exists()
    held.remove()
    await run(tidy, Tidy(jobs=(JobId("a"), JobId("b"))), job_id="t")
    assert tree(root.path / "staging") == []


async def test_tidying_stays_in_staging(root: DataRoot, run: Any) -> None:
    root.library.mkdir()
    with pytest.raises(Invalid):
        await run(tidy, Tidy(jobs=(JobId("../library"),)))
    with pytest.raises(Invalid):
        await run(tidy, Tidy(jobs=(JobId("."),)))
    assert root.library.exists()


async def test_doing_nothing_works(run: Any) -> None:
    assert await run(noop, Noop()) == NothingDone()
