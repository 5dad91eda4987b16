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
    downloading,
    folding,
    jobs,
    picturing,
    probing,
    progress,
    scaling,
    spawning,
    startup,
    transcoding,
)
from .ground import Ground
from .machine import machine
from .measure import Figure, cell
from .report import keep

MODULES = (
    commands, jobs, folding, probing, picturing, spawning, transcoding, downloading, progress,
    startup, bus, scaling,
)  # fmt: skip
LONG = ("scaling",)
"""Only measured when named: it needs root, and a quarter of an hour."""
BENCHES: dict[str, ModuleType] = {each.__name__.rpartition(".")[2]: each for each in MODULES}


async def measured(names: Sequence[str]) -> dict[str, list[Figure]]:
    """The figures of these benchmarks, printed as they come."""
    found: dict[str, list[Figure]] = {}
    with Ground() as ground:
        for name in names:
            began = time.monotonic()
            print(f"\n{name}")
            found[name] = [_printed(figure) async for figure in BENCHES[name].measure(ground)]
            seconds, load = time.monotonic() - began, os.getloadavg()[0]
            print(f"  ({seconds:.0f} s, load {load:.1f})", flush=True)
    return found


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
            figures = runner.run(measured(names or usual))
    except MissingServer as missing:
        raise SystemExit(str(missing)) from None
    titles = {name: inspect.getdoc(BENCHES[name]) or "" for name in usual}
    print(f"\nkept in {keep(here, titles, figures)}")


if __name__ == "__main__":
    main(sys.argv[1:])
