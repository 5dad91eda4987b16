"""Keeps the figures: the newest of each benchmark in `results/`, and all of them in README.md."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from .measure import Figure, cell, figure_of, shown

HERE = Path(__file__).parent
START, END = "<!-- figures -->", "<!-- end of figures -->"


def keep(name: str, machine: Mapping[str, str], figures: Sequence[Figure]) -> None:
    """Write one benchmark down, in the place of its run before."""
    run = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "figures": [each.as_json() for each in figures],
    }
    path = HERE / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(orjson.dumps(run, option=orjson.OPT_INDENT_2) + b"\n")


def write_tables(titles: Mapping[str, str]) -> None:
    """The newest figures of every benchmark, in this order, into README.md."""
    readme = HERE / "README.md"
    before, _, rest = readme.read_text().partition(START)
    after = rest.partition(END)[2]
    sections = [line for name in titles for line in _section(name, titles[name])]
    readme.write_text(before + "\n".join([START, *sections, END]) + after)


def _section(name: str, title: str) -> Iterable[str]:
    path = HERE / "results" / f"{name}.json"
    if not path.exists():
        return
    run: dict[str, Any] = orjson.loads(path.read_bytes())
    named = ", ".join(f"{what} {value}" for what, value in run["machine"].items())
    yield from (f"### {name}", "", title, "", f"Measured on {run['time'][:10]}: {named}.", "")
    yield from _table(figure_of(each) for each in run["figures"])
    yield ""


def _table(figures: Iterable[Figure]) -> Iterable[str]:
    yield "| what | where | MVidarr | against |"
    yield "|---|---|--:|---|"
    for figure in figures:
        peers = "; ".join(
            f"{figure.ratio(peer):.2f} × {peer.name}, {shown(peer.middle, figure.unit)}"
            for peer in figure.peers
        )
        yield f"| {figure.what} | {figure.where} | {cell(figure.ours, figure.unit)} | {peers} |"
