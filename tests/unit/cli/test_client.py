"""What the client makes of the server's answers."""

from collections.abc import Callable

import httpx
import pytest

from mvidarr_common.cli.access import Access
from mvidarr_common.cli.client import Client, Frame
from mvidarr_common.errors import Conflict, NotFound, Problem, Unauthorized, Unavailable
from mvidarr_common.messages import Value
from mvidarr_common.messages.jobs import JobProgressed

Answers = Callable[[httpx.Request], httpx.Response]


class Thing(Value):
    name: str


def client(answers: Answers, patience: float = 5) -> Client:
    http = httpx.AsyncClient(base_url="http://test", transport=httpx.MockTransport(answers))
    return Client(Access("http://test"), http, patience)


def problem(status: int, code: str, detail: str, **more: str) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "code": code, "detail": detail, **more})


@pytest.mark.parametrize(
    ("status", "expected"), [(404, NotFound), (409, Conflict), (401, Unauthorized)]
)
async def test_a_problem_of_the_server_is_ours_with_its_sentence(
    status: int, expected: type[Problem]
) -> None:
    asked = client(lambda _: problem(status, "video_not_found", "There is no such video."))
    with pytest.raises(expected, match="There is no such video") as raised:
        await asked.get("/videos/1", Thing)
    assert raised.value.code == "video_not_found"


async def test_what_is_in_the_way_is_named() -> None:
    asked = client(lambda _: problem(409, "video_exists", "It is there.", existing="video-1"))
    with pytest.raises(Conflict) as raised:
        await asked.tell("/videos", Thing, {})
    assert raised.value.existing == "video-1"


async def test_an_answer_that_is_no_problem_document_is_told_by_its_status() -> None:
    asked = client(lambda _: httpx.Response(502, text="<h1>Bad gateway</h1>"))
    with pytest.raises(Problem, match="answers 502"):
        await asked.get("/videos", Thing)


async def test_a_mutation_that_nobody_confirmed_is_said_again_with_the_same_id() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            return httpx.Response(503, headers={"Retry-After": "0"}, json={})
        return httpx.Response(201, json={"name": "made"})

    told = await client(answer).tell("/videos", Thing, {})
    assert told.state == Thing(name="made")
    assert len(keys) == 2
    assert keys[0] == keys[1] != ""


async def test_a_command_that_waits_for_the_brain_has_no_state_yet() -> None:
    pending = {"commandId": "c-1", "state": "pending", "location": "/api/v1/commands/c-1"}
    told = await client(lambda _: httpx.Response(202, json=pending)).tell("/videos", Thing, {})
    assert (told.pending, told.state) == ("c-1", None)


async def test_a_server_that_is_not_there_is_a_clear_sentence() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Unavailable, match=r"No MVidarr answers at http://test\. Start one with"):
        await client(refuse).get("/videos", Thing)


async def test_what_is_not_asked_for_is_not_sent() -> None:
    queries: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        queries.append(request.url.query.decode())
        return httpx.Response(200, json={"name": "x"})

    await client(answer).get("/videos", Thing, state=None, limit=3)
    assert queries == ["limit=3"]


def test_a_frame_speaks_the_language_of_the_log() -> None:
    data = {"jobId": "j", "attempt": 1, "stage": "fetching", "fraction": 0.5}
    frame = Frame.model_validate({"type": "signal.job.progressed", "data": data})
    assert frame.message == JobProgressed(job_id="j", attempt=1, stage="fetching", fraction=0.5)  # type: ignore[arg-type]  # a plain id


def test_a_frame_that_this_version_does_not_know_says_nothing() -> None:
    assert Frame(type="event.moon.landed").message is None
    assert Frame(type="ready").message is None
