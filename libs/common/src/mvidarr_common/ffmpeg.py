"""Where FFmpeg is. The wheel that brings one belongs to the services that use it, not to all."""

import shutil
from pathlib import Path


def find_ffmpeg(configured: Path | None = None) -> str:
    """The configured one, else the one on PATH, else the wheel's."""
    return str(configured or shutil.which("ffmpeg") or wheel_ffmpeg())


def wheel_ffmpeg() -> str:
    """The wheel's; raises FileNotFoundError where no service that uses it is installed."""
    try:
        import imageio_ffmpeg
    except ModuleNotFoundError as error:
        raise FileNotFoundError("FFmpeg: neither on PATH nor installed as a wheel") from error
    return str(imageio_ffmpeg.get_ffmpeg_exe())
