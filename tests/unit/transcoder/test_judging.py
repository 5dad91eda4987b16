"""Scores follow from what was measured; matches from the bits in common."""

import random
import struct
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.messages.jobs import Match, Print
from mvidarr_common.messages.media import MediaFacts, VideoStream
from mvidarr_transcoder.judging import Heard, banding, bands, better, judged, likeness, loudness
from mvidarr_transcoder.matching import SOUND_STEP, matched


def facts(height: int = 1080, bitrate: int = 5_000_000, codec: str = "h264") -> MediaFacts:
    film = VideoStream(codec=codec, width=height * 16 // 9, height=height, fps=25, bitrate=bitrate)
    return MediaFacts(container="mp4", duration=100.0, size=1, video=(film,))


def seen(**numbers: float) -> Heard:
    heard = Heard()
    for name, value in numbers.items():
        heard.hear(f"lavfi.{name.replace('__', '.')}={value}")
    return heard


SHARP = {"blur": 2.5, "block": 1.1}


def test_more_lines_sharper_edges_and_more_bits_are_better() -> None:
    good = judged(facts(), seen(**SHARP), {})
    assert good.score > judged(facts(480), seen(**SHARP), {}).score
    assert good.score > judged(facts(), seen(blur=9, block=1.1), {}).score
    assert good.score > judged(facts(bitrate=500_000), seen(**SHARP), {}).score
    assert judged(facts(codec="av1", bitrate=2_700_000), seen(**SHARP), {}).parts["bitrate"] == (
        pytest.approx(good.parts["bitrate"], abs=2)
    )


def test_doubts_are_told() -> None:
    borders = {"cropdetect__w": 1920.0, "cropdetect__h": 800.0}
    found = judged(facts(), seen(blur=9, block=1, **borders), {"true_peak": 0.4})
    assert found.doubts == ("upscaled", "bordered", "clipped")


def test_bands_cost_points_and_are_doubted() -> None:
    report = b'{"pooled_metrics": {"cambi": {"min": 0, "mean": 6.0}}}'
    found = judged(facts(), seen(**SHARP), bands(report))
    assert (found.parts["banding"], found.doubts) == (50, ("banded",))
    line = " ".join(banding("ffmpeg", Path("/in/a.mp4"), Path("/out/it's.json"), 2))
    assert "cambi" in line
    assert r"log_path=/out/it\\\'s.json" in line


def test_a_small_difference_is_none_and_a_large_one_has_reasons() -> None:
    good, poor = judged(facts(), seen(**SHARP), {}), judged(facts(360), seen(**SHARP), {})
    assert better(good, good).verdict == "alike"
    assert better(good, poor).verdict == "better"
    assert better(poor, good).verdict == "worse"
    assert better(good, poor).reasons[0].startswith("resolution is better by")


def test_what_ffmpeg_prints_at_the_end_is_read() -> None:
    said = (
        "[Parsed_ssim] SSIM Y:0.99 (20.1) All:0.987654 (19.1)\n"
        "[Parsed_psnr] PSNR y:40.1 average:41.50 min:39\n[libvmaf] VMAF score: 95.123\n"
    )
    assert likeness(said) == {"vmaf": 95.123, "ssim": 0.987654, "psnr": 41.5}
    summary = "  I:         -20.1 LUFS\n  LRA:         4.2 LU\n  Peak:       -1.5 dBFS\n"
    assert loudness(summary) == {"loudness": -20.1, "loudness_range": 4.2, "true_peak": -1.5}


DICE = random.Random(3)
SOUND = [DICE.getrandbits(32) for _ in range(400)]
PICTURES = [DICE.getrandbits(64) for _ in range(60)]


def taken(sound: Any = SOUND, pictures: Any = PICTURES, duration: float = 60) -> Print:
    raw = struct.pack(f"<{len(sound)}I", *sound)
    hashes = tuple(f"{one:016x}" for one in pictures)
    return Print(sound=b64encode(raw).decode(), pictures=hashes, duration=duration)


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        (taken(), "same_video"),
        (taken(SOUND[80:], PICTURES[10:], 50), "other_cut"),
        (taken(pictures=PICTURES[::-1]), "same_recording"),
        (taken(sound=SOUND[::-1]), "same_pictures"),
        (taken(SOUND[::-1], PICTURES[::-1]), "different"),
        (taken([], PICTURES), "same_video"),
        (taken([], []), "unknown"),
        (taken(SOUND[:20], PICTURES[:3]), "unknown"),
    ],
)
def test_the_verdict_follows_from_sound_and_picture(second: Print, verdict: str) -> None:
    assert matched(Match(first=taken(), second=second)).verdict == verdict


def test_the_offset_is_how_much_later_the_second_begins() -> None:
    found = matched(Match(first=taken(SOUND[80:], PICTURES[10:]), second=taken()))
    assert found.offset == pytest.approx(80 * SOUND_STEP, abs=0.1)
