"""The rules of dispatch: whose turn it is, what is open, and what fits."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.jobs.room import Candidate, Room
from mvidarr_catalog.jobs.schedules import is_open
from mvidarr_catalog.jobs.sites import Site, spent
from mvidarr_catalog.testing import BEGINNING, Story
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages import Message
from mvidarr_common.messages.dispatch import (
    ChangeQueue,
    Pace,
    PaceChanged,
    QueueChanged,
    QueueChanges,
    QueueRules,
    Schedule,
    SetPace,
    Window,
)
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import Download, JobAdded, JobQueued, Noop
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.messages.steering import JobPriorityChanged, SetJobPriority
from mvidarr_common.messages.system import CommandRejected, CommandUnchanged


def added(id: str, priority: int = 0) -> JobAdded:
    """A job."""
    return JobAdded(job_id=JobId(id), spec=Noop(), priority=priority)


def released(id: str) -> JobQueued:
    return JobQueued(job_id=JobId(id), attempt=1, spec=Noop())


def refusal(said: list[Message]) -> str:
    [refused] = said
    assert isinstance(refused, CommandRejected)
    return refused.code


def order(story: Story) -> list[str]:
    """The ids of what waits, as the dispatcher takes it."""
    jobs = [job for job in story.rows(Job) if isinstance(job, Job) and job.state == "waiting"]
    jobs.sort(key=lambda job: (-job.priority, job.turn, job.added, job.id))
    return [job.id for job in jobs]


def test_a_bulk_of_ten_thousand_does_not_starve_one_request() -> None:
    story = Story().by("user/bulk").given(*(added(f"bulk-{n}") for n in range(10_000)))
    story.given(*(released(f"bulk-{n}") for n in range(50)))
    story.by("user/one").given(added("one"))
    assert order(story).index("one") <= 1


def test_within_a_priority_requesters_take_turns_and_each_ones_jobs_go_by_age() -> None:
    story = Story().by("user/a").given(*(added(f"a{n}") for n in range(3)))
    story.by("user/b").given(*(added(f"b{n}") for n in range(3)))
    assert order(story) == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_nobody_saves_up_turns() -> None:
    story = Story().by("user/late").given(added("early"), released("early"))
    story.by("user/a").given(*(added(f"a{n}") for n in range(100)))
    story.given(*(released(f"a{n}") for n in range(90)))
    story.by("user/late").given(*(added(f"late{n}") for n in range(20)))
    assert Counter(id[0] for id in order(story)[:10]) == {"a": 5, "l": 5}


def test_priority_goes_first_and_can_be_changed_while_waiting() -> None:
    story = Story().given(added("a"), added("b"), added("c", 5))
    assert story.live(SetJobPriority(job_id=JobId("b"), priority=9)) == [
        JobPriorityChanged(job_id=JobId("b"), priority=9)
    ]
    assert order(story) == ["b", "c", "a"]
    [same] = story.live(SetJobPriority(job_id=JobId("b"), priority=9))
    assert isinstance(same, CommandUnchanged)
    story.given(released("a"))
    moved = story.live(SetJobPriority(job_id=JobId("a"), priority=1))
    assert refusal(moved) == "job_does_not_wait"


def test_a_queue_is_changed_in_what_is_given() -> None:
    story = Story()
    night = Schedule(windows=(Window(begins="22:00", ends="06:00"),), zone="Europe/Berlin")
    story.live(ChangeQueue(queue="download", changes=QueueChanges(schedule=night)))
    [changed] = story.live(ChangeQueue(queue="download", changes=QueueChanges(paused=True)))
    rules = QueueRules(paused=True, schedule=night)
    assert changed == QueueChanged(queue="download", rules=rules)
    nowhere = QueueChanges(schedule=Schedule(zone="Europe/Atlantis"))
    assert refusal(story.live(ChangeQueue(queue="all", changes=nowhere))) == "invalid_time_zone"
    unknown = ChangeQueue(queue="x", changes=QueueChanges())
    assert refusal(story.live(unknown)) == "queue_not_found"


NIGHT = Window(days=("fri",), begins="22:00", ends="06:00")
DAY = Window(days=("mon",), begins="09:00", ends="17:00")


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-01-02T20:59Z", False),
        ("2026-01-02T21:00Z", True),
        ("2026-01-03T04:59Z", True),
        ("2026-01-03T05:00Z", False),
        ("2026-01-03T21:30Z", False),
        ("2026-01-05T08:00Z", True),
        ("2026-01-05T16:00Z", False),
        ("2026-07-06T07:00Z", True),
        ("2026-07-06T15:00Z", False),
    ],
)
def test_hours_are_those_of_the_clocks_of_the_zone(moment: str, open_: bool) -> None:
    schedule = Schedule(windows=(NIGHT, DAY), zone="Europe/Berlin")
    assert is_open(schedule, datetime.fromisoformat(moment)) == open_
    assert is_open(Schedule(), datetime.fromisoformat(moment))


@pytest.mark.parametrize(("day", "open_"), [(2, False), (3, True), (4, False)])
def test_a_window_that_ends_where_it_begins_is_a_whole_day(day: int, open_: bool) -> None:
    schedule = Schedule(windows=(Window(days=("sat",)),))
    hours = [is_open(schedule, datetime(2026, 1, day, hour, tzinfo=UTC)) for hour in (0, 12, 23)]
    assert hours == [open_] * 3


def test_a_site_has_rules_of_its_own() -> None:
    story = Story()
    rules = Pace(at_once=1, per_minute=6)
    assert story.live(SetPace(site="a.example", rules=rules)) == [
        PaceChanged(site="a.example", rules=rules)
    ]
    [same] = story.live(SetPace(site="a.example", rules=rules))
    assert isinstance(same, CommandUnchanged)


def job(n: int, *, site: str | None = None, who: str = "user/a", queue: str = "q") -> Candidate:
    return Candidate(f"job-{n}", queue, site, who, 1)


def room(**rules: Any) -> Room:
    """Ten places in the queue q."""
    return Room(BEGINNING, {"q": 10}, 3, **rules)


def chosen(room: Room, *jobs: Candidate) -> list[str]:
    return [each.id for each in room.choose(jobs)]


def test_a_busy_site_lets_others_pass() -> None:
    jobs = [job(n, site="a") for n in range(6)] + [job(n, site="b") for n in range(6, 8)]
    full = room()
    assert chosen(full, *jobs, job(9)) == ["job-0", "job-1", "job-2", "job-6", "job-7", "job-9"]
    assert not full.fits(job(10, site="a"))


def test_what_is_with_the_workers_or_on_its_way_counts_once() -> None:
    one = room()
    one.occupy([job(0, site="a"), job(1, site="a")])
    one.send([(BEGINNING, job(1, site="a"))])
    assert chosen(one, job(1, site="a"), job(2, site="a"), job(3, site="a")) == ["job-2"]
    assert one.free == {"q": 7}


def test_a_requester_has_no_more_with_the_workers_than_they_may() -> None:
    one = room(quotas={"user/a": 2, "user/b": None})
    jobs = [job(n) for n in range(4)] + [job(n, who="user/b") for n in range(4, 7)]
    assert chosen(one, *jobs) == ["job-0", "job-1", "job-4", "job-5", "job-6"]
    assert not one.fits(job(7))


def test_a_closed_queue_takes_nothing() -> None:
    assert chosen(room(), job(0, queue="closed")) == []


def test_a_rate_is_kept_on_average_and_never_in_step() -> None:
    rules = Pace(at_once=1000, per_minute=60)
    site, times = Site(id="a"), []
    for n in range(60 * 8):
        now = BEGINNING + timedelta(seconds=n / 8)
        one = Room(now, {"q": 10}, 3, sites={"a": (site, rules)})
        for each in one.choose([job(n, site="a")]):
            times.append(now)
            site = spent(site, rules, now, each.release)
    assert 55 <= len(times) <= 65
    gaps = {(b - a).total_seconds() for a, b in pairwise(times)}
    assert len(gaps) > 3
    assert max(gaps) < 2


def test_a_burst_goes_at_once_and_then_waits() -> None:
    rules = Pace(at_once=1000, per_minute=1, burst=3)
    one = room(sites={"a": (Site(id="a"), rules)})
    assert len(chosen(one, *(job(n, site="a") for n in range(9)))) == 3


def test_the_table_and_the_dispatcher_agree_on_what_a_release_costs() -> None:
    rules = Pace(per_minute=6)
    spec = Download(url="https://a.example/v", profile=QualityProfile(name="Any"))
    story = Story().given(PaceChanged(site="a.example", rules=rules))
    story.given(JobAdded(job_id=JobId("d"), spec=spec, site="a.example"))
    candidate = Candidate("d", "download", "a.example", "user/story", 1)
    release = JobQueued(job_id=JobId("d"), attempt=1, spec=spec)
    story.hear(Envelope(release, candidate.release, "catalog", BEGINNING, correlation_id="c"))
    expected = spent(Site(id="a.example", rules=rules), rules, BEGINNING, candidate.release)
    assert story.row(Site, "a.example") == expected
