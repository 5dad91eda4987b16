"""Listening live: by key, bounded, with a word where something was missed."""

import asyncio

from mvidarr_common.bus import Bus, FromNow, Gap, Live
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.jobs import JobProgressed
from mvidarr_common.messages.system import CatalogAdvanced
from mvidarr_common.testing.buses import (
    Engine,
    command,
    follow,
    ids,
    job,
    persist,
    progress,
    said,
    soon,
)

Heard = list[Envelope | Gap]


async def _up_to(live: Live, last: Envelope) -> Heard:
    heard: Heard = []
    async with asyncio.timeout(30):
        async for each in live:
            heard.append(each)
            if isinstance(each, Envelope) and each.id == last.id:
                break
    return heard


async def test_a_signal_reaches_everybody_who_listens_for_it(engine: Engine, bus: Bus) -> None:
    sent = progress("download")
    async with (
        engine.beside(bus) as other,
        bus.listen("signal.job.progressed") as one,
        other.listen("signal.#") as two,
    ):
        await bus.signal(sent)
        assert await _up_to(one, sent) == [sent]
        assert await _up_to(two, sent) == [sent]


async def test_one_hears_only_what_one_listens_for(bus: Bus) -> None:
    other = said(CatalogAdvanced(log_id="l", number=1, offset=1, epoch=1))
    cancel, wanted = command(), progress("wanted")
    async with bus.listen("signal.job.*", "command.job.cancel") as live:
        await bus.signal(other)
        await bus.publish(cancel)
        await bus.publish(job())
        await bus.signal(wanted)
        heard = await _up_to(live, wanted)
        if cancel not in heard:  # events and signals take different ways
            heard += await _up_to(live, cancel)
    assert len(heard) == 2


async def test_what_is_published_is_heard_live(bus: Bus) -> None:
    sent = job()
    async with bus.listen("event.job.queued.noop") as live:
        await bus.publish(sent)
        assert await _up_to(live, sent) == [sent]


async def test_signals_arrive_in_order(bus: Bus) -> None:
    sent = [progress(str(number)) for number in range(100)]
    async with bus.listen("signal.#") as live:
        for each in sent:
            await bus.signal(each)
        assert await _up_to(live, sent[-1]) == sent


async def test_who_is_slow_loses_the_oldest_and_is_told(bus: Bus) -> None:
    sent = [progress(str(number)) for number in range(500)]
    async with (
        bus.listen("signal.#", limit=10) as slow,
        bus.listen("signal.#", limit=10_000) as quick,
    ):
        for each in sent:
            await soon(bus.signal(each))
        await _up_to(quick, sent[-1])
        heard = await _up_to(slow, sent[-1])
    signals = [each for each in heard if isinstance(each, Envelope)]
    assert Gap() in heard
    assert len(signals) < len(sent)
    assert signals == [each for each in sent if each in signals], "what is left is in order"


async def test_nobody_needs_to_listen(bus: Bus) -> None:
    await soon(bus.signal(progress("unheard")))


async def test_signals_are_not_in_the_log(bus: Bus) -> None:
    sent = command()
    async with bus.read_log(FromNow()) as log:
        await bus.signal(progress("passing"))
        await bus.publish(sent)
        assert ids(await follow(log, 1)) == [sent.id]


async def test_one_can_give_up_waiting_and_go_on_listening(bus: Bus) -> None:
    sent = progress("late")
    async with bus.listen("signal.#") as live:
        heard = aiter(live)
        waiting = asyncio.ensure_future(anext(heard))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await bus.signal(sent)
        assert await soon(anext(heard)) == sent


async def test_listening_goes_on_after_a_lost_connection_with_a_word_of_it(
    engine: Engine, bus: Bus
) -> None:
    heard: Heard = []
    again = asyncio.Event()

    async def hear(live: Live) -> None:
        async for each in live:
            heard.append(each)
            if isinstance(each, Envelope) and isinstance(each.message, JobProgressed):
                again.set()

    async with bus.listen("signal.#") as live:
        listening = asyncio.create_task(hear(live))
        await engine.injure()
        await persist(bus, command())
        async with asyncio.timeout(30):
            while not again.is_set():
                await bus.signal(progress("are you there?"))
                await asyncio.sleep(0.02)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    assert (Gap() in heard) == engine.remote
