"""A short look into a film: its first frame, and how regularly its first packets come."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

_PACKETS, _UNSORTED = 300, 32
"""Packets to look at; so many at the end may still belong behind those that follow."""

_TICKS, _SHARE = 2, 0.05


@dataclass(frozen=True, slots=True)
class Glance:
    """`extras` are the kinds of data that the first frame carries; `key_seconds` is the longest
    way from one key frame to the next among those seen."""

    rotation: int = 0
    interlaced: bool = False
    extras: frozenset[str] = frozenset()
    transfer: int = 2
    variable_rate: bool = False
    key_seconds: float | None = None


def glance(container: InputContainer, film: VideoStream) -> Glance:
    """Leaves the container at its start. What cannot be decoded is the verifier's business."""
    try:
        rate, keys = _rhythm(container, film)
        container.seek(0)
        frame = next(container.decode(film), None)
        container.seek(0)
    except (av.FFmpegError, IndexError):  # PyAV on streams that turn up in the middle
        return Glance()
    if frame is None:
        return Glance(variable_rate=rate, key_seconds=keys)
    return Glance(
        rotation=frame.rotation % 360,
        interlaced=frame.interlaced_frame,
        extras=_extras(frame),
        transfer=frame.color_trc,
        variable_rate=rate,
        key_seconds=keys,
    )


def _extras(frame: av.VideoFrame) -> frozenset[str]:
    data: Any = frame.side_data  # a sequence too, whatever PyAV's stubs say
    return frozenset(data[number].type.name for number in range(len(data)))


def is_variable(times: Sequence[int], tick: float) -> bool:
    """Whether frames come irregularly; containers round their times to a tick or two."""
    ordered = sorted(set(times))[: -_UNSORTED if len(times) > 2 * _UNSORTED else None]
    steps = [after - before for before, after in pairwise(ordered)][:-1]
    if len(steps) < 2:
        return False
    usual = median(steps)
    allowed = max(min(_TICKS, 0.5 * usual), 0.0011 / tick, usual * _SHARE)
    odd = sum(abs(step - usual) > allowed for step in steps)
    return odd > max(1, len(steps) * 0.01)


def _rhythm(container: InputContainer, film: VideoStream) -> tuple[bool, float | None]:
    times, keys = [], []
    for packet in container.demux(film):
        if packet.pts is not None:
            times.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
        if len(times) >= _PACKETS:
            break
    tick = float(film.time_base or 1)
    gaps = [after - before for before, after in pairwise(keys)]
    longest = round(max(gaps) * tick, 3) if gaps else None
    return is_variable(times, tick), longest
