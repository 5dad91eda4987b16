"""Sites that keep picture and sound apart, or cut their videos in pieces."""

import asyncio
import os
import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
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
from mvidarr_common.testing.conditions import eventually

from .conftest import downloading

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
    """A folder on a site; files that are `down` are answered with 503, those `held` not before
    the site closes. `asked` counts the requests for each."""

    folder: Path
    address: str
    down: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    closing: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory, samples: list[Sample]) -> Path:
    """The first sample as DASH with two files, and as HLS and DASH with pieces of a second."""
    folder = tmp_path_factory.mktemp("films")
    exe, film = imageio_ffmpeg.get_ffmpeg_exe(), str(samples[0].path)
    run_ffmpeg(exe, "-i", film, "-an", "-c", "copy", str(folder / "picture.mp4"))
    run_ffmpeg(exe, "-i", film, "-vn", "-c", "copy", str(folder / "sound.m4a"))
    cut = ("-g", "24", "-preset", "ultrafast", "-c:a", "aac")
    hls = ("-f", "hls", "-hls_time", "1", "-hls_list_size", "0")
    run_ffmpeg(exe, "-i", film, *cut, *hls, str(folder / "list.m3u8"))
    dash = ("-f", "dash", "-seg_duration", "1", "-use_timeline", "0")
    run_ffmpeg(exe, "-i", film, *cut, *dash, str(folder / "pieces.mpd"))
    (folder / "film.mpd").write_text(MANIFEST)
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def streams(tmp_path: Path, films: Path) -> AsyncIterator[Streams]:
    """A site of the test's own with these films."""
    folder = tmp_path / "www"
    shutil.copytree(films, folder)
    files, streams = StaticFiles(directory=folder), Streams(folder, "")

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"][1:]
        streams.asked[name] += 1
        if name in streams.held:
            await streams.closing.wait()
        app: ASGIApp = Response(status_code=503) if name in streams.down else files
        await app(scope, receive, send)

    async with serving(Starlette(routes=[Mount("/", answer)])) as address:
        yield replace(streams, address=address)
        streams.closing.set()


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


PIECES = {
    "list.m3u8": [f"list{n}.ts" for n in range(8)],
    "pieces.mpd": [f"chunk-stream0-{n:05}.m4s" for n in range(1, 9)],
}


@pytest.mark.parametrize("manifest", PIECES)
async def test_pieces_that_are_there_are_not_fetched_again(
    manifest: str, streams: Streams, downloader: Any, fetch: Any
) -> None:
    pieces = PIECES[manifest]
    whole = await fetch(f"{streams.address}/{manifest}", job_id="whole")
    streams.asked.clear()
    streams.down.add(pieces[4])
    with pytest.raises(JobError) as failed:
        await fetch(f"{streams.address}/{manifest}")
    assert failed.value.retry, failed.value.detail
    streams.down.clear()
    result = await fetch(f"{streams.address}/{manifest}")
    assert result.resumed_from > 0
    assert [streams.asked[name] for name in pieces if name != pieces[4]] == [1] * 7
    assert (result.size, result.sha256) == (whole.size, whole.sha256)


@pytest.mark.parametrize("manifest", PIECES)
async def test_a_killed_child_goes_on_from_the_piece_that_it_had_reached(
    manifest: str, streams: Streams, downloader: Any, fetch: Any
) -> None:
    pieces = PIECES[manifest]
    whole = await fetch(f"{streams.address}/{manifest}", job_id="whole")
    streams.asked.clear()
    streams.held.add(pieces[4])
    attempt = asyncio.create_task(fetch(f"{streams.address}/{manifest}", download_fragments=1))
    await eventually(lambda: streams.asked[pieces[4]] == 1)
    [child] = downloading()
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(JobError) as failed:
        await attempt
    assert failed.value.code == "worker_child_died"
    [part] = downloader.root.path.rglob("*.part")
    with part.open("ab") as file:
        file.write(b"half a piece, written when it was killed")
    streams.held.clear()
    result = await fetch(f"{streams.address}/{manifest}")
    assert [streams.asked[name] for name in pieces] == [1, 1, 1, 1, 2, 1, 1, 1]
    assert (result.size, result.sha256) == (whole.size, whole.sha256)
