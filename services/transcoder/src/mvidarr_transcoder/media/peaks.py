"""The loudest moments of a sound, in so many equal parts."""

import json
from pathlib import Path

from av.audio.resampler import AudioResampler

from mvidarr_common import forked

from .opening import open_media

_RATE = 8000
_FULL = 32768


def write_peaks(source: str, target: str, points: int) -> None:
    """A JSON list of numbers from 0 to 1. Raises av.FFmpegError for an unreadable file."""
    heard: list[int] = []
    with open_media(source) as container:
        resampler = AudioResampler("s16", "mono", _RATE)
        for frame in container.decode(container.streams.audio[0]):
            for part in resampler.resample(frame):
                samples = memoryview(bytes(part.planes[0])).cast("h")[: part.samples]
                heard.append(max(max(samples), -min(samples)) if len(samples) else 0)
            forked.tell(frame.time)
    Path(target).write_text(json.dumps(_spread(heard, points)))


def _spread(heard: list[int], points: int) -> list[float]:
    if not heard:
        return [0.0] * points
    edges = [number * len(heard) / points for number in range(points + 1)]
    parts = (
        heard[int(edges[n]) : max(int(edges[n]) + 1, int(edges[n + 1]))] for n in range(points)
    )
    return [round(min(1.0, max(part, default=0) / _FULL), 4) for part in parts]
