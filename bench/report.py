"""Keeps the figures: every run as JSON in `results/`, and the tables of the newest in README.md."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from .measure import Figure, cell, shown

HERE = Path(__file__).parent
START, END = "<!-- figures -->", "<!-- end of figures -->"

Figures = Mapping[str, Sequence[Figure]]


def keep(machine: Mapping[str, str], titles: Mapping[str, str], figures: Figures) -> Path:
    """Write the run down; the README is written anew only by a run of all benchmarks."""
    now = datetime.now(UTC)
    path = HERE / "results" / f"{now:%Y-%m-%d}-{_slug(machine['cpu'])}.json"
    path.parent.mkdir(exist_ok=True)
    run = {"time": now.isoformat(timespec="seconds"), "machine": machine} | _as_json(figures)
    path.write_bytes(orjson.dumps(run, option=orjson.OPT_INDENT_2) + b"\n")
    if figures.keys() == titles.keys():
        _write_readme(now, machine, titles, figures)
    return path


def _write_readme(
    now: datetime, machine: Mapping[str, str], titles: Mapping[str, str], figures: Figures
) -> None:
    readme = HERE / "README.md"
    before, _, rest = readme.read_text().partition(START)
    after = rest.partition(END)[2]
    named = ", ".join(f"{name} {value}" for name, value in machine.items())
    lines = [START, f"Measured on {now:%Y-%m-%d}: {named}.", ""]
    for name, part in figures.items():
        lines += [f"### {name}", "", titles[name], "", *_table(part), ""]
    readme.write_text(before + "\n".join([*lines, END]) + after)


def _table(figures: Iterable[Figure]) -> Iterable[str]:
    yield "| what | where | MVidarr | against |"
    yield "|---|---|--:|---|"
    for figure in figures:
        peers = "; ".join(
            f"{figure.ratio(peer):.2f} × {peer.name}, {shown(peer.middle, figure.unit)}"
            for peer in figure.peers
        )
        yield f"| {figure.what} | {figure.where} | {cell(figure.ours, figure.unit)} | {peers} |"


def _as_json(figures: Figures) -> dict[str, Any]:
    return {"figures": {name: [each.as_json() for each in part] for name, part in figures.items()}}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
