"""Finds Prometheus and promtool, with which the rules and dashboards are tested."""

from pathlib import Path
from shutil import which

from .servers import require


def prometheus_programs() -> Path:
    """The folder of prometheus and promtool; raises MissingServer."""
    found = which("promtool")
    return require(Path(found).parent if found else None, "Prometheus")
