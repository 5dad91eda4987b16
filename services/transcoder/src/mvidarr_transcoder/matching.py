"""Whether two fingerprints are of the same thing, and how far apart they begin. Pure."""

import struct
from base64 import b64decode
from collections.abc import Sequence

from mvidarr_common.messages.jobs import Match, Matched, Print

SOUND_STEP = 1365 / 11025
"""Seconds between two of Chromaprint's numbers."""

PICTURE_STEP = 1.0
SAME_SOUND, SAME_PICTURE = 0.7, 0.8
"""Of all bits; what has nothing in common agrees in half of them."""

_LEAST_SOUND, _LEAST_PICTURES = 40, 4
_APART, _LONGER = 1.5, 2.0


def matched(spec: Match) -> Matched:
    """Compares sound and picture apart, each at the offset where it agrees best."""
    sound, sound_at = _best(_numbers(spec.first), _numbers(spec.second), 32, _LEAST_SOUND)
    hashes = [[int(one, 16) for one in each.pictures] for each in (spec.first, spec.second)]
    picture, picture_at = _best(hashes[0], hashes[1], 64, _LEAST_PICTURES)
    offset = None
    if sound is not None and sound >= SAME_SOUND:
        offset = sound_at * SOUND_STEP
    elif picture is not None and picture >= SAME_PICTURE:
        offset = picture_at * PICTURE_STEP
    return Matched.model_validate({
        "verdict": _verdict(spec, sound, picture, offset),
        "sound": sound and round(sound, 3),
        "picture": picture and round(picture, 3),
        "offset": offset if offset is None else round(offset, 1),
    })  # fmt: skip


def _verdict(spec: Match, sound: float | None, picture: float | None, offset: float | None) -> str:
    if sound is None and picture is None:
        return "unknown"
    heard = sound is not None and sound >= SAME_SOUND
    seen = picture is not None and picture >= SAME_PICTURE
    if not seen:
        return "same_recording" if heard else "different"
    if sound is not None and not heard:
        return "same_pictures"
    lengths = (spec.first.duration, spec.second.duration)
    longer = None not in lengths and abs((lengths[0] or 0) - (lengths[1] or 0)) > _LONGER
    return "other_cut" if longer or abs(offset or 0) > _APART else "same_video"


def _numbers(of: Print) -> list[int]:
    raw = b64decode(of.sound)
    return list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))


def _best(
    first: Sequence[int], second: Sequence[int], bits: int, least: int
) -> tuple[float | None, int]:
    """The highest share of bits in common, and how much later the second one's begin."""
    found: tuple[float | None, int] = (None, 0)
    if min(len(first), len(second)) < least:
        return found
    for shift in range(least - len(second), len(first) - least + 1):
        a = first[max(0, shift) :]
        b = second[max(0, -shift) :]
        length = min(len(a), len(b))
        apart = sum((x ^ y).bit_count() for x, y in zip(a, b, strict=False))
        share = 1 - apart / (length * bits)
        if found[0] is None or (share, -abs(shift)) > (found[0], -abs(found[1])):
            found = (share, -shift)
    return found
