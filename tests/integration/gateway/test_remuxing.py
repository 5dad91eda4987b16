"""Films in containers that browsers cannot open are copied while they are watched."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.remuxing import Remuxing, command
from mvidarr_common.demo.samples import encode, run_ffmpeg
from mvidarr_common.errors import Unavailable
from mvidarr_common.ffmpeg import wheel_ffmpeg
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.ids import FileId, VideoId
from mvidarr_common.messages.library import Description, FileAdded, Rendition, VideoAdded
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.processes import open_children
from mvidarr_common.testing.conditions import eventually
from mvidarr_transcoder.media import measure

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
CODECS = (
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-g",
    "24",
    "-pix_fmt",
    "yuv420p",
    "-c:a",
    "aac",
)
PLACE = "/api/v1/files/f1"


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds in Matroska."""
    path = tmp_path_factory.mktemp("footage") / "Song.mkv"
    encode(wheel_ffmpeg(), path, 4, "testsrc2=size=160x90:rate=24", (220, 277), CODECS)
    return path


async def _added(film: Path, deps: Deps, catalog: Catalog) -> None:
    rendition = Rendition(
        path=deps.root.relative(film), role="original", sha256="0", facts=measure(str(film))
    )
    id = VideoId("v1")
    video = VideoAdded(
        video_id=id, url="http://x/1", known=Description(), profile_id=DEFAULT_PROFILE
    )
    file = FileAdded(file_id=FileId("f1"), video_id=id, rendition=rendition)
    await catalog.has_committed(await catalog.say(video), await catalog.say(file))


@pytest.fixture
async def film(deps: Deps, catalog: Catalog, footage: Path) -> Path:
    deps.root.library.mkdir(parents=True)
    film = deps.root.library / "Song.mkv"
    shutil.copy(footage, film)
    await _added(film, deps, catalog)
    return film


async def test_a_film_is_copied_from_any_second_on(
    film: Path, as_: As, anyone: httpx.AsyncClient, tmp_path: Path
) -> None:
    ways = (await (await as_("readonly")).get(f"{PLACE}/playback")).json()["ways"]
    assert [way["kind"] for way in ways] == ["copy", "direct"]
    made = {}
    for start in (0, 2):
        answer = await anyone.get(f"{ways[0]['url']}&start={start}")
        assert answer.headers["content-type"] == "video/mp4"
        (tmp_path / "copy.mp4").write_bytes(answer.content)
        made[start] = await asyncio.to_thread(measure, str(tmp_path / "copy.mp4"))
    whole, rest = made[0], made[2]
    assert (whole.container, whole.video[0].codec, whole.audio[0].codec) == ("mp4", "h264", "aac")
    assert whole.duration == pytest.approx(4, abs=0.2)
    assert rest.duration == pytest.approx(2, abs=0.2)
    assert (await anyone.head(ways[0]["url"])).status_code == 200


async def test_what_cannot_be_copied_is_told(film: Path, as_: As) -> None:
    client = await as_("readonly")
    beyond = await client.get(f"{PLACE}/copy.mp4?start=4.5")
    assert (beyond.status_code, beyond.json()["code"]) == (422, "outside")
    os.truncate(film, 100)
    broken = await client.get(f"{PLACE}/copy.mp4")
    assert (broken.status_code, broken.json()["code"]) == (422, "not_copied")


async def test_the_copy_ends_with_its_client(
    deps: Deps, catalog: Catalog, footage: Path, as_: As, port: int
) -> None:
    deps.root.library.mkdir(parents=True)
    film = deps.root.library / "Song.mkv"
    run_ffmpeg(wheel_ffmpeg(), "-stream_loop", "250", "-i", str(footage), "-c", "copy", str(film))
    await _added(film, deps, catalog)
    ways = (await (await as_("readonly")).get(f"{PLACE}/playback")).json()["ways"]
    link = urlsplit(ways[0]["url"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(f"GET {link.path}?{link.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    assert _copying(film)
    writer.transport.abort()
    await eventually(lambda: not _copying(film), within=15)


async def test_so_many_are_copied_at_once_and_no_more(film: Path) -> None:
    line = command(wheel_ffmpeg(), film, 0)
    async with open_children() as children:
        remuxing = Remuxing(children, at_once=1)
        async with remuxing.poured(line) as output:
            assert (await output.read(1000))[4:8] == b"ftyp"
            with pytest.raises(Unavailable):
                async with remuxing.poured(line):
                    pass
        async with remuxing.poured(line) as output:
            assert await output.read(1000)


def _copying(film: Path) -> bool:
    ours = psutil.Process(os.getpid()).children(recursive=True)
    return any(f"file:{film}" in _line_of(process) for process in ours)


def _line_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []
