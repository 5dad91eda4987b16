"""The commands that a dry run shows are those that would run."""

from pathlib import Path

from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import Place, PlaceFile, SupposedStep, Transcode, Treatment, Trim
from mvidarr_common.messages.library import Description
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream
from mvidarr_transcoder import clipping
from mvidarr_transcoder.recipes import command
from mvidarr_transcoder.showing import shown

FACTS = MediaFacts(
    container="mp4", duration=60.0, size=1000,
    video=(VideoStream(codec="h264", width=1920, height=1080, fps=25),),
    audio=(AudioStream(codec="aac", channels=2, sample_rate=48000),),
)  # fmt: skip
FILM = "library/A/A - B.mp4"


def test_a_transcode_is_shown_with_its_passes_and_below_the_data_root() -> None:
    treatment = Treatment(loudness=-14, crop=True)
    spec = Transcode(path=FILM, recipe="mobile_optimized", facts=FACTS, treatment=treatment)
    step = shown(SupposedStep(name="small", spec=spec), threads=2)
    crop, listen, cook = step.commands
    assert "cropdetect" in " ".join(crop)
    assert "loudnorm" in " ".join(listen)
    target = Path("staging/small/film.mp4")
    assert list(cook) == command(
        "ffmpeg", "mobile_optimized", FACTS, Path(FILM), target, 2, treatment
    )


def test_a_cut_is_shown_and_a_step_that_calls_no_ffmpeg_or_is_left_out_says_so() -> None:
    spec = Trim(path=FILM, facts=FACTS, start=1, end=2)
    cut = shown(SupposedStep(name="cut", spec=spec), threads=0)
    target = Path("staging/cut/trimmed.mp4")
    assert cut.commands == (tuple(clipping.trim("ffmpeg", spec, Path(FILM), target, 0)),)
    file = PlaceFile(path=FILM, role="original", sha256="0", facts=FACTS)
    place = Place(
        video_id=VideoId("v"), files=(file,), about=Description(), page_url="", source="",
        source_id="",
    )  # fmt: skip
    assert shown(SupposedStep(name="place", spec=place), threads=0).commands == ()
    out = shown(SupposedStep(name="x", left_out="Not needed."), threads=0)
    assert (out.kind, out.left_out) == (None, "Not needed.")
