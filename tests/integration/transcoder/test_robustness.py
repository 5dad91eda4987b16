"""Hostile media fail cleanly and cost one job; twenty operations at once stay stable."""

import asyncio
import random
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.forkserver import Limits
from mvidarr_common.messages.jobs import OwnRecipe, Probe, Thumbnails, Transcode, Verify
from mvidarr_common.messages.media import AudioStream, MediaFacts
from mvidarr_common.processes import Children, open_children
from mvidarr_common.testing.worker import run_job
from mvidarr_transcoder.deps import Deps, deps_from
from mvidarr_transcoder.media import measure
from mvidarr_transcoder.operations import probe, thumbnails, transcode, verify
from mvidarr_transcoder.running import niced
from mvidarr_transcoder.settings import TranscoderSettings, threads_of_a_slot

_TONE = AudioStream(codec="aac", channels=1, sample_rate=44100)
TINY = OwnRecipe(name="tiny", container="mp4", video="h264", audio="aac", speed="fast")


async def ended(work: Any) -> str:
    """How a job ended: with a result, or with a reason that people can read."""
    outcome: object = (await asyncio.gather(work, return_exceptions=True))[0]
    if isinstance(outcome, JobError):
        assert outcome.message.endswith(".")
        return outcome.code
    assert not isinstance(outcome, BaseException), outcome
    return "done"


async def test_fuzzed_media_end_with_a_result_or_a_reason(
    media: Path, put: Any, root: DataRoot, run: Any
) -> None:
    dice = random.Random(11)
    for number in range(12):
        name = ("whole.mp4", "whole.webm")[number % 2]
        content = bytearray((media / name).read_bytes())
        for _ in range(60):  # mostly in the header, where lengths and counts are
            content[dice.randrange(len(content) if number > 8 else 4000)] = dice.randrange(256)
        path = put(f"{number}-{name}", bytes(content))
        for handler, spec in ((probe, Probe(path=path)), (verify, Verify(path=path))):
            assert await ended(run(handler, spec, job_id=f"{number}-{spec.kind}"))


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


async def test_a_film_that_says_it_is_enormous_costs_no_memory(
    make: Any, root: DataRoot, put: Any, run: Any
) -> None:
    film = make("small.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x36:d=1", "-c:v", "libx264")
    content = film.read_bytes()
    at = content.index(b"avc1") + 28
    huge = content[:at] + struct.pack(">HH", 65_535, 65_535) + content[at + 4 :]
    assert await ended(run(verify, Verify(path=put("huge.mp4", huge), audio_required=False)))


async def test_playlists_read_neither_files_nor_the_network(put: Any, run: Any) -> None:
    for number, text in enumerate((
        b"#EXTM3U\n#EXTINF:6,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile 'file:/etc/passwd'\n",
        b"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>http://127.0.0.1:9/</BaseURL></MPD>",
    )):  # fmt: skip
        path = put(f"{number}.mp4", text)
        how = await ended(run(probe, Probe(path=path), job_id=f"job-{number}"))
        assert how == "damaged_corrupt"


async def test_twenty_operations_at_once_all_end(make: Any, root: DataRoot, run: Any) -> None:
    film = make("film.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=2", "-f", "lavfi", "-i",
                "sine=d=2", "-c:v", "libx264", "-preset", "ultrafast")  # fmt: skip
    path, facts = root.relative(film), measure(str(film))
    specs = [
        (transcode, Transcode(path=path, recipe=TINY, facts=facts)),
        (verify, Verify(path=path)),
        (probe, Probe(path=path)),
        (probe, Probe(path=path)),
    ] * 5
    endings = await asyncio.gather(*(
        ended(run(handler, spec, job_id=f"job-{number}"))
        for number, (handler, spec) in enumerate(specs)
    ))  # fmt: skip
    assert endings == ["done"] * 20
    assert len(list((root.path / "staging").rglob("tiny.mp4"))) == 5


@pytest.mark.parametrize(("niceness", "first"), [(10, "nice"), (0, "ffmpeg")])
def test_ffmpeg_gives_way_when_it_is_told_to(niceness: int, first: str) -> None:
    assert niced(niceness, ["ffmpeg", "-version"])[0] == first


def _element(id: str, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes.fromhex(id) + b"\x01" + len(body).to_bytes(7) + body


def _crowd_of_tracks(count: int) -> bytes:
    """Matroska with so many sounds."""
    sound = _element("e1", _element("b5", struct.pack(">f", 8000)), _element("9f", b"\x01"))
    tracks = (
        _element("ae", _element("d7", n.to_bytes(2)), _element("73c5", n.to_bytes(2)),
                 _element("83", b"\x02"), _element("86", b"A_PCM/INT/LIT"), sound)
        for n in range(1, count + 1)
    )  # fmt: skip
    block = _element("a3", b"\x81\x00\x00\x80", bytes(160))
    cluster = _element("1f43b675", _element("e7", b"\x00"), block)
    head = _element("1a45dfa3", _element("4282", b"matroska"))
    return head + _element("18538067", _element("1654ae6b", *tracks), cluster)


def _crowd_of_boxes(count: int, film: bytes) -> bytes:
    """MP4 whose one sound is there so often."""
    at = film.index(b"moov") - 4
    end = at + int.from_bytes(film[at : at + 4])
    first = film.index(b"trak", at) - 4
    track = film[first : first + int.from_bytes(film[first : first + 4])]
    inside = film[at + 8 : first] + track * count + film[first + len(track) : end]
    return film[:at] + _box(b"moov", inside) + film[end:]


@pytest.mark.parametrize("name", ["crowd.mkv", "crowd.mp4"])
async def test_a_file_of_thousands_of_streams_is_no_film(
    name: str, make: Any, put: Any, run: Any
) -> None:
    tone = make("tone.mp4", "-f", "lavfi", "-i", "sine=d=0.1", "-c:a", "aac").read_bytes()
    crowd = _crowd_of_tracks(5000) if name == "crowd.mkv" else _crowd_of_boxes(5000, tone)
    path = put(name, crowd)
    assert await ended(run(probe, Probe(path=path))) == "damaged_corrupt"
    assert await ended(run(verify, Verify(path=path), job_id="verify")) == "damaged_corrupt"
    facts = MediaFacts(container="mp4", duration=1.0, size=len(crowd), audio=(_TONE,))
    spec = Transcode(path=path, recipe="audio_only", facts=facts)
    assert await ended(run(transcode, spec, job_id="transcode"))


async def test_a_film_that_says_it_is_endless_is_refused_and_pictured_within_limits(
    media: Path, make: Any, put: Any, root: DataRoot, run: Any
) -> None:
    content = make("copy.mkv", "-i", str(media / "whole.mp4"), "-c", "copy").read_bytes()
    at = content.index(b"\x44\x89\x88") + 3  # the duration, in milliseconds
    path = put("endless.mkv", content[:at] + struct.pack(">d", 1e12) + content[at + 8 :])
    facts = measure(str(root.at(path)))
    assert facts.duration == 1e9
    assert await ended(run(verify, Verify(path=path))) == "damaged_truncated"
    sheets = await run(thumbnails, Thumbnails(path=path, facts=facts), job_id="pictures")
    assert len(sheets.artwork) < 100


async def test_what_takes_too_long_is_ended(
    make: Any, root: DataRoot, deps: Deps, children: Children
) -> None:
    film = make("long.mkv", "-f", "lavfi", "-i", "testsrc2=s=640x360:d=12", "-c:v", "mpeg4")
    spec = Transcode(path=root.relative(film), recipe="high_quality", facts=measure(str(film)))
    quick = replace(deps, time_limit=0.2)
    assert await ended(run_job(transcode, spec, quick, root, children=children)) == "too_long"
    assert list((root.path / "staging").rglob("high_quality*")) == []


async def test_what_makes_no_progress_is_ended(
    make: Any, root: DataRoot, deps: Deps, children: Children, tmp_path: Path
) -> None:
    film = make("film.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x36:d=1", "-c:v", "mpeg4")
    hangs = tmp_path / "hangs"
    hangs.write_text("#!/bin/sh\necho out_time_us=1\nexec sleep 600\n")
    hangs.chmod(0o755)
    spec = Transcode(path=root.relative(film), recipe="high_quality", facts=measure(str(film)))
    stuck = replace(deps, ffmpeg=str(hangs), stall_timeout=1)
    await children.warm()
    assert await ended(run_job(transcode, spec, stuck, root, children=children)) == "stalled"
    left = [each for each in psutil.Process().children(recursive=True) if "600" in each.cmdline()]
    assert left == []


async def test_a_child_gets_so_much_memory_and_no_more() -> None:
    async with open_children(("av",), limits=Limits(memory=600 << 20)) as children:
        with pytest.raises(MemoryError):
            await children.call(bytearray, 1 << 30)


def test_processors_are_shared_out_among_the_slots() -> None:
    settings = TranscoderSettings(transcode_slots=10_000)
    assert (deps_from(settings).threads, threads_of_a_slot(settings)) == (1, 1)
    assert deps_from(TranscoderSettings(ffmpeg_threads=7)).threads == 7
