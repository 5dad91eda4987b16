"""`python -m bench [NAME…]`: measure all or some, print, and keep the figures in `results/`."""

import asyncio
import inspect
import os
import sys
import time
from collections.abc import Sequence
from types import ModuleType

import uvloop

from mvidarr_common.testing.servers import MissingServer

from . import (
    bus,
    commands,
    dispatching,
    downloading,
    folding,
    jobs,
    listing,
    live,
    million,
    picturing,
    probing,
    progress,
    reads,
    recovery,
    scaling,
    spawning,
    splitting,
    startup,
    streaming,
    transcoding,
)
from .ground import Ground
from .machine import machine
from .measure import Figure, cell
from .report import keep, write_tables

MODULES = (
    commands, jobs, dispatching, folding, million, recovery, probing, picturing, spawning,
    transcoding, splitting, downloading, progress, live, reads, listing,
    streaming, startup, bus, scaling,
)  # fmt: skip
LONG = ("scaling",)
"""Only measured when named: it needs root, and ten minutes."""
BENCHES: dict[str, ModuleType] = {each.__name__.rpartition(".")[2]: each for each in MODULES}


async def measure(names: Sequence[str], here: dict[str, str]) -> None:
    """Print the figures of these benchmarks as they come, and keep them."""
    with Ground() as ground:
        for name in names:
            began, load = time.monotonic(), f"{os.getloadavg()[0]:.1f}"
            print(f"\n{name}")
            figures = [_printed(figure) async for figure in BENCHES[name].measure(ground)]
            keep(name, here | {"load at the start": load}, figures)
            print(f"  ({time.monotonic() - began:.0f} s, load {load} at the start)", flush=True)


def _printed(figure: Figure) -> Figure:
    print(f"  {figure.what}, {figure.where}: {cell(figure.ours, figure.unit)}")
    for peer in figure.peers:
        ratio = f"{figure.ratio(peer):.2f} × {peer.name}"
        print(f"      {ratio}, {cell(peer, figure.unit)}", flush=True)
    return figure


def main(names: Sequence[str]) -> None:
    """All of them, unless some are named."""
    if unknown := set(names) - BENCHES.keys():
        raise SystemExit(f"no benchmark {unknown.pop()!r}; there are: {', '.join(BENCHES)}")
    usual = tuple(name for name in BENCHES if name not in LONG)
    here = machine()
    for what, value in here.items():
        print(f"{what}: {value}")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(names or usual, here))
    except MissingServer as missing:
        raise SystemExit(str(missing)) from None
    write_tables({name: inspect.getdoc(BENCHES[name]) or "" for name in usual})


if __name__ == "__main__":
    main(sys.argv[1:])
