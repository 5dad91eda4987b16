"""What a treatment and a recipe of one's own become on FFmpeg's command line."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mvidarr_common.messages.jobs import OwnRecipe, Treatment
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream
from mvidarr_transcoder.hardware import FAMILIES, trial
from mvidarr_transcoder.recipes import command
from mvidarr_transcoder.treating import (
    TONE_MAP,
    Loudness,
    Measured,
    borders,
    burning,
    heard,
    picture_filters,
    sound_filters,
)

FILM = VideoStream(codec="h264", width=1920, height=1080, fps=50, pixel_format="yuv420p")
SOUND = AudioStream(codec="aac", channels=2, sample_rate=48000)
FACTS = MediaFacts(
    container="mp4", duration=100.0, size=1, bitrate=900_000, video=(FILM,), audio=(SOUND,)
)
QUIET = Loudness(-30.1, -9.5, 4.0, -40.6, 0.3)
SUNG = MediaFacts(container="mkv", duration=1.0, size=1, subtitles=("subrip:eng", "ass:eng"))


def film(**changes: Any) -> VideoStream:
    return FILM.model_copy(update=changes)


def line(recipe: Any, facts: MediaFacts = FACTS, **how: Any) -> str:
    return " ".join(command("ffmpeg", recipe, facts, Path("/in/a.mp4"), Path("/o"), 0, **how))


def test_a_plain_film_needs_no_filter() -> None:
    assert picture_filters(Treatment(), FILM, (1920, 1080)) == []


def test_filters_come_in_the_order_in_which_they_make_sense() -> None:
    whole = Treatment(most_fps=30)
    odd = film(interlaced=True, hdr="hdr10")
    assert picture_filters(whole, odd, (1280, 536), Measured(crop=(1920, 804, 0, 138))) == [
        "bwdif=mode=send_frame:deint=interlaced",
        "crop=1920:804:0:138",
        TONE_MAP,
        "scale=1280:536",
        "fps=30",
    ]


def test_a_treatment_that_is_switched_off_does_nothing() -> None:
    off = Treatment(deinterlace=False, tone_map=False, most_fps=60)
    assert picture_filters(off, film(interlaced=True, hdr="hlg"), (1920, 1080)) == []


def test_the_second_pass_of_loudness_knows_what_the_first_one_heard() -> None:
    wished = Treatment(loudness=-14)
    assert sound_filters(wished, Measured()) == []
    [normal, rate] = sound_filters(wished, Measured(loudness=QUIET))
    assert normal == (
        "loudnorm=I=-14:TP=-1.5:LRA=11:measured_I=-30.1:measured_TP=-9.5:measured_LRA=4"
        ":measured_thresh=-40.6:offset=0.3:linear=true"
    )
    assert rate == "aresample=48000"


def test_silence_has_no_loudness() -> None:
    said = (
        '[x] {\n"input_i" : "%s",\n"input_tp" : "%s",\n"input_lra" : "4.00",\n'
        '"input_thresh" : "-40.60",\n"normalization_type" : "dynamic",\n"target_offset" : "0.30"\n}'
    )
    assert heard(said % ("-30.10", "-9.50")) == QUIET
    assert heard(said % ("-inf", "-inf")) is None
    assert heard("nothing of the kind") is None


def test_borders_are_those_seen_most_often_and_only_if_they_matter() -> None:
    assert borders(["crop=1920:804:0:138"] * 3 + ["crop=1920:1080:0:0"], FILM) == (
        1920,
        804,
        0,
        138,
    )
    assert borders(["crop=1916:1080:2:0"], FILM) is None
    assert borders(["crop=2:2:0:0"], FILM) is None
    assert borders([], FILM) is None


def test_no_name_of_a_file_breaks_out_of_the_filter() -> None:
    made = burning(Path("/a/it's [a], b: c.mkv"), SUNG, 1)
    assert made.startswith(r"subtitles=filename=/a/it\\\'s \[a\]\, b\\: c.mkv:si=1:fontsdir=/")


def test_words_that_say_how_they_look_keep_their_font() -> None:
    plain, styled = (burning(Path("/film.mkv"), SUNG, number) for number in (0, 1))
    assert plain.endswith(":force_style=FontName=Source Sans Pro")
    assert "force_style" not in styled


def test_streams_that_fit_are_copied_only_when_that_is_wished() -> None:
    assert "copy" not in line("web_optimized")
    wished = Treatment(copy_fitting=True)
    assert "-c:v copy -map 0:a? -c:a copy" in line("web_optimized", treatment=wished)
    assert "-c:v libx264" in line("mobile_optimized", treatment=wished)  # it is too large
    assert "-c:v libx265" in line("hevc", treatment=wished)
    fat = FACTS.model_copy(update={"bitrate": 5_000_000})
    assert "-c:v libx264" in line("web_optimized", fat, treatment=wished)
    loud = line(
        "web_optimized", treatment=Treatment(copy_fitting=True, loudness=-14),
        measured=Measured(loudness=QUIET),
    )  # fmt: skip
    assert "-c:v copy" in loud
    assert "-c:a aac" in loud


def test_hardware_takes_the_place_of_the_encoder_alone() -> None:
    vaapi = next(family for family in FAMILIES if family.name == "vaapi")
    made = line("mobile_optimized", hardware=vaapi)
    assert "-vaapi_device /dev/dri/renderD128" in made
    assert "-c:v h264_vaapi -qp 26 -vf scale=1280:720,format=nv12,hwupload" in made
    assert "libx264" not in made
    assert "h264_nvenc" in trial("ffmpeg", FAMILIES[0], "h264")


def test_a_recipe_of_ones_own_becomes_arguments() -> None:
    own = OwnRecipe(name="tv", container="mkv", video="hevc", audio="opus", crf=22, speed="slow",
                    most_kbps=6000, audio_kbps=160, width=1280, height=720)  # fmt: skip
    made = line(own)
    assert "-c:v libx265 -preset slow -crf 22 -maxrate 6000k -bufsize 12000k" in made
    assert "scale=1280:720" in made
    assert made.endswith("-f matroska file:/o")
    plain = OwnRecipe(name="v", container="webm", video="vp9", audio="opus")
    assert "libvpx-vp9 -row-mt 1 -cpu-used 4 -crf 23 -b:v 0k" in line(plain)


@pytest.mark.parametrize(
    "wrong",
    [
        {"container": "webm", "video": "h264", "audio": "opus"},
        {"container": "mp3", "audio": "aac"},
        {"container": "mp4", "audio": "aac"},
        {"container": "mp4", "video": "h264", "audio": "aac", "crf": 60},
        {"container": "mp4", "video": "h264", "audio": "aac", "width": 640},
        {"container": "mp4", "video": "h264", "audio": "aac", "name": "a -vf evil"},
    ],
)
def test_a_recipe_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OwnRecipe.model_validate({"name": "x"} | wrong)
