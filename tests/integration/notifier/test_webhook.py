"""Webhooks against real receivers on loopback."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope
from starlette.types import Send as AsgiSend

from mvidarr_common.demo.receiver import Received, Receiver
from mvidarr_common.demo.server import serving
from mvidarr_common.errors import Invalid, JobError

Send = Callable[..., Any]


def verified(request: Received, secret: str) -> bool:
    """What the documentation tells receivers to do, in their own words."""
    stamp = request.headers["x-mvidarr-timestamp"]
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + request.body, hashlib.sha256)
    return hmac.compare_digest(f"sha256={mac.hexdigest()}", request.headers["x-mvidarr-signature"])


def answering(status: int, **headers: str) -> Callable[[Scope, Receive, AsgiSend], Any]:
    """An application that answers everything in one way."""

    async def app(scope: Scope, receive: Receive, send: AsgiSend) -> None:
        await Request(scope, receive).body()
        answer = Response(
            status_code=status, headers={k.replace("_", "-"): headers[k] for k in headers}
        )
        await answer(scope, receive, send)

    return app


async def refusal(send: Send, app: Any, **options: Any) -> JobError:
    async with serving(app) as url:
        with pytest.raises(JobError) as caught:
            await send("webhook", url, **options)
    return caught.value


async def test_a_receiver_gets_signed_json_that_it_can_verify(send: Send) -> None:
    async with Receiver() as receiver:
        result = await send("webhook", receiver.url, secret="hush")
        [request] = await receiver.wait_for(1)
    assert result.status == "204"
    assert verified(request, "hush")
    assert not verified(request, "guess")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-mvidarr-event"] == "video.ready"
    assert request.headers["x-mvidarr-delivery"] == "job-1"
    told = json.loads(request.body)
    assert told["eventType"] == "video.ready"
    assert told["title"] == "Ready: Björk – Jóga"
    assert told["data"] == {"videoId": "v1"}


async def test_without_a_secret_nothing_is_signed(send: Send) -> None:
    async with Receiver() as receiver:
        await send("webhook", receiver.url)
        [request] = await receiver.wait_for(1)
    assert "x-mvidarr-signature" not in request.headers


async def test_a_named_host_is_asked_for_by_its_name(send: Send) -> None:
    async with Receiver() as receiver:
        await send("webhook", receiver.url.replace("127.0.0.1", "localhost"))
        [request] = await receiver.wait_for(1)
    assert request.headers["host"].startswith("localhost:")


async def test_every_attempt_has_the_same_delivery_id(send: Send) -> None:
    async with Receiver() as receiver:
        receiver.fail(2)
        for _ in range(2):
            with pytest.raises(JobError):
                await send("webhook", receiver.url)
        await send("webhook", receiver.url)
        await receiver.wait_for(1)
    assert {request.headers["x-mvidarr-delivery"] for request in receiver.requests} == {"job-1"}
    assert len(receiver.requests) == 3


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 429, 500, 502, 503])
async def test_a_refusal_is_tried_again(send: Send, status: int) -> None:
    error = await refusal(send, answering(status))
    assert (error.code, error.retry, error.after) == ("receiver_refused", True, None)
    assert str(status) in error.message


async def test_gone_is_final(send: Send) -> None:
    error = await refusal(send, answering(410))
    assert (error.code, error.retry) == ("receiver_gone", False)


@pytest.mark.parametrize(
    ("said", "after"),
    [("120", 120.0), ("-5", 0.0), ("9999999", 86400.0), ("soon", None), ("nan", None)],
)
async def test_the_receiver_may_ask_for_a_pause(send: Send, said: str, after: float | None) -> None:
    error = await refusal(send, answering(429, Retry_After=said))
    assert error.after == after


async def test_the_receiver_may_name_a_date(send: Send) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    error = await refusal(send, answering(503, Retry_After=later))
    assert error.after == pytest.approx(3600, abs=60)


async def test_a_redirect_is_not_followed(send: Send) -> None:
    async with Receiver() as elsewhere:
        error = await refusal(send, answering(307, Location=elsewhere.url))
    assert error.retry
    assert elsewhere.requests == []


async def test_a_receiver_that_is_silent_is_tried_again(send: Send) -> None:
    async def silent(scope: Scope, receive: Receive, send: AsgiSend) -> None:
        await asyncio.Event().wait()

    error = await refusal(send, silent, timeout=0.2)
    assert (error.code, error.retry) == ("receiver_timeout", True)


async def test_a_receiver_that_is_away_is_tried_again(send: Send) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(JobError) as caught:
        await send("webhook", f"http://127.0.0.1:{port}/")
    assert (caught.value.code, caught.value.retry) == ("receiver_unreachable", True)


async def test_a_name_that_nobody_knows_is_tried_again(send: Send) -> None:
    with pytest.raises(JobError) as caught:
        await send("webhook", "http://nobody.invalid/")
    assert (caught.value.code, caught.value.retry) == ("receiver_unknown", True)


@pytest.mark.parametrize("address", ["no url", "ftp://example.com/", "https://", "http://[::1"])
async def test_an_address_that_is_none_is_final(send: Send, address: str) -> None:
    with pytest.raises(Invalid) as caught:
        await send("webhook", address)
    assert (caught.value.code, caught.value.retryable) == ("invalid_url", False)


async def test_a_private_receiver_is_refused_unless_allowed(send: Send) -> None:
    async with Receiver() as receiver:
        for address in (receiver.url, receiver.url.replace("127.0.0.1", "localhost")):
            with pytest.raises(Invalid) as caught:
                await send("webhook", address, allow_private=False)
            assert (caught.value.code, caught.value.retryable) == ("private_address", False)
    assert receiver.requests == []


async def test_what_is_told_of_a_failure_never_holds_the_address(send: Send) -> None:
    async with serving(answering(500)) as url:
        with pytest.raises(JobError) as caught:
            await send("webhook", f"{url}/hooks/T0K3N?key=s3cret")
    assert "T0K3N" not in repr(caught.value.__dict__)
    assert "s3cret" not in repr(caught.value.__dict__)
