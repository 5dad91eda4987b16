"""A channel is one endless stream, the same for all who tune in."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import fromstring

import httpx
import psutil
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway import breaker, lineups
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.lineups import Channel
from mvidarr_api_gateway.programme import on_air
from mvidarr_common.demo.samples import encode, run_ffmpeg
from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Unavailable
from mvidarr_common.ffmpeg import wheel_ffmpeg
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.ids import FileId, VideoId
from mvidarr_common.messages.library import (
    Description,
    FileAdded,
    Rendition,
    VideoAdded,
    VideoReady,
)
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.testing.conditions import eventually
from mvidarr_transcoder.media import measure

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
Shows = Callable[[Path], Awaitable[Path]]
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-pix_fmt", "yuv420p")
VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-pix_fmt", "yuv420p")
CUT_OFF = -8
"""Packets in the middle of which the recording ends."""
PROBE = """
import av, json, sys
with av.open(sys.argv[1]) as film:
    codecs = [stream.codec_context.name for stream in film.streams]
    packets = [
        (each.stream.type, float(each.dts * each.time_base), float(each.pts * each.time_base))
        for each in film.demux() if each.dts is not None
    ]
with av.open(sys.argv[1]) as film:
    frames = sum(1 for _ in film.decode(video=0))
print(json.dumps([codecs, packets, frames]))
"""


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two seconds each: what is copied, what is encoded, and a silent one; and two minutes."""
    folder = tmp_path_factory.mktemp("footage")
    made = {
        name: folder / name for name in ("copied.mp4", "encoded.webm", "silent.mkv", "long.mp4")
    }
    encode(
        wheel_ffmpeg(), made["copied.mp4"], 2, "testsrc2=size=160x90:rate=25", (220, 277),
        (*X264, "-c:a", "aac"),
    )  # fmt: skip
    encode(
        wheel_ffmpeg(), made["encoded.webm"], 2, "testsrc2=size=160x90:rate=24", (196, 247),
        (*VP9, "-b:v", "200k", "-c:a", "libopus", "-b:a", "64k"),
    )  # fmt: skip
    copied, silent, long = made["copied.mp4"], made["silent.mkv"], made["long.mp4"]
    run_ffmpeg(wheel_ffmpeg(), "-i", str(copied), "-map", "0:v", "-c", "copy", str(silent))
    run_ffmpeg(wheel_ffmpeg(), "-stream_loop", "59", "-i", str(copied), "-c", "copy", str(long))
    return made


@pytest.fixture
def shows(deps: Deps, catalog: Catalog) -> Shows:
    """Adds a film to the library, of some minutes ago."""

    async def added(source: Path) -> Path:
        deps.root.library.mkdir(parents=True, exist_ok=True)
        film = deps.root.library / source.name
        shutil.copy(source, film)
        id, facts = VideoId(f"v-{source.stem}"), measure(str(film))
        path, thumb = deps.root.relative(film), film.with_name(f"{film.stem}-thumb.jpg")
        thumb.write_bytes(b"jpeg")
        rendition = Rendition(
            path=path,
            role="original",
            sha256="0",
            facts=facts,
            sidecars=(deps.root.relative(thumb),),
        )
        known = Description(title=source.stem, artist="Band")
        ready = {"title": source.stem, "artist": "Band", "path": path, "quality": "144p"}
        said = [
            fresh(message, source="test")
            for message in (
                VideoAdded(
                    video_id=id, url=f"http://x/{id}", known=known, profile_id=DEFAULT_PROFILE
                ),
                FileAdded(file_id=FileId(f"f-{source.stem}"), video_id=id, rendition=rendition),
                VideoReady(video_id=id, **ready),
            )
        ]
        said = [replace(each, time=each.time - timedelta(minutes=5)) for each in said]
        await catalog.bus.publish(*said)
        await catalog.has_committed(*said)
        await deps.feed.committed_to((await catalog.system()).offset, deps.bus, 10)
        return film

    return added


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Films are asked for each time, and the catalog is soon taken for away."""
    monkeypatch.setattr(lineups, "FRESH", 0.0)
    monkeypatch.setattr(breaker, "DOUBT", 0.05)
    monkeypatch.setattr(breaker, "PROBE", 0.2)


@pytest.fixture
async def player(port: int) -> AsyncIterator[httpx.AsyncClient]:
    """One that sends no headers."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client


async def _addresses(client: httpx.AsyncClient, **asked: str) -> tuple[str, str]:
    """Of a channel's stream and guide, as its list tells them."""
    link = (await client.get("/api/v1/lists")).json()["channel"]
    head, _, stream = (await client.get(link, params=_query(link) | asked)).text.splitlines()
    guide = head.split('"')[1]
    return _local(stream), _local(guide)


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def _local(url: str) -> str:
    found = urlsplit(url)
    return f"{found.path}?{found.query}"


async def _recorded(player: httpx.AsyncClient, url: str, films: int, path: Path) -> None:
    """A stream until so many films are whole."""
    seen: set[int] = set()
    with path.open("wb") as file:
        async with player.stream("GET", url) as answer:
            assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp2t")
            rest = b""
            async for chunk in answer.aiter_bytes():
                rest += chunk
                whole = len(rest) // 188 * 188
                seen |= _versions(rest[:whole])
                if len(seen) > films:
                    break
                file.write(rest[:whole])
                rest = rest[whole:]


def _versions(packets: bytes) -> set[int]:
    """Of the tables that name the streams: each film has its own."""
    found = (packets[n : n + 188] for n in range(0, len(packets), 188))
    return {each[10] >> 1 & 31 for each in found if each[1] & 0x5F == 0x40 and each[2] == 0}


async def test_films_follow_one_another_without_a_gap(
    footage: dict[str, Path], shows: Shows, as_: As, player: httpx.AsyncClient, tmp_path: Path
) -> None:
    for name in ("copied.mp4", "encoded.webm", "silent.mkv"):
        await shows(footage[name])
    stream, _ = await _addresses(await as_("readonly"), shuffle="false", sort="title")
    await _recorded(player, f"{stream}&from=start", 4, tmp_path / "channel.ts")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", PROBE, str(tmp_path / "channel.ts")],
        capture_output=True,
        text=True,
    )
    codecs, packets, frames = json.loads(done.stdout)
    assert codecs == ["h264", "aac"], done.stderr
    for kind in ("video", "audio"):
        of_kind = [(dts, pts) for each, dts, pts in packets if each == kind]
        assert all(one[0] < other[0] for one, other in pairwise(of_kind)), kind
        shown = sorted(pts for _, pts in of_kind)[:CUT_OFF]
        assert max(other - one for one, other in pairwise(shown)) < 0.12, kind
        assert 7 < shown[-1] - shown[0] < 11, kind
    assert frames > 150


async def test_who_tunes_in_sees_what_is_on_and_leaves_nothing(
    footage: dict[str, Path], shows: Shows, as_: As, port: int, deps: Deps
) -> None:
    film = await shows(footage["long.mp4"])
    stream, _ = await _addresses(await as_("readonly"), name="Long")
    lineup = await deps.channels.lineups.of(Channel(name="Long"))
    slot = on_air(lineup.films, "Long", time.time())
    assert slot is not None
    for at, whole in ((stream, False), (f"{stream}&from=start", True)):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(f"GET {at} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        [line] = await eventually(lambda: _showing(film))
        into = float(line[line.index("-ss") + 1]) if "-ss" in line else 0.0
        on = (time.time() - slot.start) % (slot.end - slot.start)
        assert 0 <= on - into < 20 or into > on + 100 or whole
        assert not (whole and into)
        writer.transport.abort()
        await eventually(lambda: not _showing(film), within=4)


def _showing(film: Path) -> list[list[str]]:
    """The command lines of those who read it."""
    ours = psutil.Process(os.getpid()).children(recursive=True)
    return [line for line in map(_line_of, ours) if f"file:{film}" in line and "-i" in line]


def _line_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


async def test_a_film_that_cannot_be_shown_is_passed_over(
    footage: dict[str, Path],
    shows: Shows,
    as_: As,
    player: httpx.AsyncClient,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await shows(footage["copied.mp4"])
    os.truncate(await shows(footage["long.mp4"]), 100)
    (await shows(footage["silent.mkv"])).unlink()
    stream, _ = await _addresses(await as_("readonly"))
    await _recorded(player, stream, 2, tmp_path / "channel.ts")
    told = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert any(message.endswith("end: library/long.mp4") for message in told), told
    assert not any("copied.mp4" in message for message in told)


async def test_a_film_that_comes_is_taken_up(
    footage: dict[str, Path], shows: Shows, as_: As, player: httpx.AsyncClient, hasty: None
) -> None:
    await shows(footage["copied.mp4"])
    stream, _ = await _addresses(await as_("readonly"))
    async with player.stream("GET", stream) as answer:
        chunks = answer.aiter_bytes()
        await _until("Band – copied", chunks)
        await shows(footage["silent.mkv"])
        await _until("Band – silent", chunks)


async def test_while_the_catalog_is_away_a_channel_has_the_films_that_it_had(
    footage: dict[str, Path], shows: Shows, deps: Deps, catalog: Catalog, hasty: None
) -> None:
    await shows(footage["copied.mp4"])
    known = deps.channels.lineups
    before = await known.of(Channel())
    catalog.cut()
    assert await known.of(Channel()) == before
    with pytest.raises(Unavailable):
        await known.of(Channel(name="other"))
    catalog.mend()


async def _until(title: str, chunks: AsyncIterator[bytes]) -> None:
    """Its name is in the stream, in the tables that players show."""
    async for chunk in chunks:
        if title.encode() in chunk:
            return
    raise AssertionError(f"{title} was never shown")


async def test_so_many_watch_at_once_and_no_more(
    footage: dict[str, Path], shows: Shows, as_: As, player: httpx.AsyncClient, deps: Deps
) -> None:
    await shows(footage["long.mp4"])
    deps.settings.channels, deps.settings.channels_per_user = 2, 1
    channels = [await _addresses(await as_(role)) for role in ("readonly", "user", "manager")]
    (mine, _), (yours, _), (theirs, _) = channels
    async with player.stream("GET", mine) as one, player.stream("GET", yours) as other:
        assert (one.status_code, other.status_code) == (200, 200)
        again, third = await player.get(mine), await player.get(theirs)
        assert (again.status_code, again.json()["code"]) == (429, "too_many_channels")
        assert (third.status_code, third.json()["code"]) == (503, "channels_full")
        assert again.headers["retry-after"] == third.headers["retry-after"] == "30"
        assert (await player.head(mine)).headers["content-type"] == "video/mp2t"
        deps.channels.end()
        assert b"".join([chunk async for chunk in one.aiter_bytes()])


async def test_a_channel_without_films_says_so(
    deps: Deps, as_: As, anyone: httpx.AsyncClient
) -> None:
    for address in await _addresses(await as_("readonly")):
        answer = await anyone.get(address)
        assert (answer.status_code, answer.json()["code"]) == (404, "channel_empty")
        answer = await anyone.get(f"{address}&filter=nonsense")
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_filter")


async def test_a_guide_shows_the_next_day_and_opens_for_who_opens_the_channel(
    footage: dict[str, Path], shows: Shows, as_: As, anyone: httpx.AsyncClient, deps: Deps
) -> None:
    await shows(footage["long.mp4"])
    user = await as_("user")
    _, address = await _addresses(user, name="Björk & friends")
    guide = fromstring((await anyone.get(address)).content)
    assert guide.findtext("channel/display-name") == "Björk & friends"
    shown = guide.findall("programme")
    assert len(shown) == pytest.approx(86400 / 121.3, abs=3)
    assert (shown[0].findtext("title"), shown[0].findtext("credits/actor")) == ("long", "Band")
    [icon] = shown[0].findall("icon")
    assert (await anyone.get(icon.attrib["src"])).content == b"jpeg"
    key = (await user.post("/api/v1/api-keys", json={"name": "tv", "role": "readonly"})).json()
    listed = await anyone.get("/api/v1/channel.m3u", params={"apikey": key["key"]})
    assert f"channel.ts?apikey={key['key']}" in listed.text
    deps.settings.public_url = "https://videos.example/mvidarr/"
    listed = await anyone.get("/api/v1/channel.m3u", params={"apikey": key["key"]})
    assert 'url-tvg="https://videos.example/mvidarr/api/v1/channel.xml?' in listed.text
