"""The age of yt-dlp is known, and another one can take its place."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import yt_dlp

from mvidarr_downloader.version import OLD, age_of, note_on, ytdlp_note


@pytest.mark.parametrize(
    ("version", "days"),
    [("2026.10.26", 10), ("2026.11.5", 0), ("2026.10.26.232115", 10), ("local", None)],
)
def test_a_version_is_a_date(version: str, days: int | None) -> None:
    assert age_of(version, date(2026, 11, 5)) == days


def test_health_warns_of_an_old_one_and_names_a_new_one() -> None:
    assert note_on("2026.01.01", date(2026, 3, 2)) == "yt-dlp 2026.01.01"
    warning = note_on("2026.01.01", date(2026, 3, 3))
    assert f"{OLD + 1} days old" in warning
    assert yt_dlp.version.__version__ in ytdlp_note()


def test_another_yt_dlp_is_loaded_from_a_path(tmp_path: Path) -> None:
    (tmp_path / "yt_dlp").symlink_to(Path(yt_dlp.__file__).parent)
    program = "import mvidarr_downloader, yt_dlp; print(yt_dlp.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60,
        env={**os.environ, "MVIDARR_YTDLP_PATH": str(tmp_path)},
    )  # fmt: skip
    assert Path(found.stdout.strip()).is_relative_to(tmp_path)
