"""What people do with videos, on the whole system: renditions, trash, edits, and stopping."""

from pathlib import Path

import httpx
import pytest

from mvidarr_common.cli.client import Client
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.messages.curating import CommandUndone
from mvidarr_common.messages.queries import ArtistView, FileView, JobView, Videos, VideoView
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import (
    add,
    ended,
    nothing_left,
    nothing_lost,
    plays,
    quiet,
    running_job,
    transcoding_profile,
    video,
)
from mvidarr_common.testing.servers import alive
from mvidarr_common.testing.system import System

pytestmark = pytest.mark.timeout(240)

SLOW = 40_000
"""Bytes a second: no test waits for the end of that."""


async def ready(client: Client, url: str, title: str, profile: str = "default") -> VideoView:
    """A video in the library."""
    asked = await add(client, url, profile, artist="Library", title=title)
    (found,) = await ended(client, [asked.id])
    assert (found.state, found.failure) == ("ready", None)
    return found


async def moved(client: Client, id: str, state: str) -> FileView:
    """The only file of a video, once it is in this state."""

    async def there() -> FileView:
        (file,) = (await video(client, id)).files
        assert file.state == state
        return file

    return await eventually(there, 30)


def places(system: System, file: FileView) -> list[Path]:
    """A file and everything that belongs to it."""
    return [system.root.at(path) for path in (file.rendition.path, *file.rendition.sidecars)]


def encoders(system: System) -> list[int]:
    """The FFmpeg processes of a system."""
    return [pid for pid in system.remains() if "ffmpeg" in _program(pid)]


def _program(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text() if alive(pid) else ""


async def test_a_profile_with_a_transcode_gives_two_files(
    client: Client, embedded: System, site: Site, clip: Sample
) -> None:
    profile = await transcoding_profile(client, "webm_web")
    found = await ready(client, site.url(clip.slug), "Two Files", profile)
    shown, original = found.files
    assert [file.rendition.role for file in found.files] == ["transcode", "original"]
    assert shown.rendition.path == "library/Library/Library - Two Files.webm"
    assert shown.rendition.facts.picture is not None
    assert shown.rendition.facts.picture.codec == "vp9"
    assert original.rendition.path.startswith("library/Library/.renditions/")
    for file in found.files:
        assert await plays(embedded.root.at(file.rendition.path))
    await quiet(client)
    await nothing_left(embedded.root)


async def test_a_deleted_video_lies_in_the_trash_and_comes_back(
    client: Client, embedded: System, site: Site, clip: Sample
) -> None:
    found = await ready(client, site.url(clip.slug), "There And Back")
    before = places(embedded, found.files[0])
    told = await client.tell(f"/videos/{found.id}", VideoView, method="DELETE")
    assert told.state is not None
    assert told.state.state == "deleted"
    away = places(embedded, await moved(client, found.id, "trashed"))
    assert [path.exists() for path in before] == [False] * len(before)
    assert all(path.is_file() and path.is_relative_to(embedded.root.trash) for path in away)
    undone = await client.tell(f"/commands/{told.command}/undo", CommandUndone)
    assert undone.state == CommandUndone(command_id=str(told.command), changes=1)
    assert (await video(client, found.id)).state == "ready"
    back = await moved(client, found.id, "present")
    assert places(embedded, back) == before
    assert await plays(before[0])
    await nothing_lost(client, [await video(client, found.id)], embedded.root)
    await nothing_left(embedded.root)


async def test_an_edit_wins_over_what_the_page_says(
    client: Client, site: Site, clip: Sample
) -> None:
    asked = await add(client, site.url(clip.slug))
    told = await client.tell(
        f"/videos/{asked.id}", VideoView, {"artist": "Edited", "album": "B"}, method="PATCH"
    )
    assert told.state is not None
    assert told.state.artist == "Edited"
    (found,) = await ended(client, [asked.id])
    assert (found.artist, found.about.album) == ("Edited", "B")
    assert found.title.startswith(clip.title)
    assert found.artist_id is not None
    assert (await client.get(f"/artists/{found.artist_id}", ArtistView)).name == "Edited"


async def test_an_ignored_video_is_wanted_no_longer_until_somebody_does(
    client: Client, embedded: System, site: Site, clip: Sample
) -> None:
    site.media[clip.slug] = Conduct(rate=1000)
    asked = await add(client, site.url(clip.slug), artist="Library", title="Ignored")
    job = await running_job(client, asked.id, "download")
    told = await client.tell(f"/videos/{asked.id}/ignore", VideoView)
    assert told.state is not None
    assert told.state.state == "ignored"
    await quiet(client)
    assert (await client.get(f"/jobs/{job.id}", JobView)).state == "cancelled"
    await nothing_left(embedded.root, within=15)
    site.media[clip.slug] = Conduct()
    await client.tell(f"/videos/{asked.id}/acquire", VideoView)
    (found,) = await ended(client, [asked.id])
    assert found.state == "ready"


async def test_a_cancelled_download_ends_at_once_and_leaves_nothing(
    client: Client, embedded: System, site: Site, film: Sample
) -> None:
    site.media[film.slug] = Conduct(rate=SLOW)
    asked = await add(client, site.url(film.slug), artist="Library", title="Cancelled")
    job = await running_job(client, asked.id, "download")
    await eventually(lambda: site.served[film.slug] > 0)
    told = await client.tell(f"/jobs/{job.id}/cancel", JobView)
    assert told.state is not None
    assert told.state.state == "cancelled"
    await nothing_left(embedded.root, within=15)
    await quiet(client)
    assert (await video(client, asked.id)).state == "wanted"
    assert (await client.get(f"/jobs/{job.id}", JobView)).state == "cancelled"


async def test_deleting_a_video_ends_the_encoder_that_works_on_it(
    client: Client, embedded: System, site: Site, film: Sample
) -> None:
    profile = await transcoding_profile(client, "high_quality")
    asked = await add(client, site.url(film.slug), profile, artist="Library", title="Encoded")
    await running_job(client, asked.id, "transcode")
    await eventually(lambda: encoders(embedded))
    await client.tell(f"/videos/{asked.id}", VideoView, method="DELETE")
    await eventually(lambda: not encoders(embedded))
    await quiet(client)
    await nothing_left(embedded.root)
    assert (await video(client, asked.id)).state == "deleted"


@pytest.mark.parametrize("asked", ["bytes=0-0", "bytes=100-299", "bytes=-500", "bytes=1000-", None])
async def test_what_is_streamed_is_what_lies_in_the_library(
    client: Client, embedded: System, streamed: VideoView, asked: str | None
) -> None:
    file = streamed.files[0]
    content = embedded.root.at(file.rendition.path).read_bytes()
    headers = client.access.headers | ({"Range": asked} if asked else {})
    async with httpx.AsyncClient(base_url=embedded.address, headers=headers) as http:
        answer = await http.get(f"/api/v1/files/{file.id}/content")
    part = content[_slice(asked, len(content))]
    assert answer.status_code == (206 if asked else 200)
    assert answer.content == part
    assert int(answer.headers["content-length"]) == len(part)


async def test_a_range_outside_of_the_file_is_refused(
    client: Client, embedded: System, streamed: VideoView
) -> None:
    headers = client.access.headers | {"Range": "bytes=999999999-"}
    async with httpx.AsyncClient(base_url=embedded.address, headers=headers) as http:
        answer = await http.get(f"/api/v1/files/{streamed.files[0].id}/content")
    assert answer.status_code == 416
    size = streamed.files[0].rendition.facts.size
    assert answer.headers["content-range"] == f"bytes */{size}"


@pytest.fixture
async def streamed(client: Client, site: Site, clip: Sample) -> VideoView:
    """A video to be watched, the same for all who watch."""
    known = await client.get("/videos", Videos, search="Streamed")
    return known.items[0] if known.items else await ready(client, site.url(clip.slug), "Streamed")


def _slice(asked: str | None, size: int) -> slice:
    if asked is None:
        return slice(None)
    first, _, last = asked.removeprefix("bytes=").partition("-")
    if not first:
        return slice(size - int(last), size)
    return slice(int(first), int(last) + 1 if last else size)
