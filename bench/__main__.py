"""`python -m bench [NAME…]`: measure all or some, print, and keep the figures in `results/`."""

import asyncio
import sys
import time
from collections.abc import Sequence

import uvloop

from . import folding, jobs
from .ground import Ground
from .machine import machine
from .measure import Bench, Figure, cell, shown

BENCHES: dict[str, Bench] = {"jobs": jobs.measure, "folding": folding.measure}


async def measured(names: Sequence[str]) -> dict[str, list[Figure]]:
    """The figures of these benchmarks, printed as they come."""
    found: dict[str, list[Figure]] = {}
    with Ground() as ground:
        for name in names:
            began = time.monotonic()
            found[name] = [_printed(figure) async for figure in BENCHES[name](ground)]
            print(f"  ({name}: {time.monotonic() - began:.0f} s)")
    return found


def _printed(figure: Figure) -> Figure:
    print(f"{figure.what}, {figure.where}: {cell(figure.ours, figure.unit)}")
    for peer in figure.peers:
        print(f"    {figure.ratio(peer):.2f} × {peer.name}: {cell(peer, figure.unit)}")
    return figure


def main(names: Sequence[str]) -> None:
    """All of them, unless some are named."""
    for what, value in machine().items():
        print(f"{what}: {value}")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measured(names or tuple(BENCHES)))


if __name__ == "__main__":
    main(sys.argv[1:])
