import asyncio
from functools import partial

from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobProgressed
from mvidarr_common.progress import coalesced
from mvidarr_common.testing.conditions import eventually


def word(stage: int) -> JobProgressed:
    return JobProgressed(job_id=JobId("job-1"), attempt=1, stage=str(stage))


async def test_the_newest_wins_and_the_last_always_goes_out() -> None:
    sent: list[str] = []

    async def send(message: JobProgressed) -> None:
        sent.append(message.stage)

    async with coalesced(send, interval=3600) as progress:
        for stage in range(100):
            progress.tell(word(stage))
        await eventually(lambda: sent)
        for stage in range(100, 200):
            progress.tell(word(stage))
            await asyncio.sleep(0)
    assert sent == ["99", "199"]


async def test_a_word_goes_out_at_every_interval() -> None:
    sent: list[str] = []

    async def send(message: JobProgressed) -> None:
        sent.append(message.stage)

    async with coalesced(send, interval=0.001) as progress:
        for stage in range(3):
            progress.tell(word(stage))
            await eventually(partial(sent.__contains__, str(stage)))
    assert sent == ["0", "1", "2"]


async def test_silence_costs_nothing() -> None:
    async def send(message: JobProgressed) -> None:
        raise AssertionError

    async with coalesced(send):
        pass
