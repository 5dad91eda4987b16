"""The command lines of cutting, joining and showing parts of films."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mvidarr_common.messages.jobs import ExtractAudio, Hls, Preview, Trim
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream
from mvidarr_transcoder import clipping

FILM = VideoStream(codec="h264", width=1920, height=1080, fps=25)
SOUND = AudioStream(codec="aac", channels=2, sample_rate=48000)
FACTS = MediaFacts(container="mp4", duration=100.0, size=1, video=(FILM,), audio=(SOUND,))
IN, OUT = Path("/in/a.mp4"), Path("/out/b")


def test_a_cut_copies_unless_it_must_be_exact() -> None:
    loose = clipping.trim("ffmpeg", Trim(path="a", facts=FACTS, start=5, end=8), IN, OUT, 0)
    assert loose[loose.index("-ss") + 1] == "5"
    assert loose.index("-ss") < loose.index("-i")
    assert " ".join(loose[loose.index("-t", loose.index("-i")) :]).startswith("-t 3 -map 0:V:0?")
    assert loose[loose.index("-c") + 1] == "copy"
    exact = clipping.trim(
        "ffmpeg", Trim(path="a", facts=FACTS, start=5, end=8, exact=True), IN, OUT, 0
    )
    assert "libx264" in exact


def test_a_cut_without_length_is_refused() -> None:
    with pytest.raises(ValidationError):
        Trim(path="a", facts=FACTS, start=5, end=5)


def test_only_parts_of_one_shape_are_joined_as_they_are() -> None:
    small = FACTS.model_copy(update={"video": (FILM.model_copy(update={"width": 640}),)})
    assert clipping.alike([FACTS, FACTS])
    assert not clipping.alike([FACTS, small])
    assert not clipping.alike([FACTS, FACTS.model_copy(update={"audio": ()})])


def test_a_name_cannot_break_out_of_the_listing() -> None:
    made = clipping.listing([Path("/a/it's.mp4")])
    assert made == "ffconcat version 1.0\nfile 'file:/a/it'\\''s.mp4'\n"


@pytest.mark.parametrize(
    ("form", "codec", "muxer", "coder"),
    [
        ("copy", "aac", "ipod", "copy"),
        ("copy", "opus", "ogg", "copy"),
        ("copy", "dts", "matroska", "copy"),
        ("mp3", "aac", "mp3", "libmp3lame"),
        ("flac", "aac", "flac", "flac"),
    ],
)
def test_sound_goes_into_a_file_that_holds_it(
    form: Any, codec: str, muxer: str, coder: str
) -> None:
    facts = FACTS.model_copy(update={"audio": (SOUND.model_copy(update={"codec": codec}),)})
    made = clipping.extract("ffmpeg", ExtractAudio(path="a", facts=facts, form=form), IN, OUT)
    assert made[made.index("-c:a") + 1] == coder
    assert made[-2] == muxer


def test_a_gif_has_its_own_palette() -> None:
    made = clipping.preview("ffmpeg", Preview(path="a", facts=FACTS, form="gif"), IN, OUT)
    assert "palettegen" in made[made.index("-vf") + 1]


def test_no_streamed_rendition_is_larger_than_the_film() -> None:
    sizes = clipping.hls_sizes(Hls(path="a", facts=FACTS, heights=(2160, 360, 1080)))
    assert sizes == [(640, 360), (1920, 1080)]
    tiny = FACTS.model_copy(update={"video": (VideoStream(codec="h264", width=161, height=91),)})
    assert clipping.hls_sizes(Hls(path="a", facts=tiny)) == [(160, 90)]
