"""An answer that is made while it is sent waits for its client, and ends with it."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from mvidarr_api_gateway.pouring import Give, Poured
from mvidarr_common.testing.conditions import eventually

GET = {"type": "http", "method": "GET"}


async def test_a_client_that_takes_nothing_is_sent_nothing_more_and_its_leaving_ends_it() -> None:
    given: list[int] = []
    sent: list[str] = []
    taken, left, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def pour(give: Give) -> None:
        try:
            for n in range(1000):
                given.append(n)
                await give(b"x" * 1000)
        finally:
            ended.set()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])
        if len(sent) > 1:
            await taken.wait()

    async def receive() -> MutableMapping[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    answer = asyncio.ensure_future(Poured(pour, "video/mp2t")(GET, receive, send))
    await eventually(lambda: len(sent) == 2)
    for _ in range(20):
        await asyncio.sleep(0)
    assert given == [0]
    left.set()
    await answer
    assert ended.is_set()
    assert sent == ["http.response.start", "http.response.body"]
