"""Sites that keep picture and sound apart, or cut their videos in pieces."""

import asyncio
import hashlib
import os
import shutil
import signal
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Container
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import av
import imageio_ffmpeg
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from mvidarr_common.demo.samples import Sample, run_ffmpeg
from mvidarr_common.demo.server import serving
from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.fetching import FetchOptions
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.processes import Children
from mvidarr_common.testing.conditions import eventually
from mvidarr_downloader.deps import manners_of
from mvidarr_downloader.fetchers import fetcher_for
from mvidarr_downloader.orders import Order, Progress, Used
from mvidarr_downloader.settings import DownloaderSettings

from .conftest import ALL, downloading, fetch_guarded

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
    the site closes; those `summed` come with their checksum, and as often as `spoilt` says with
    other bytes. `asked` counts the requests for each."""

    folder: Path
    address: str
    down: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    summed: set[str] = field(default_factory=set)
    spoilt: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    moved: dict[str, str] = field(default_factory=dict)
    live: list[int] = field(default_factory=list)
    """How many pieces `live.m3u8` shows at the next requests; the last number ends it."""
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
    run_ffmpeg(exe, "-i", film, *cut, *hls, "-hls_flags", "single_file", str(folder / "one.m3u8"))
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
        if name == "live.m3u8":
            answer = Response(live_list(streams.live), media_type="application/x-mpegurl")
            return await answer(scope, receive, send)
        if name in streams.summed:
            spoilt = streams.spoilt[name] >= streams.asked[name]
            wanted = Headers(scope=scope).get("range")
            return await summed(folder / name, spoilt, wanted)(scope, receive, send)
        if name in streams.moved:
            return await RedirectResponse(streams.moved[name])(scope, receive, send)
        app: ASGIApp = Response(status_code=503) if name in streams.down else files
        await app(scope, receive, send)

    async with serving(Starlette(routes=[Mount("/", answer)])) as address:
        yield replace(streams, address=address)
        streams.closing.set()


def summed(path: Path, spoilt: bool, wanted: str | None) -> Response:
    """With its checksum; a part of it comes with that of the whole."""
    content = path.read_bytes()
    digest = b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    sent = content[::-1] if spoilt else content
    if wanted is None:
        return Response(sent, headers={"Content-MD5": digest})
    first, last = map(int, wanted.removeprefix("bytes=").split("-"))
    part = {"Content-Range": f"bytes {first}-{last}/{len(sent)}", "Digest": f"MD5={digest}"}
    return Response(sent[first : last + 1], 206, part)


def live_list(shown: list[int]) -> str:
    """A stream that is under way: each request shows what there is by now."""
    count = shown.pop(0) if len(shown) > 1 else shown[0]
    pieces = "".join(f"#EXTINF:1,\nlist{n}.ts\n" for n in range(count))
    end = "" if len(shown) > 1 else "#EXT-X-ENDLIST\n"
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n{pieces}{end}"


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


async def test_each_phase_of_a_film_of_two_files_is_told(
    streams: Streams, children: Children, tmp_path: Path
) -> None:
    manners = manners_of(DownloaderSettings(allow_private_addresses=True))
    into, words = tmp_path / "into", list[Progress | Used]()
    into.mkdir()
    order = Order(f"{streams.address}/film.mpd", ALL, DataRoot(tmp_path), into, (), manners)
    await children.call(fetcher_for(order.url).fetch, order, on_message=words.append)
    stages = (word.stage for word in words if isinstance(word, Progress))
    assert [stage for stage, _ in groupby(stages)] == [
        "extracting", "downloading video", "downloading audio", "merging", "checking",
    ]  # fmt: skip


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
    """The checksum of their list is not the film's."""
    streams.summed.add("list.m3u8")
    result = await fetch(f"{streams.address}/list.m3u8")
    codecs, seconds = kinds(downloader.root.at(result.path))
    assert (sorted(codecs), round(seconds)) == (["aac", "h264"], 8)


async def test_a_piece_that_came_spoilt_is_fetched_anew_and_no_other(
    streams: Streams, downloader: Any, fetch: Any
) -> None:
    whole = await fetch(f"{streams.address}/list.m3u8", job_id="whole")
    streams.asked.clear()
    streams.summed.update(f"list{n}.ts" for n in range(8))
    streams.spoilt["list3.ts"] = 1
    result = await fetch(f"{streams.address}/list.m3u8")
    assert result.sha256 == whole.sha256
    assert [streams.asked[f"list{n}.ts"] for n in range(8)] == [1, 1, 1, 2, 1, 1, 1, 1]


async def test_a_piece_that_came_spoilt_twice_is_no_success(streams: Streams, fetch: Any) -> None:
    streams.summed.add("list3.ts")
    streams.spoilt["list3.ts"] = 2
    with pytest.raises(JobError) as failed:
        await fetch(f"{streams.address}/list.m3u8")
    assert (failed.value.code, failed.value.retry) == ("checksum", True)


async def test_a_film_of_byte_ranges_is_compared_with_the_checksum_of_its_file(
    streams: Streams, downloader: Any, fetch: Any
) -> None:
    pieces = (streams.folder / "one.m3u8").read_text().count("#EXT-X-BYTERANGE")
    streams.summed.add("one.ts")
    streams.spoilt["one.ts"] = pieces
    result = await fetch(f"{streams.address}/one.m3u8")
    codecs, seconds = kinds(downloader.root.at(result.path))
    assert (sorted(codecs), round(seconds)) == (["aac", "h264"], 8)
    assert streams.asked["one.ts"] == 2 * pieces


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
    await downloader.children.rest()
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


async def test_a_manifest_leads_nobody_into_a_private_network(
    streams: Streams, tmp_path: Path
) -> None:
    piece = "#EXTINF:1,\nhttp://127.0.0.2:9/secret.ts\n"
    (streams.folder / "bad.m3u8").write_text(f"#EXTM3U\n{piece}#EXT-X-ENDLIST\n")
    with pytest.raises(JobError) as refused:
        await asyncio.to_thread(fetch_guarded, f"{streams.address}/bad.m3u8", tmp_path)
    assert refused.value.code == "private_address"


async def test_what_is_live_is_waited_for(streams: Streams, fetch: Any) -> None:
    streams.live[:] = [3] * 9
    with pytest.raises(JobError) as waits:
        await fetch(f"{streams.address}/live.m3u8")
    assert (waits.value.code, waits.value.retry) == ("live_not_started", True)


@pytest.mark.parametrize(("live", "expected"), [("record", range(3, 8)), ("from_start", (8,))])
async def test_what_is_live_is_recorded_to_its_end_within_the_guard(
    live: Literal["record", "from_start"],
    expected: Container[int],
    streams: Streams,
    tmp_path: Path,
) -> None:
    streams.live[:] = [5, 5, 5, 5, 6, 8]
    profile = QualityProfile(name="live", fetch=FetchOptions(live=live))
    url = f"{streams.address}/live.m3u8"
    result = await asyncio.to_thread(fetch_guarded, url, tmp_path, profile=profile)
    codecs, seconds = kinds(tmp_path / result.path)
    assert sorted(codecs) == ["aac", "h264"]
    assert round(seconds) in expected


async def test_a_recording_leads_nobody_into_a_private_network(
    streams: Streams, tmp_path: Path
) -> None:
    streams.live[:] = [3] * 9
    profile = QualityProfile(name="live", fetch=FetchOptions(live="record"))
    for name in ("list0.ts", "list1.ts", "list2.ts"):
        streams.moved[name] = "http://127.0.0.2:9/secret.ts"
    url = f"{streams.address}/live.m3u8"
    with pytest.raises(JobError) as refused:
        await asyncio.to_thread(fetch_guarded, url, tmp_path, profile=profile)
    assert refused.value.code == "private_address"
