"""Looking after what lies in the library: names, sidecars, checksums."""

import hashlib
from collections.abc import Callable
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
