"""What is free at one moment: places in queues, at sites and of requesters. Taking uses it up."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from mvidarr_common.messages.dispatch import Pace
from mvidarr_common.messages.ids import derive
from mvidarr_common.messages.jobs import JobQueued

from .sites import Site, spent


class Candidate(NamedTuple):
    """A job that is with the workers or could be sent there."""

    id: str
    queue: str
    site: str | None
    requester: str
    attempt: int

    @property
    def release(self) -> str:
        """The id of the message that sends it out: released twice, it is one release."""
        return derive(self.id, JobQueued.wire, self.attempt)


@dataclass
class Room:
    """Counts down while jobs are chosen."""

    now: datetime
    free: dict[str, int]
    per_site: int
    """Jobs of a site at once, where it has no rule of its own."""
    sites: dict[str, tuple[Site, Pace]] = field(default_factory=dict)
    quotas: dict[str, int | None] = field(default_factory=dict)
    busy: Counter[str] = field(default_factory=Counter)
    working: Counter[str] = field(default_factory=Counter)
    out: set[str] = field(default_factory=set)
    """Jobs that are with the workers, or on their way."""
    hidden: set[str] = field(default_factory=set)
    """Those of them whose rows may still say that they wait."""

    def occupy(self, jobs: Iterable[Candidate]) -> None:
        """These are with the workers."""
        for job in jobs:
            self._count(job)

    def send(self, jobs: Iterable[tuple[datetime, Candidate]]) -> None:
        """These are on their way since then."""
        for time, job in jobs:
            self.hidden.add(job.id)
            if job.id not in self.out:
                self._count(job)
                self._visit(job, time)

    def choose(self, waiting: Iterable[Candidate]) -> Iterator[Candidate]:
        """The first jobs that fit; they are on their way from then on."""
        for job in waiting:
            if job.id not in self.out and self.fits(job):
                self.send([(self.now, job)])
                yield job

    def _visit(self, job: Candidate, time: datetime) -> None:
        """The rate of its site does not know it yet."""
        if job.site is not None and job.site in self.sites:
            site, rules = self.sites[job.site]
            if rules.per_minute:
                self.sites[job.site] = (spent(site, rules, time, job.release), rules)

    def fits(self, job: Candidate) -> bool:
        """Whether there is a place for it in its queue, at its site and of its requester."""
        return (
            self.free.get(job.queue, 0) > 0
            and (job.site is None or self._site_open(job.site))
            and self._may(job.requester)
        )

    def _site_open(self, name: str) -> bool:
        site, rules = self.sites.get(name, (None, Pace()))
        if self.busy[name] >= (rules.at_once or self.per_site):
            return False
        if site is None:
            return True
        return not any(until and until > self.now for until in (site.paused_until, site.free_at))

    def _may(self, requester: str) -> bool:
        most = self.quotas.get(requester)
        return most is None or self.working[requester] < most

    def _count(self, job: Candidate) -> None:
        self.out.add(job.id)
        self.free[job.queue] = self.free.get(job.queue, 0) - 1
        self.working[job.requester] += 1
        if job.site is not None:
            self.busy[job.site] += 1
