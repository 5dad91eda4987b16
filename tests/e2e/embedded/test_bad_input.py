"""Whatever is given: a clear answer with a code and a sentence, nothing half done, all in order."""

import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import httpx
import pytest

from mvidarr_common.cli.client import Client
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import Conflict
from mvidarr_common.messages.queries import ProfileView, Records, SystemView
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import add, ended, log, nothing_left, plays, quiet
from mvidarr_common.testing.servers import PLAIN
from mvidarr_common.testing.system import System

pytestmark = pytest.mark.timeout(240)

TEN_GIGABYTES = 10 * 1000**3
PAGE = "http://music.example/watch"


@dataclass(frozen=True)
class Bad:
    """A request, and how it is refused."""

    status: int
    code: str
    method: str
    path: str
    body: Any = None
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code} {self.method} {self.path} {str(self.body or self.more)[:40]}"


def video(code: str, status: int = 422, **body: Any) -> Bad:
    """A video that nobody can add."""
    return Bad(status, code, "POST", "/videos", body)


REQUESTS = [
    video("invalid_url", url="no url at all"),
    video("invalid_url", url="ftp://music.example/a.mp4"),
    video("invalid_url", url="file:///etc/passwd"),
    video("invalid_url", url="http://somebody:secret@music.example/"),
    video("invalid_url", url="http:///nowhere"),
    video("invalid_url", url="http://music.example/\r\nX-Evil: 1"),
    video("invalid_body", url=""),
    video("invalid_body", url=7),
    video("invalid_body"),
    video("invalid_body", url=f"{PAGE}/{'x' * 3000}"),
    video("invalid_body", url=PAGE, colour="red"),
    video("invalid_body", url=PAGE, known={"title": "x" * 301}),
    video("invalid_body", url=PAGE, known={"title": "a\0b"}),
    video("invalid_body", url=PAGE, known={"released": "yesterday"}),
    video("invalid_profile", url=PAGE, profileId="nobody's"),
    Bad(400, "invalid_json", "POST", "/videos", more={"content": b"{not json"}),
    Bad(400, "invalid_json", "POST", "/videos", more={"content": b"\xff\xfe"}),
    Bad(413, "too_large", "POST", "/videos", more={"content": b" " * 2_000_000}),
    Bad(422, "invalid_body", "POST", "/videos", body=["a", "list"]),
    Bad(422, "invalid_body", "POST", "/profiles", body={"name": "P", "cutoff": "9000p"}),
    Bad(422, "invalid_body", "POST", "/profiles", body={"name": "P", "transcode": "-i /etc/x"}),
    Bad(422, "invalid_body", "POST", "/artists", body={"name": ""}),
    Bad(422, "invalid_query", "GET", "/videos", more={"params": {"state": "gone"}}),
    Bad(422, "invalid_query", "GET", "/videos", more={"params": {"colour": "red"}}),
    Bad(422, "invalid_query", "GET", "/videos", more={"params": {"limit": "0"}}),
    Bad(422, "invalid_query", "GET", "/jobs", more={"params": {"limit": "many"}}),
    Bad(422, "bad_sort", "GET", "/videos", more={"params": {"sort": "-nothing"}}),
    Bad(422, "invalid_cursor", "GET", "/jobs", more={"params": {"cursor": "!!!"}}),
    Bad(422, "invalid_cursor", "GET", "/videos", more={"params": {"cursor": "e30"}}),
    Bad(404, "video_not_found", "GET", "/videos/none"),
    Bad(404, "video_not_found", "DELETE", "/videos/none"),
    Bad(404, "video_not_found", "POST", "/videos/none/restore"),
    Bad(404, "video_not_found", "PATCH", "/videos/none", body={"title": "T"}),
    Bad(404, "file_not_found", "GET", "/files/none/content"),
    Bad(404, "job_not_found", "GET", "/jobs/none"),
    Bad(404, "job_not_found", "POST", "/jobs/none/cancel"),
    Bad(404, "artist_not_found", "GET", "/artists/none"),
    Bad(404, "profile_not_found", "GET", "/profiles/none"),
    Bad(404, "command_not_found", "GET", "/commands/none"),
    Bad(404, "not_found", "GET", "/nowhere"),
    Bad(405, "method_not_allowed", "PUT", "/videos"),
    Bad(401, "unauthenticated", "GET", "/videos", more={"headers": {"Authorization": ""}}),
    Bad(401, "unauthenticated", "GET", "/videos", more={"headers": {"Authorization": "Bearer x"}}),
    Bad(
        401, "wrong_credentials", "POST", "/auth/login",
        body={"username": "admin", "password": "password"},
    ),
]  # fmt: skip

NAMES = [
    ("AC/DC", 'Back\\In: <Black>?*|"'),
    ("..", "../../../../etc/passwd"),
    ("CON", "nul.txt"),
    ("Ä" * 300, "🎵" * 300),
    (".hidden", "  dots at the end... "),
    ("Be\x07ll\x1b[31m", "two\nlines\r\u202eelif"),
    ("👩‍👩‍👧‍👧 Family", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"),
]
RESERVED = {"con", "prn", "aux", "nul"}


@pytest.fixture
async def http(client: Client, embedded: System) -> AsyncIterator[httpx.AsyncClient]:
    """Requests as they are, answers as they are."""
    address = f"{embedded.address}/api/v1"
    headers = client.access.headers
    async with httpx.AsyncClient(base_url=address, headers=headers, verify=PLAIN) as http:
        yield http


def require_problem(answer: httpx.Response, status: int, code: str) -> None:
    """The answer is a problem of this kind, told in the one shape that all have."""
    told = answer.json()
    assert (answer.status_code, told["code"], told["status"]) == (status, code, status), told
    assert answer.headers["content-type"] == "application/problem+json"
    assert " " in told["detail"], "a sentence"
    assert told["instance"] == answer.request.url.path
    assert told["requestId"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("bad", REQUESTS, ids=str)
async def test_a_bad_request_is_refused_with_code_and_sentence_and_does_nothing(
    bad: Bad, http: httpx.AsyncClient, client: Client
) -> None:
    await quiet(client)
    before = await client.get("/system/status", SystemView)
    body = {} if bad.body is None else {"json": bad.body}
    answer = await http.request(bad.method, bad.path, **body, **bad.more)
    require_problem(answer, bad.status, bad.code)
    after = await client.get("/system/status", SystemView)
    assert (after.videos, after.jobs, after.parked) == (before.videos, before.jobs, 0)


async def test_the_log_says_who_asked_for_what_was_refused(
    http: httpx.AsyncClient, client: Client
) -> None:
    me = (await http.get("/auth/me")).json()
    headers = {"Idempotency-Key": "asked by somebody"}
    await http.post("/videos", json={"url": PAGE, "profileId": "no such"}, headers=headers)
    newest = await log(client)
    refused = [r for r in newest if r.type == "event.command.rejected"][-1]
    asked = next(r for r in newest if r.id == refused.causation_id)
    assert (asked.type, asked.actor) == ("command.video.add", f"user/{me['id']}")
    assert asked.data["profileId"] == "no such"
    assert refused.data["code"] == "invalid_profile"


async def test_a_page_is_added_once(client: Client, site: Site, clip: Sample) -> None:
    first = await add(client, site.url(clip.slug), artist="Bad", title="Once")
    with pytest.raises(Conflict) as refused:
        await add(client, site.url(clip.slug))
    assert (refused.value.code, refused.value.existing) == ("video_known", first.id)
    await ended(client, [first.id])


async def test_a_page_that_gives_no_video_ends_with_the_reason_and_leaves_nothing(
    client: Client, http: httpx.AsyncClient, embedded: System, site: Site, film: Sample,
    clip: Sample,
) -> None:  # fmt: skip
    site.pages["blank"] = Conduct(blank=True)
    site.pages["forbidden"] = Conduct(status=403)
    site.media[film.slug] = Conduct(claims=TEN_GIGABYTES)
    small = (await client.tell("/profiles", ProfileView, {"name": "S", "maxBytes": 1000})).state
    assert small is not None
    asked = {
        "unsupported_url": await add(client, site.url("blank")),
        "gone": await add(client, site.url("none")),
        "forbidden": await add(client, site.url("forbidden")),
        "too_large": await add(client, site.url(film.slug)),
        "too_large ": await add(client, site.url(clip.slug), small.id),
    }
    videos = await ended(client, [video.id for video in asked.values()])
    found = [(v.state, v.failure.code if v.failure else None) for v in videos]
    assert found == [("failed", code.strip()) for code in asked]
    assert all(v.failure and v.failure.message.endswith(".") and not v.files for v in videos)
    await quiet(client)
    await nothing_left(embedded.root)
    me = (await http.get("/auth/me")).json()
    history = await client.get(f"/videos/{videos[0].id}/history", Records, limit=200)
    assert {r.actor for r in history.items if r.type == "command.video.add"} == {f"user/{me['id']}"}


async def test_any_name_becomes_a_safe_one_inside_of_the_library(
    client: Client, embedded: System, site: Site, clip: Sample
) -> None:
    asked = [
        await add(client, f"{site.url(clip.slug)}?n={n}", artist=artist, title=title)
        for n, (artist, title) in enumerate(NAMES)
    ]
    videos = await ended(client, [video.id for video in asked])
    assert [video.state for video in videos] == ["ready"] * len(NAMES)
    paths = [
        path for v in videos for f in v.files for path in (f.rendition.path, *f.rendition.sidecars)
    ]
    for path in paths:
        require_safe(path)
        assert embedded.root.at(path).resolve().is_relative_to(embedded.root.library.resolve())
    for video in videos:
        assert await plays(embedded.root.at(video.files[0].rendition.path))
    assert len(set(paths)) == len(paths)
    await quiet(client)
    await nothing_left(embedded.root)


def require_safe(path: str) -> None:
    """Every file system takes it, and every media server shows it."""
    first, *parts = PurePosixPath(path).parts
    assert first == "library"
    for part in parts:
        assert len(part.encode()) <= 255, part
        assert not set(part) & set('<>:"/\\|?*'), part
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in part), part
        assert "\u202e" not in part
        assert part.partition(".")[0].rstrip().lower() not in RESERVED, part
        assert part == part.lstrip(".").rstrip(". "), part


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost:8080/", "http://10.0.0.1/a", "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/", "http://2130706433/", "http://0x7f.1/",
        "http://[::ffff:192.168.0.1]/", "http://nas.local/", "http://0.0.0.0/",
    ],
)  # fmt: skip
async def test_a_private_address_is_refused_unless_it_is_allowed(strict: System, url: str) -> None:
    access = strict.log_in()
    webhook = {"name": "W", "channel": "webhook", "address": url}
    async with httpx.AsyncClient(base_url=strict.address, headers=access.headers) as http:
        require_problem(
            await http.post("/api/v1/videos", json={"url": url}), 422, "private_address"
        )
        require_problem(
            await http.post("/api/v1/subscriptions", json=webhook), 422, "private_address"
        )


async def test_a_token_expires(strict: System) -> None:
    access = strict.log_in()
    async with httpx.AsyncClient(base_url=strict.address, headers=access.headers) as http:

        async def refused() -> httpx.Response:
            answer = await http.get("/api/v1/videos")
            assert answer.status_code != 200
            return answer

        require_problem(await eventually(refused, 30, every=0.2), 401, "token_expired")


def test_a_template_that_climbs_out_of_the_library_is_refused_at_the_start(
    tmp_path: Path,
) -> None:
    climbing = System(tmp_path, ("transcoder",), naming="../{Artist Name} - {Video Title}")
    with pytest.raises(RuntimeError, match="transcoder ended with 1"), climbing:
        pass
    assert "mvidarr: The template" in climbing.tail("transcoder")
    assert "leaves the library" in climbing.tail("transcoder")
