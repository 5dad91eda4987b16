"""FFmpeg with what we ask of it, and a yt-dlp that is young enough to know the sites."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mvidarr_common.ffmpeg import find_ffmpeg
from mvidarr_common.settings import Settings

from .finding import Finding
from .services import own_settings

NEEDED = ("libx264", "aac", "mjpeg", "scale", "fps", "tile", "loudnorm", "cropdetect")
"""Encoders and filters without which jobs of everybody fail."""
BY_PROFILE = ("libx265", "libsvtav1", "libvpx-vp9", "libopus", "libmp3lame", "flac", "zscale")
"""Those that some profiles ask for."""
OLD = 60
_PATIENCE = 30.0


async def examine(_: Settings) -> AsyncIterator[Finding]:
    """Where a service is installed that uses them."""
    settings = own_settings("transcoder") or own_settings("downloader")
    if settings is not None:
        yield await _ffmpeg(settings.ffmpeg)
    if own_settings("downloader") is not None:
        yield yt_dlp(datetime.now(UTC).date())


async def _ffmpeg(configured: Path | None) -> Finding:
    program = "ffmpeg"
    try:
        program = find_ffmpeg(configured)
        async with asyncio.timeout(_PATIENCE):
            told = await _output(program, "-hide_banner", "-encoders")
            told += await _output(program, "-hide_banner", "-filters")
            about = await _output(program, "-version")
    except (OSError, TimeoutError) as error:
        return Finding("FFmpeg", "wrong", f"{program} does not run: {error}.")
    able = set(re.findall(r"^ [A-Z.]{2,6} (\S+)", told, re.MULTILINE))
    if missing := [name for name in NEEDED if name not in able]:
        return Finding("FFmpeg", "wrong", f"{program} has no {', '.join(missing)}.")
    if missing := [name for name in BY_PROFILE if name not in able]:
        sentence = f"{program} has no {', '.join(missing)}: profiles that ask for it fail."
        return Finding("FFmpeg", "note", sentence)
    return Finding("FFmpeg", "well", f"{about.splitlines()[0].split(' Copyright')[0]}: {program}.")


async def _output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    output, _ = await process.communicate()
    return output.decode(errors="replace")


def yt_dlp(today: date) -> Finding:
    """Sites change, and an old one does not know it."""
    try:
        here = version("yt-dlp")
    except PackageNotFoundError:
        return Finding("yt-dlp", "wrong", "It is not installed.")
    if found := re.match(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", here):
        age = (today - date(*map(int, found.groups()))).days
        if age > OLD:
            return Finding("yt-dlp", "note", f"{here} is {age} days old; sites may have changed.")
    return Finding("yt-dlp", "well", f"{here}.")
