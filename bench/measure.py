"""What a figure is: the median of several runs, beside peers or limits of the same runs."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from .ground import Ground

RUNS = 3

Unit = Literal["ms", "s", "/s", "MB/s", "MiB", "KiB", "%"]


@dataclass(frozen=True, slots=True)
class Series:
    """One thing, once for each run; `tails` are the 99th percentiles where each run has many."""

    name: str
    runs: tuple[float, ...]
    tails: tuple[float, ...] = ()

    @property
    def middle(self) -> float:
        """The median of the runs."""
        return median(self.runs)

    @property
    def tail(self) -> float | None:
        """The median of the 99th percentiles."""
        return median(self.tails) if self.tails else None


@dataclass(frozen=True, slots=True)
class Figure:
    """Ours and what it is held against. `where` names the engine or the place."""

    what: str
    where: str
    unit: Unit
    ours: Series
    peers: tuple[Series, ...]

    def ratio(self, peer: Series) -> float:
        """How many times the peer's figure ours is."""
        return self.ours.middle / peer.middle

    def as_json(self) -> dict[str, Any]:
        """With every single run."""
        return {
            "what": self.what,
            "where": self.where,
            "unit": self.unit,
            "ours": _series(self.ours),
            "peers": [_series(peer) | {"ratio": self.ratio(peer)} for peer in self.peers],
        }


def figure_of(kept: dict[str, Any]) -> Figure:
    """A figure that was kept as JSON."""
    peers = tuple(_series_of(each) for each in kept["peers"])
    return Figure(kept["what"], kept["where"], kept["unit"], _series_of(kept["ours"]), peers)


Bench = Callable[[Ground], AsyncIterator[Figure]]


def latencies(name: str, runs: Iterable[Sequence[float]]) -> Series:
    """Milliseconds of single acts, many in each run (given in seconds)."""
    ordered = [sorted(run) for run in runs]
    return Series(
        name,
        tuple(1000 * median(run) for run in ordered),
        tuple(1000 * run[int(0.99 * (len(run) - 1))] for run in ordered),
    )


async def timed(act: Awaitable[object]) -> float:
    """The seconds that it takes."""
    began = time.perf_counter()
    await act
    return time.perf_counter() - began


def shown(value: float, unit: Unit) -> str:
    """For people: three digits that matter."""
    digits = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{digits}/s" if unit == "/s" else f"{digits} {unit}"


def cell(series: Series, unit: Unit) -> str:
    """The median, and the tail where there is one."""
    tail = "" if series.tail is None else f" (p99 {shown(series.tail, unit)})"
    return shown(series.middle, unit) + tail


def _series(series: Series) -> dict[str, Any]:
    known = {"name": series.name, "median": series.middle, "runs": series.runs}
    return known | ({"p99": series.tail, "tails": series.tails} if series.tails else {})


def _series_of(kept: dict[str, Any]) -> Series:
    return Series(kept["name"], tuple(kept["runs"]), tuple(kept.get("tails", ())))
