"""The meter counts the files of a video together, and stops what is too much."""

import time
from typing import Any

import pytest

from mvidarr_common.errors import JobError
from mvidarr_downloader.meter import HISTORY, Meter
from mvidarr_downloader.orders import Progress
from mvidarr_downloader.remote import Changed


def meter(**more: Any) -> tuple[Meter, list[Progress]]:
    """A meter, and what it tells."""
    told: list[Progress] = []
    given = {
        "limit": 1000,
        "expected": None,
        "begun": {},
        "sizes": {},
        "anew": lambda _: False,
        **more,
    }
    return Meter(**given, tell=told.append, remember=lambda _: None), told


def step(name: str, done: int, status: str = "downloading", **more: Any) -> dict[str, Any]:
    return {"status": status, "filename": f"/x/{name}", "downloaded_bytes": done, **more}


def test_picture_and_sound_are_one_way() -> None:
    counted, told = meter(expected=300)
    counted(step("source.f1.mp4", 200, total_bytes=200))
    counted(step("source.f1.mp4", 200, "finished", total_bytes=200))
    counted._told = 0
    counted(step("source.f2.m4a", 50, total_bytes=100, speed=5.0, eta=10))
    assert (told[-1].done, told[-1].total, told[-1].speed, told[-1].eta) == (250, 300, 5.0, 10)


def test_a_total_that_was_only_guessed_and_is_passed_is_not_told() -> None:
    counted, told = meter(expected=100)
    counted(step("source.mp4", 150))
    assert (told[-1].done, told[-1].total) == (150, None)


def test_more_than_the_limit_stops_it() -> None:
    counted, _ = meter()
    counted(step("source.f1.mp4", 900))
    with pytest.raises(JobError) as refused:
        counted(step("source.f2.m4a", 101))
    assert (refused.value.code, refused.value.retry) == ("too_large", False)


def test_a_promise_of_more_than_the_limit_stops_it_at_once() -> None:
    counted, _ = meter()
    with pytest.raises(JobError) as refused:
        counted(step("source.mp4", 1, total_bytes=1001))
    assert refused.value.code == "too_large"


def test_a_file_that_ends_early_is_no_success() -> None:
    counted, _ = meter()
    counted(step("source.mp4", 50, total_bytes=100))
    with pytest.raises(JobError) as refused:
        counted(step("source.mp4", 99, "finished"))
    assert (refused.value.code, refused.value.retry) == ("network", True)


def test_the_size_that_the_page_says_counts_where_the_server_says_none() -> None:
    counted, _ = meter()
    with pytest.raises(JobError):
        counted(step("source.mp4", 99, "finished", info_dict={"filesize": 100}))


def test_bytes_that_were_there_count_as_resumed() -> None:
    counted, _ = meter(begun={"source.f1.mp4": 40, "source.f2.m4a": 7})
    counted(step("source.f1.mp4", 41, total_bytes=100))
    counted(step("source.f1.mp4", 100, "finished"))
    counted(step("source.f2.m4a", 8, total_bytes=10))
    assert counted.resumed_from == 47


def test_a_server_that_begins_anew_has_resumed_nothing() -> None:
    counted, _ = meter(begun={"source.mp4": 40})
    counted(step("source.mp4", 10, total_bytes=100))
    assert counted.resumed_from == 0


def test_another_size_than_before_means_another_file() -> None:
    counted, _ = meter(sizes={"source.mp4": 100})
    with pytest.raises(Changed):
        counted(step("source.mp4", 41, total_bytes=120))


def test_the_speeds_of_the_last_minute_are_kept_one_for_each_second() -> None:
    counted, told = meter(limit=10**6)
    for second in range(1, 71):
        counted._told, counted._second = 0, time.monotonic() - 10
        counted(step("source.mp4", 1000 * second))
    assert len(told[-1].speeds) == HISTORY
    assert told[-1].speeds == pytest.approx((100,) * HISTORY, abs=1)


def test_within_a_second_there_is_no_speed_of_its_own() -> None:
    counted, told = meter()
    for done in (10, 20, 30):
        counted._told, counted._second = 0, time.monotonic() + 10
        counted(step("source.mp4", done))
    assert [word.speeds for word in told] == [(), (), ()]


def test_bytes_that_were_there_are_no_speed() -> None:
    counted, told = meter(begun={"source.mp4": 600})
    counted._second = time.monotonic() - 10
    counted(step("source.mp4", 700, total_bytes=1000))
    assert told[-1].speeds == (10,)


def test_what_begins_is_told_at_once() -> None:
    counted, told = meter()
    counted(step("source.f1.mp4", 1, info_dict={"acodec": "none"}))
    counted(step("source.f1.mp4", 2, info_dict={"acodec": "none"}))
    counted(step("source.f2.m4a", 1, info_dict={"vcodec": "none"}))
    assert [word.stage for word in told] == ["downloading video", "downloading audio"]


def test_what_is_sent_anew_is_not_resumed_however_much_comes_first() -> None:
    metre, _ = meter(begun={"a.mp4": 100}, anew=lambda _: True)
    metre(step("a.mp4", 150))
    assert metre.resumed_from == 0
