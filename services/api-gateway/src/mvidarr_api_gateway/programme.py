"""What a channel shows and when: a function of its films, its name and the clock, and of nothing
else, so that all gateways and all who tune in agree without talking.

Each day (UTC) begins anew with a shuffle of its own. At the end of a film the next one is the first
in the order of this round that is there by then: so a film that comes changes nothing of what was
on before, and is taken up at the next border. One that goes moves what comes after it, if it was on
today. At midnight the last film is cut.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

DAY: Final = 86400
BREATH: Final = 0.05
"""Seconds between two films: their streams overlap by so much where frames are shown in another
order than they are decoded."""

Key = tuple[bytes | int, str]


@dataclass(frozen=True, slots=True)
class Film:
    """One of the channel's. `since` is when it came, in seconds since the epoch; `cut` says from
    when on it turned out to be shorter, and how long it is then."""

    id: str
    seconds: float
    since: float = 0.0
    cut: tuple[float, float] | None = None

    def seconds_at(self, clock: float) -> float:
        """How long it is for who begins with it then."""
        return self.cut[1] if self.cut is not None and self.cut[0] <= clock else self.seconds


@dataclass(frozen=True, slots=True)
class Slot:
    """A film, and when it is on: seconds since the epoch."""

    film: Film
    start: float
    end: float


def on_air(films: Sequence[Film], seed: str | None, clock: float) -> Slot | None:
    """What is on at a moment; None where nothing is."""
    found = next((slot for slot in of_day(films, seed, _day(clock)) if slot.end > clock), None)
    return found if found is not None and found.start <= clock else None


def between(films: Sequence[Film], seed: str | None, start: float, end: float) -> Iterator[Slot]:
    """What is on from a moment until another."""
    for day in range(_day(start), _day(end) + 1):
        for slot in of_day(films, seed, day):
            if slot.end > start and slot.start < end:
                yield slot


def of_day(films: Sequence[Film], seed: str | None, day: int) -> Iterator[Slot]:
    """The programme of a day since the epoch. Without a seed the films are shown in their own
    order, each day from another one on."""
    clock, midnight = float(day * DAY), float((day + 1) * DAY)
    reel = _Reel(films, _order(films, seed, day))
    while clock < midnight:
        film = reel.next(clock)
        if film is None:
            later = reel.comes
            if later is None:
                return
            clock = later
            continue
        end = min(clock + film.seconds_at(clock) + BREATH, midnight)
        yield Slot(film, clock, end)
        clock = end


class _Reel:
    """Gives each film once in a round, in an order that may be another in each."""

    def __init__(self, films: Sequence[Film], order: Callable[[Film, int], Key]) -> None:
        self._coming = sorted(films, key=lambda film: (film.since, film.id), reverse=True)
        self._order = order
        self._there: list[Film] = []
        self._round = 0
        self._left: list[tuple[Key, Film]] = []

    @property
    def comes(self) -> float | None:
        """When there is the next new film."""
        return self._coming[-1].since if self._coming else None

    def next(self, clock: float) -> Film | None:
        """The first that is left; None where there is none at all by then."""
        while self._coming and self._coming[-1].since <= clock:
            film = self._coming.pop()
            self._there.append(film)
            heappush(self._left, (self._order(film, self._round), film))
        return self._take(clock) or self._rewound(clock)

    def _take(self, clock: float) -> Film | None:
        while self._left:
            film = heappop(self._left)[1]
            if film.seconds_at(clock) > 0:
                return film
        return None

    def _rewound(self, clock: float) -> Film | None:
        self._round += 1
        self._left = [(self._order(film, self._round), film) for film in self._there]
        heapify(self._left)
        return self._take(clock)


def _order(films: Sequence[Film], seed: str | None, day: int) -> Callable[[Film, int], Key]:
    if seed is not None:
        return lambda film, round_: (_dice(f"{seed}\n{day}\n{round_}\n{film.id}"), film.id)
    there = [n for n, film in enumerate(films) if film.since <= day * DAY]
    first = min(there, key=lambda n: _dice(f"{day}\n{films[n].id}"), default=0)
    places = {film.id: (n - first) % len(films) for n, film in enumerate(films)}
    return lambda film, _: (places[film.id], film.id)


def _dice(thrown: str) -> bytes:
    return hashlib.blake2b(thrown.encode(), digest_size=16).digest()


def _day(clock: float) -> int:
    return int(clock // DAY)
