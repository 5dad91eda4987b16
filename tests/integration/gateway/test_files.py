"""The content of library files, for players."""

import hashlib
from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_api_gateway.deps import Deps
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.ids import FileId, VideoId
from mvidarr_common.messages.library import Description, FileAdded, Rendition, VideoAdded
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import DEFAULT_PROFILE

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
CONTENT = bytes(range(256)) * 3000
ETAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'
PLACE = "/api/v1/files/f1/content"
VIDEO = VideoAdded(
    video_id=VideoId("v1"), url="http://x/1", known=Description(), profile_id=DEFAULT_PROFILE
)


async def _file(catalog: Catalog, path: str, *sidecars: str) -> None:
    facts = MediaFacts(container="mp4", duration=1.0, size=len(CONTENT))
    rendition = Rendition(
        path=path, role="original", sha256=ETAG.strip('"'), facts=facts, sidecars=sidecars
    )
    fact = FileAdded(file_id=FileId("f1"), video_id=VideoId("v1"), rendition=rendition)
    await catalog.has_committed(await catalog.say(VIDEO), await catalog.say(fact))


@pytest.fixture
async def player(deps: Deps, catalog: Catalog, as_: As) -> httpx.AsyncClient:
    folder = deps.root.library / "Ä Band"
    folder.mkdir(parents=True)
    (folder / "Song.mp4").write_bytes(CONTENT)
    (folder / "Song-poster.jpg").write_bytes(b"jpeg")
    (folder / "Song.nfo").write_text("<musicvideo/>")
    beside = ("library/Ä Band/Song-poster.jpg", "library/Ä Band/Song.nfo")
    await _file(catalog, "library/Ä Band/Song.mp4", *beside)
    return await as_("readonly")


async def test_a_whole_file(player: httpx.AsyncClient) -> None:
    answer = await player.get(PLACE)
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"] == ETAG


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=700000-", 700000, 768000), ("bytes=-5", 767995, 768000)],
)
async def test_a_part(player: httpx.AsyncClient, asked: str, start: int, end: int) -> None:
    answer = await player.get(PLACE, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["content-length"] == str(end - start)


async def test_beyond_the_end(player: httpx.AsyncClient) -> None:
    answer = await player.get(PLACE, headers={"Range": "bytes=768000-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */768000"
    assert answer.json()["code"] == "range_not_satisfiable"


async def test_head_tells_the_size_and_sends_nothing(player: httpx.AsyncClient) -> None:
    answer = await player.head(PLACE)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(CONTENT))
    part = await player.head(PLACE, headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.headers["content-length"]) == (200, str(len(CONTENT)))


async def test_several_parts_at_once(player: httpx.AsyncClient) -> None:
    answer = await player.get(PLACE, headers={"Range": "bytes=0-9,700000-700004,-3"})
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert (answer.status_code, kind) == (206, "multipart/byteranges")
    assert answer.headers["content-length"] == str(len(answer.content))
    before, *parts, after = answer.content.split(f"\r\n--{boundary}".encode())
    assert (before, after) == (b"", b"--\r\n")
    assert [part.partition(b"\r\n\r\n")[2] for part in parts] == [
        CONTENT[:10], CONTENT[700000:700005], CONTENT[-3:]
    ]  # fmt: skip
    assert b"\r\nContent-Type: video/mp4\r\nContent-Range: bytes 0-9/768000\r\n" in parts[0]


async def test_parts_that_overlap_are_sent_as_one(player: httpx.AsyncClient) -> None:
    answer = await player.get(PLACE, headers={"Range": "bytes=5-9,0-7"})
    assert (answer.status_code, answer.content) == (206, CONTENT[:10])
    assert answer.headers["content-range"] == "bytes 0-9/768000"


async def test_a_part_only_of_the_same_content(player: httpx.AsyncClient) -> None:
    same = await player.get(PLACE, headers={"Range": "bytes=0-9", "If-Range": ETAG})
    other = await player.get(PLACE, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    weak = await player.get(PLACE, headers={"Range": "bytes=0-9", "If-Range": f"W/{ETAG}"})
    assert [answer.status_code for answer in (same, other, weak)] == [206, 200, 200]


async def test_another_content_than_the_wanted_is_refused(player: httpx.AsyncClient) -> None:
    assert (await player.get(PLACE, headers={"If-Match": f'"x", {ETAG}'})).status_code == 200
    answer = await player.get(PLACE, headers={"If-Match": '"x"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")


async def test_a_picture_is_known_by_its_time_and_size(player: httpx.AsyncClient) -> None:
    place = "/api/v1/files/f1/artwork/poster"
    first = await player.get(place)
    for name, header in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")):
        again = await player.get(place, headers={name: first.headers[header]})
        assert (again.status_code, again.content) == (304, b"")


async def test_what_the_client_has_is_not_sent_again(player: httpx.AsyncClient) -> None:
    for header in (ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"):
        answer = await player.get(PLACE, headers={"If-None-Match": header})
        assert (answer.status_code, answer.content) == (304, b"")
    assert (await player.get(PLACE, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_a_picture_by_its_role(player: httpx.AsyncClient) -> None:
    answer = await player.get("/api/v1/files/f1/artwork/poster")
    assert (answer.content, answer.headers["content-type"]) == (b"jpeg", "image/jpeg")
    for role in ("thumb", "nfo", "Song", "%2e%2e%2fSong"):
        assert (await player.get(f"/api/v1/files/f1/artwork/{role}")).status_code == 404


async def test_a_file_that_is_gone_is_told(player: httpx.AsyncClient, deps: Deps) -> None:
    (deps.root.library / "Ä Band" / "Song.mp4").unlink()
    answer = await player.get(PLACE)
    assert (answer.status_code, answer.json()["code"]) == (404, "file_missing")


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "library/link/secret"])
async def test_no_path_leads_out_of_the_data_root(
    deps: Deps, catalog: Catalog, as_: As, path: str
) -> None:
    deps.root.library.mkdir(parents=True)
    (deps.root.path.parent / "secret").write_text("secret")
    (deps.root.library / "link").symlink_to(deps.root.path.parent)
    await _file(catalog, path)
    answer = await (await as_("admin")).get(PLACE)
    assert (answer.status_code, answer.json()["code"]) == (422, "path_outside")


async def test_a_folder_is_no_file(deps: Deps, catalog: Catalog, as_: As) -> None:
    deps.root.library.mkdir(parents=True)
    await _file(catalog, "library")
    assert (await (await as_("admin")).get(PLACE)).status_code == 404
