"""Looking after what lies in the library: names, sidecars, checksums."""

import hashlib
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.errors import Invalid, JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.ids import JobId, VideoId, new_id
from mvidarr_common.messages.jobs import (
    Artwork,
    FileToMove,
    FileToScrub,
    FindImports,
    Place,
    PlaceFile,
    Rename,
    Scrub,
    Sidecars,
    Take,
    Trash,
)
from mvidarr_common.messages.library import Description, Rendition
from mvidarr_common.processes import Children
from mvidarr_common.staging import Staging
from mvidarr_common.testing.worker import run_job
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.embedding import RECORD
from mvidarr_transcoder.media import measure, same_packets, sha256_of
from mvidarr_transcoder.moves import JOURNAL
from mvidarr_transcoder.operations import find_imports, place, rename, scrub, sidecars, take, trash

Staged = Callable[..., PlaceFile]
Run = Callable[..., Awaitable[Any]]


def placing(file: PlaceFile, title: str = "Army of Me") -> Place:
    return Place(
        video_id=VideoId("v1"), files=(file,), about=Description(title=title, artist="Björk"),
        page_url="https://videos.example/1", source="youtube", source_id="abc",
    )  # fmt: skip


def names(root: DataRoot) -> list[str]:
    return sorted(
        str(path.relative_to(root.library)) for path in root.library.rglob("*") if path.is_file()
    )


async def test_a_film_and_its_sidecars_get_the_name_of_their_description(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    file = staged()
    (film,) = (await run(place, placing(file))).renditions
    asked = FileToMove(file_id="f1", path=film.path, sidecars=film.sidecars)
    same = await run(rename, Rename(file=asked, place=placing(file)), job_id="same")
    assert same.moved.path == film.path
    new = await run(rename, Rename(file=asked, place=placing(file, "Jóga")), job_id="new")
    assert new.moved.path == "library/Björk/Björk - Jóga.mp4"
    assert names(root) == ["Björk/Björk - Jóga.mp4", "Björk/Björk - Jóga.nfo"]
    assert new.moved.sidecars == ("library/Björk/Björk - Jóga.nfo",)


async def test_sidecars_are_written_anew_beside_their_film(
    staged: Staged, root: DataRoot, put: Any, run: Any
) -> None:
    file = staged()
    (film,) = (await run(place, placing(file))).renditions
    art = Artwork(path=put("p.jpg", b"picture"), role="poster", width=1, height=1)
    spec = Sidecars(
        path=film.path, place=placing(file, "Another"), artwork=(art,), lyrics="[00:01.00]la"
    )
    written = (await run(sidecars, spec, job_id="sidecars")).written
    stem = "library/Björk/Björk - Army of Me"
    assert written == (f"{stem}.nfo", f"{stem}.lrc", f"{stem}-poster.jpg")
    assert "<title>Another</title>" in root.at(written[0]).read_text()
    assert root.at(written[1]).read_text() == "[00:01.00]la"


async def test_a_stream_lies_hidden_and_goes_where_its_film_goes(
    staged: Staged, root: DataRoot, put: Any, run: Any
) -> None:
    file = staged()
    (film,) = (await run(place, placing(file))).renditions
    parts = {"hls/master": "master.m3u8", "hls/v0/film": "v0/film.m4s"}
    art = tuple(
        Artwork(path=put(name, role.encode()), role=role, width=0, height=0)
        for role, name in parts.items()
    )
    spec = Sidecars(path=film.path, place=placing(file), artwork=art)
    written = (await run(sidecars, spec, job_id="sidecars")).written
    hidden, streams = "Björk/.renditions", "Björk/.renditions/Björk - Jóga.hls"
    assert written[1:] == tuple(
        f"library/{hidden}/Björk - Army of Me.hls/{name}" for name in parts.values()
    )
    assert (root.library / hidden / ".ignore").exists()
    asked = FileToMove(file_id="f1", path=film.path, sidecars=written)
    new = await run(rename, Rename(file=asked, place=placing(file, "Jóga")), job_id="new")
    assert names(root) == [
        f"{hidden}/.ignore", f"{hidden}/.nomedia", f"{streams}/master.m3u8",
        f"{streams}/v0/film.m4s", "Björk/Björk - Jóga.mp4", "Björk/Björk - Jóga.nfo",
    ]  # fmt: skip
    moved = FileToMove(file_id="f1", path=new.moved.path, sidecars=new.moved.sidecars)
    gone = await run(trash, Trash(files=(moved,)), job_id="gone")
    assert [root.at(path).exists() for path in gone.moved[0].sidecars] == [True] * 3
    assert list(root.library.iterdir()) == []


async def test_lyrics_without_times_are_a_text(staged: Staged, root: DataRoot, run: Any) -> None:
    file = staged()
    (film,) = (await run(place, placing(file))).renditions
    spec = Sidecars(path=film.path, place=placing(file), lyrics="la la la\n[chorus] la")
    _, words = (await run(sidecars, spec, job_id="sidecars")).written
    assert words == "library/Björk/Björk - Army of Me.txt"
    assert root.at(words).read_text() == spec.lyrics


async def test_scrubbing_names_what_has_changed_and_what_has_gone(put: Any, run: Any) -> None:
    path = put("a.bin", b"content")
    right, wrong = hashlib.sha256(b"content").hexdigest(), "0" * 64
    found = await run(
        scrub,
        Scrub(
            files=(
                FileToScrub(path=path, sha256=right),
                FileToScrub(path=path, sha256=wrong),
                FileToScrub(path="library/gone.mp4", sha256=right),
            )
        ),
    )
    assert [file.state for file in found.files] == ["intact", "changed", "missing"]


async def test_all_files_of_a_video_are_renamed_and_at_no_moment_is_its_film_missing(
    staged: Staged, root: DataRoot, run: Any
) -> None:
    files = (staged(role="transcode", job="t"), staged("whole.webm"))
    spec = placing(files[0]).model_copy(update={"files": files})
    shown, hidden = (await run(place, spec)).renditions
    about = Description(title="Jóga", artist="The Artist")
    asked = Rename(
        file=FileToMove(file_id="f1", path=shown.path, sidecars=shown.sidecars),
        others=(FileToMove(file_id="f2", path=hidden.path),),
        place=spec.model_copy(update={"about": about}),
    )
    new = "library/The Artist/The Artist - Jóga.mp4"
    with always_there(root.at(shown.path), root.at(new)) as missing:
        made = await run(rename, asked, job_id="new")
    assert not missing
    assert made.moved.path == new
    await run(sidecars, Sidecars(path=new, place=asked.place), job_id="sidecars")
    assert names(root) == [
        "The Artist/.renditions/.ignore",
        "The Artist/.renditions/.nomedia",
        "The Artist/.renditions/The Artist - Jóga - original 144p.webm",
        "The Artist/The Artist - Jóga.mp4",
        "The Artist/The Artist - Jóga.nfo",
    ]
    assert made.others[0].path.endswith("The Artist - Jóga - original 144p.webm")
    assert "<title>Jóga</title>" in root.at(made.moved.sidecars[0]).read_text()
    assert "<artist>The Artist</artist>" in root.at(made.moved.sidecars[0]).read_text()


@contextmanager
def always_there(old: Path, new: Path) -> Iterator[list[int]]:
    """Looks as often as it can; gathers the moments at which neither name was there."""
    missing: list[int] = []
    over = threading.Event()

    def watch() -> None:
        number = 0
        while not over.is_set():
            number += 1
            if not old.exists() and not new.exists():
                missing.append(number)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield missing
    finally:
        over.set()
        watcher.join()


async def test_a_file_below_import_is_taken_and_stays_where_it_is(
    root: DataRoot, run: Any, tmp_path: Path
) -> None:
    source = root.path / "import" / "Björk - Jóga (live).mkv"
    source.parent.mkdir()
    source.write_bytes(b"film")
    taken = await run(take, Take(path=root.relative(source)))
    assert root.at(taken.path).read_bytes() == b"film" == source.read_bytes()
    assert taken.found == Description(artist="Björk", title="Jóga (live)")
    (tmp_path / "secret.mkv").write_bytes(b"secret")
    (root.path / "import" / "link").symlink_to(tmp_path)
    for number, path in enumerate(("import/link/secret.mkv", "import/../library/x.mkv")):
        with pytest.raises((Invalid, JobError)):
            await run(take, Take(path=path), job_id=f"bad-{number}")


async def test_what_lies_below_import_is_found(root: DataRoot, run: Any) -> None:
    assert (await run(find_imports, FindImports())).files == ()
    for name in ("b.mp4", "more/a.mkv", ".hidden/c.mp4", ".d.mp4"):
        path = root.path / "import" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"film")
    (root.path / "import" / "link.mp4").symlink_to("/etc/hostname")
    found = await run(find_imports, FindImports(), job_id="again")
    assert [(file.path, file.size) for file in found.files] == [("b.mp4", 4), ("more/a.mkv", 4)]


@pytest.fixture
async def retag(root: DataRoot, deps: Deps, children: Children) -> AsyncIterator[Run]:
    """Runs a handler as a worker does that writes tags."""

    async def ran(handler: Any, spec: Any, job: str) -> Any:
        tagging = replace(deps, embed_tags=True)
        return await run_job(handler, spec, tagging, root, job_id=job, children=children)

    yield ran
    await children.rest()


def told_anew(film: Rendition, title: str) -> Rename:
    file = PlaceFile.model_validate(film.model_dump(exclude={"sidecars"}))
    asked = FileToMove(file_id="f1", path=film.path, sidecars=film.sidecars)
    return Rename(file=asked, place=placing(file, title))


@pytest.mark.parametrize("name", ["whole.mp4", "short.webm"])
async def test_a_renamed_film_tells_its_new_title_and_is_never_missing(
    name: str, staged: Staged, root: DataRoot, retag: Any
) -> None:
    file = staged(name)
    (film,) = (await retag(place, placing(file), "place")).renditions
    new = root.at(film.path).with_stem("Björk - Jóga")
    with always_there(root.at(film.path), new) as missing:
        moved = (await retag(rename, told_anew(film, "Jóga"), "rename")).moved
    assert not missing
    facts = measure(str(new))
    assert (facts.tags["title"], facts.tags["artist"]) == ("Jóga", "Björk")
    assert same_packets(str(new), str(root.at(file.path)))
    assert (moved.sha256, moved.facts.size) == (sha256_of(str(new)), facts.size)
    assert moved.facts.tags["title"] == "Jóga"

    changes = {"path": moved.path, "sha256": moved.sha256, "facts": moved.facts}
    now = film.model_copy(update=changes | {"sidecars": moved.sidecars})
    again = (await retag(rename, told_anew(now, "Jóga"), "again")).moved
    assert (again.path, again.sha256, again.facts) == (moved.path, None, None)


async def test_a_damaged_film_is_renamed_and_gets_no_tags_that_would_hide_it(
    staged: Staged, root: DataRoot, retag: Any
) -> None:
    (film,) = (await retag(place, placing(staged()), "place")).renditions
    content = bytearray(root.at(film.path).read_bytes())
    content[-100] ^= 1
    root.at(film.path).write_bytes(content)
    moved = (await retag(rename, told_anew(film, "Jóga"), "rename")).moved
    assert root.at(moved.path).read_bytes() == content
    assert (moved.path, moved.sha256) == ("library/Björk/Björk - Jóga.mp4", None)


async def test_a_delivery_after_a_crash_tells_the_tags_that_the_first_has_written(
    staged: Staged, root: DataRoot, retag: Any
) -> None:
    (film,) = (await retag(place, placing(staged()), "place")).renditions
    spec = told_anew(film, "Jóga")
    first = Staging(root, JobId("rename"), new_id())
    made = PlaceFile(
        path=root.relative(first.folder() / "tagged-0.mp4"), role="original", sha256="1" * 64,
        facts=film.facts,
    )  # fmt: skip
    root.at(made.path).write_bytes(b"with tags")
    (first.folder() / RECORD).write_text(f"[{made.model_dump_json()}]")
    new = "library/Björk/Björk - Jóga.mp4"
    lines = [(film.path, new, False), (made.path, new, True)]
    (first.folder() / JOURNAL).write_text(json.dumps(lines))
    root.at(film.path).rename(root.at(new))
    first.keep()
    moved = (await retag(rename, spec, "rename")).moved
    assert (moved.path, moved.sha256) == (new, "1" * 64)
    assert root.at(new).read_bytes() == b"with tags"
