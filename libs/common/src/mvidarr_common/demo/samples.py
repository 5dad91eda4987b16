"""Makes real, small music videos with FFmpeg, one of them damaged, for the demo and the tests."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from mvidarr_common.ffmpeg import wheel_ffmpeg

SIZE = "640x360"
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
_VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1")
_MP4 = (*_X264, "-b:a", "128k", "-movflags", "+faststart")
_WEBM = (*_VP9, "-b:v", "600k", "-pix_fmt", "yuv420p", "-c:a", "libopus", "-b:a", "96k")


@dataclass(frozen=True, slots=True)
class Sample:
    """One music video on disk, and what its page says of it. The poster lies beside it."""

    slug: str
    title: str
    artist: str
    path: Path
    damaged: bool
    duration: float

    @property
    def poster(self) -> Path:
        """The picture that its page shows."""
        return self.path.with_suffix(".jpg")


def make_samples(folder: Path, ffmpeg: str | None = None) -> list[Sample]:
    """An H.264 MP4, a VP9 WebM, and an MP4 that opens well but is cut off in the middle."""
    exe = ffmpeg or wheel_ffmpeg()
    ferry = Sample("midnight-ferry", "Midnight Ferry", "Neon Harbour", folder / "a.mp4", False, 8)
    glass = Sample("paper-moons", "Paper Moons", "The Glass Orchard", folder / "b.webm", False, 7)
    storm = Sample("last-train", "Last Train", "Static Choir", folder / "c.mp4", True, 8)
    folder.mkdir(parents=True, exist_ok=True)
    encode(exe, ferry.path, ferry.duration, f"testsrc2=size={SIZE}:rate=24", (220, 277), _MP4)
    fractal = "mandelbrot=size=320x180:rate=24:end_scale=0.05:end_pts=200,scale=640:360"
    encode(exe, glass.path, glass.duration, fractal, (196, 247), _WEBM)
    encode(exe, storm.path, storm.duration, f"testsrc2=size={SIZE}:rate=25", (165, 208), _MP4)
    samples = [ferry, glass, storm]
    for sample in samples:
        picture(exe, sample.path, sample.poster)
    cut_off(storm.path, 0.5)
    return samples


def encode(
    exe: str, path: Path, seconds: float, film: str, tones: tuple[int, int], codecs: tuple[str, ...]
) -> None:
    """Encode a moving picture (a lavfi source) with a little tune of two tones over a bass."""
    run_ffmpeg(
        exe, "-f", "lavfi", "-i", film, "-f", "lavfi", "-i", tune(*tones),
        "-t", str(seconds), *codecs, "-map_metadata", "-1", str(path),
    )  # fmt: skip


def tune(low: int, high: int) -> str:
    """A stereo lavfi source: a bass, a note every half second, and one that swells."""
    note = f"0.15*sin(2*PI*{high}*t)*mod(floor(t*2)\\,2)"
    swell = f"0.1*sin(2*PI*{low * 3 // 2}*t)*(0.5+0.5*sin(PI*t))"
    bass = f"0.2*sin(2*PI*{low}*t)"
    return f"aevalsrc='{bass}+{note}+{swell}|{bass}+{swell}':s=48000"


def picture(exe: str, film: Path, path: Path) -> None:
    """A JPEG from a second into the film."""
    run_ffmpeg(exe, "-ss", "1", "-i", str(film), "-frames:v", "1", "-q:v", "4", str(path))


def cut_off(path: Path, keep: float) -> None:
    """Keep only the first part of the file, as a broken transfer would."""
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * keep))


def run_ffmpeg(exe: str, *arguments: str) -> None:
    """Run it to its end, in silence; raises where it fails."""
    command = [exe, "-v", "error", "-nostdin", "-y", *arguments]
    subprocess.run(command, check=True, timeout=60)
