"""The samples are what they say, and the receiver keeps what arrives."""

from pathlib import Path

import av
import httpx
import pytest

from mvidarr_common.demo.receiver import Receiver
from mvidarr_common.demo.samples import Sample


def frames(path: Path) -> int:
    """How many pictures can be decoded; raises for a file that ends in the middle."""
    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))


def test_two_samples_are_whole_and_of_different_kinds(samples: list[Sample]) -> None:
    whole = [sample for sample in samples if not sample.damaged]
    found = []
    for sample in whole:
        with av.open(str(sample.path)) as film:
            found.append([stream.codec.name for stream in film.streams])
        assert frames(sample.path) == sample.duration * 24
    assert found == [["h264", "aac"], ["vp9", "opus"]]


def test_the_damaged_one_opens_well_and_breaks_off(samples: list[Sample]) -> None:
    (damaged,) = [sample for sample in samples if sample.damaged]
    with av.open(str(damaged.path)) as film:
        assert film.duration == damaged.duration * 1_000_000
    with pytest.raises(av.FFmpegError):
        frames(damaged.path)


def test_every_sample_has_a_poster(samples: list[Sample]) -> None:
    assert all(sample.poster.read_bytes().startswith(b"\xff\xd8\xff") for sample in samples)


async def test_the_receiver_keeps_raw_bodies_and_refuses_when_told() -> None:
    async with Receiver() as receiver, httpx.AsyncClient() as client:
        receiver.fail(1)
        first = await client.post(receiver.url, content=b'{ "a":1}', headers={"X-Id": "1"})
        second = await client.post(receiver.url, content=b'{ "a":1}', headers={"X-Id": "1"})
        (accepted,) = await receiver.wait_for(1)
    assert (first.status_code, second.status_code) == (503, 204)
    assert (accepted.body, accepted.headers["x-id"]) == (b'{ "a":1}', "1")
    assert [request.status for request in receiver.requests] == [503, 204]
