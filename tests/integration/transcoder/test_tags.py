"""A placed film tells who sings what, in its own container, and is the same film."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.ids import JobId, VideoId, new_id
from mvidarr_common.messages.jobs import Place, Placed, PlaceFile
from mvidarr_common.messages.library import Description
from mvidarr_common.processes import Children
from mvidarr_common.staging import Staging
from mvidarr_common.testing.worker import run_job
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.embedding import RECORD
from mvidarr_transcoder.media import measure, same_packets, sha256_of
from mvidarr_transcoder.moves import JOURNAL
from mvidarr_transcoder.operations import place

Staged = Callable[..., PlaceFile]
ABOUT = Description(
    title="Army of Me: 1/2 = ½", artist="Björk", album="Post", genres=("Pop", "Rock"),
    released=date(1995, 4, 24),
)  # fmt: skip


@pytest.fixture
def tagging(deps: Deps) -> Deps:
    return replace(deps, embed_tags=True)


@pytest.fixture
def placing(root: DataRoot, tagging: Deps, children: Children) -> Any:
    async def placed(*files: PlaceFile, about: Description = ABOUT, job: str = "job") -> Placed:
        spec = _spec(*files, about=about)
        result = await run_job(place, spec, tagging, root, job_id=job, children=children)
        await children.rest()
        assert isinstance(result, Placed)
        return result

    return placed


def _spec(*files: PlaceFile, about: Description = ABOUT) -> Place:
    return Place(
        video_id=VideoId("v1"), files=files, about=about, page_url="https://videos.example/1",
        source="youtube", source_id="abc",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["whole.mp4", "whole.webm"])
async def test_a_placed_film_has_its_tags_and_is_the_same_film(
    name: str, staged: Staged, root: DataRoot, placing: Any
) -> None:
    file = staged(name)
    (film,) = (await placing(file)).renditions
    facts = measure(str(root.at(film.path)))
    assert (facts.tags["title"], facts.tags["artist"]) == (ABOUT.title, "Björk")
    assert (facts.tags["album"], facts.tags["genre"]) == ("Post", "Pop; Rock")
    assert facts.tags["date"].startswith("1995")
    assert same_packets(str(root.at(film.path)), str(root.at(file.path)))
    assert film.sha256 == sha256_of(str(root.at(film.path)))
    assert (film.facts.size, film.facts.container) == (facts.size, file.facts.container)


async def test_what_takes_no_tags_is_placed_as_it_is(
    make: Any, staged: Staged, root: DataRoot, placing: Any
) -> None:
    song = make("song.mp3", "-f", "lavfi", "-i", "sine=d=1")
    words = song.read_bytes()
    plain = PlaceFile(
        path=root.relative(song), role="transcode", sha256="1" * 64, facts=measure(str(song))
    )
    broken = staged("whole.mp4")
    root.at(broken.path).write_bytes(bytes(broken.facts.size or 0))
    one, two = (await placing(plain, broken)).renditions
    assert root.at(one.path).read_bytes() == words
    assert (one.sha256, two.sha256) == ("1" * 64, broken.sha256)


async def test_a_delivery_after_a_crash_places_what_the_first_had_made(
    staged: Staged, root: DataRoot, placing: Any
) -> None:
    file = staged()
    first = Staging(root, JobId("job"), new_id())
    folder = first.folder()
    made = folder / "tagged-0.mp4"
    made.write_bytes(b"made by the first")
    target = root.library / "Björk" / "moved.mp4"
    target.parent.mkdir(parents=True)
    made.rename(target)
    (folder / RECORD).write_text(
        f"[{file.model_copy(update={'path': root.relative(made)}).model_dump_json()}]"
    )
    nfo = folder / "video.nfo"
    nfo.write_text("<musicvideo/>")
    pairs = [[root.relative(made), root.relative(target)],
             [root.relative(nfo), "library/Björk/moved.nfo"]]  # fmt: skip
    (folder / JOURNAL).write_text(json.dumps(pairs))
    first.keep()
    (film,) = (await placing(file)).renditions
    assert film.path == "library/Björk/moved.mp4"
    assert root.at(film.path).read_bytes() == b"made by the first"
