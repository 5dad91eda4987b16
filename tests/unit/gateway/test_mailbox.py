"""What waits for a live client: bounded, facts never dropped."""

import asyncio

import pytest

from mvidarr_api_gateway import mailbox
from mvidarr_api_gateway.frames import GAP, Frame
from mvidarr_api_gateway.mailbox import Mailbox
from mvidarr_common.errors import Unauthorized

NO = frozenset[str]()


def _box(position: int | None = None) -> Mailbox:
    box = Mailbox(NO, NO, checked=10, position=position)
    box.behind = False
    return box


def _fact(offset: int) -> Frame:
    return Frame({"type": "event.x"}, offset)


def _signal(name: str) -> Frame:
    return Frame({"type": "signal.x", "subject": name})


async def test_facts_and_signals_come_in_their_order_and_of_each_signal_the_newest() -> None:
    box = _box()
    old, new, one, two = _signal("j"), _signal("j"), _fact(1), _fact(2)
    box.signal(("x", "j"), old)
    box.fact(one)
    box.signal(("x", "j"), new)
    box.fact(two)
    assert await box.take() == [one, new, two]


async def test_signals_beyond_the_limit_give_way_and_that_is_told() -> None:
    box = _box()
    frames = [_signal(str(n)) for n in range(mailbox.SIGNALS + 2)]
    for n, frame in enumerate(frames):
        box.signal(("x", str(n)), frame)
    assert await box.take() == [GAP, *frames[2:]]
    box.gap()
    assert await box.take() == [GAP]


async def test_facts_beyond_the_limit_are_refused_until_the_client_has_caught_up() -> None:
    box = _box()
    frames = [_fact(n) for n in range(mailbox.FACTS + 5)]
    for frame in frames:
        box.fact(frame)
    assert box.behind
    assert await box.take() == frames[: mailbox.FACTS]
    box.fact(_fact(9999))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(box.take(), 0.01)


async def test_what_the_client_knows_is_not_told_again() -> None:
    box = _box(position=5)
    later = _fact(6)
    box.fact(_fact(5))
    box.fact(later)
    assert await box.take() == [later]


async def test_who_waits_is_told_at_once_and_in_order_whatever_the_line_takes() -> None:
    box, told, takes = _box(), list[Frame](), True

    def write(frame: Frame) -> bool:
        if takes:
            told.append(frame)
        return takes

    box.write = write
    frames = [_fact(n) for n in range(5)]
    box.fact(frames[0])  # nobody waits yet
    assert await box.take() == frames[:1]
    box.fact(frames[1])  # it is being told of the first
    assert told == []
    assert await box.take() == frames[1:2]
    taking = asyncio.create_task(box.take())
    await asyncio.sleep(0)
    box.fact(frames[2])
    assert (told, box.position) == ([frames[2]], 2)
    takes = False
    box.fact(frames[3])
    takes = True
    box.fact(frames[4])
    assert told == [frames[2]]
    assert await taking == frames[3:]


async def test_only_what_is_newer_than_the_credentials_ends_them() -> None:
    box, why = _box(), Unauthorized("token_expired", "Your rights have changed.")
    box.rights_end(10, why)
    box.require_open()
    box.rights_end(11, why)
    with pytest.raises(Unauthorized):
        await box.take()
