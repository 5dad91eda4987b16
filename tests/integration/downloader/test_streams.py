"""Sites that keep picture and sound apart, or cut their videos in pieces."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from mvidarr_common.demo.samples import Sample, run_ffmpeg
from mvidarr_common.demo.server import serving
from mvidarr_common.errors import JobError

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANIFEST = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT8S">
<Period>
<AdaptationSet mimeType="video/mp4"><Representation id="v" codecs="avc1.42c01e" width="640"
 height="360" bandwidth="1000000"><BaseURL>picture.mp4</BaseURL></Representation></AdaptationSet>
<AdaptationSet mimeType="audio/mp4"><Representation id="a" codecs="mp4a.40.2"
 bandwidth="128000"><BaseURL>sound.m4a</BaseURL></Representation></AdaptationSet>
</Period></MPD>
"""


@dataclass(frozen=True)
class Streams:
    """A folder on a site; files that are `down` are answered with 503."""

    folder: Path
    address: str
    down: set[str]


@pytest_asyncio.fixture(loop_scope="session")
async def streams(tmp_path: Path, samples: list[Sample]) -> AsyncIterator[Streams]:
    """The first sample, once as DASH with two files and once as HLS with pieces of two seconds."""
    folder = tmp_path / "www"
    folder.mkdir()
    exe, film = imageio_ffmpeg.get_ffmpeg_exe(), str(samples[0].path)
    run_ffmpeg(exe, "-i", film, "-an", "-c", "copy", str(folder / "picture.mp4"))
    run_ffmpeg(exe, "-i", film, "-vn", "-c", "copy", str(folder / "sound.m4a"))
    hls = ("-g", "48", "-preset", "ultrafast", "-f", "hls", "-hls_time", "2", "-hls_list_size", "0")
    run_ffmpeg(exe, "-i", film, *hls, str(folder / "list.m3u8"))
    (folder / "film.mpd").write_text(MANIFEST)
    files, down = StaticFiles(directory=folder), set[str]()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = Response(status_code=503) if scope["path"][1:] in down else files
        await app(scope, receive, send)

    async with serving(Starlette(routes=[Mount("/", answer)])) as address:
        yield Streams(folder, address, down)


def kinds(path: Path) -> tuple[list[str], float]:
    """The codecs of a file, and its seconds."""
    with av.open(str(path)) as film:
        return [stream.codec.name for stream in film.streams], (film.duration or 0) / 1_000_000


async def test_picture_and_sound_are_put_together(
    streams: Streams, downloader: Any, fetch: Any
) -> None:
    result = await fetch(f"{streams.address}/film.mpd")
    codecs, seconds = kinds(downloader.root.at(result.path))
    assert (sorted(codecs), round(seconds)) == (["aac", "h264"], 8)
    assert result.format == "v+a"
    assert downloader.left() == sorted(
        [".lock", ".told", "source.mp4", *(path.name for path in streams.folder.iterdir())]
    )


async def test_what_was_whole_of_an_attempt_is_not_fetched_again(
    streams: Streams, downloader: Any, fetch: Any
) -> None:
    streams.down.add("sound.m4a")
    with pytest.raises(JobError) as failed:
        await fetch(f"{streams.address}/film.mpd")
    assert failed.value.retry, failed.value.detail
    streams.down.clear()
    result = await fetch(f"{streams.address}/film.mpd")
    assert result.resumed_from == (streams.folder / "picture.mp4").stat().st_size
    assert sorted(kinds(downloader.root.at(result.path))[0]) == ["aac", "h264"]


async def test_pieces_become_one_film(streams: Streams, downloader: Any, fetch: Any) -> None:
    result = await fetch(f"{streams.address}/list.m3u8")
    codecs, seconds = kinds(downloader.root.at(result.path))
    assert (sorted(codecs), round(seconds)) == (["aac", "h264"], 8)


async def test_a_missing_piece_is_a_failure_and_not_a_film_with_a_hole(
    streams: Streams, fetch: Any
) -> None:
    (streams.folder / "list1.ts").unlink()
    with pytest.raises(JobError) as failed:
        await fetch(f"{streams.address}/list.m3u8")
    assert failed.value.code == "gone", failed.value.detail


async def test_pieces_that_grow_over_the_limit_are_stopped(streams: Streams, fetch: Any) -> None:
    with pytest.raises(JobError) as failed:
        await fetch(f"{streams.address}/list.m3u8", download_max_bytes=700_000)
    assert failed.value.code == "too_large", failed.value.detail
