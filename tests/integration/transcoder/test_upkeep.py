"""Looking after what lies in the library: names, sidecars, checksums."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import (
    Artwork,
    FileToMove,
    FileToScrub,
    Place,
    PlaceFile,
    Rename,
    Scrub,
    Sidecars,
)
from mvidarr_common.messages.library import Description
from mvidarr_transcoder.operations import place, rename, scrub, sidecars

Staged = Callable[..., PlaceFile]


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
