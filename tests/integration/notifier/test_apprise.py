"""Apprise with the real library, in a child process, against real receivers on loopback."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mvidarr_common.demo.receiver import Receiver
from mvidarr_common.errors import Invalid, JobError

Send = Callable[..., Any]


def as_apprise(url: str) -> str:
    """The address of a receiver as Apprise's JSON service writes it."""
    return url.replace("http://", "json://")


async def test_a_service_of_apprise_gets_the_announcement(send: Send) -> None:
    async with Receiver() as receiver:
        result = await send("apprise", as_apprise(receiver.url))
        [request] = await receiver.wait_for(1)
    told = json.loads(request.body)
    assert result.status == "accepted"
    assert told["title"] == "Ready: Björk – Jóga"
    assert told["message"] == "In the library in 1080p: library/Björk/Björk - Jóga.mp4"
    assert told["type"] == "success"


async def test_a_service_that_refuses_is_tried_again_and_its_status_told(send: Send) -> None:
    async with Receiver() as receiver:
        receiver.fail(1, status=503)
        with pytest.raises(JobError) as caught:
            await send("apprise", as_apprise(receiver.url))
    assert (caught.value.code, caught.value.retry) == ("receiver_refused", True)
    assert caught.value.message == "The service did not accept it (503)."


@pytest.mark.parametrize("address", ["unknown://somewhere", "no url", "discord://"])
async def test_an_address_that_apprise_cannot_read_is_final(send: Send, address: str) -> None:
    with pytest.raises(Invalid) as caught:
        await send("apprise", address)
    assert (caught.value.code, caught.value.retryable) == ("invalid_url", False)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_a_private_service_is_refused_unless_allowed(send: Send, name: str) -> None:
    async with Receiver() as receiver:
        address = as_apprise(receiver.url).replace("127.0.0.1", name)
        with pytest.raises(Invalid) as caught:
            await send("apprise", address, allow_private=False)
    assert (caught.value.code, caught.value.retryable) == ("private_address", False)
    assert receiver.requests == []


async def test_what_apprise_says_reaches_no_log(
    send: Send, capfd: pytest.CaptureFixture[str]
) -> None:
    async with Receiver() as receiver:
        receiver.fail(1)
        with pytest.raises(JobError):
            await send("apprise", as_apprise(receiver.url).replace("://", "://user:s3cret@"))
    said = capfd.readouterr()
    assert "s3cret" not in said.out + said.err
