"""The FFmpeg command line of each recipe, as a list."""

from pathlib import Path
from typing import get_args

import pytest

from mvidarr_common.ffmpeg import DEMUXERS
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream, quality_of
from mvidarr_common.messages.profiles import Recipe
from mvidarr_transcoder.encoding import Encoder, refusal
from mvidarr_transcoder.encodings import RECIPES
from mvidarr_transcoder.recipes import command, fitted

FILM = VideoStream(codec="vp9", width=1920, height=1080)
COVER = VideoStream(codec="mjpeg", width=500, height=500, attached=True)
SOUND = AudioStream(codec="opus", channels=2, sample_rate=48000)
FACTS = MediaFacts(container="webm", duration=100.0, size=1, video=(FILM,), audio=(SOUND,))

BEFORE = [
    "ffmpeg", "-nostdin", "-y", "-hide_banner", "-v", "warning", "-nostats",
    "-progress", "pipe:1", "-stats_period", "0.5",
    "-protocol_whitelist", "file,pipe", "-format_whitelist", DEMUXERS,
    "-max_streams", "100", "-threads", "2", "-i", "file:/in/a.webm",
]  # fmt: skip
KEPT = ["-map_metadata", "0", "-map_chapters", "0", "-dn", "-threads", "2"]
PICTURE = ["-map", "0:v:0", "-c:v"]
AUDIO = ["-map", "0:a?", "-c:a"]

EXPECTED: dict[str, list[str]] = {
    "web_optimized": [
        *PICTURE, "libx264", "-preset", "medium", "-crf", "23", "-maxrate", "2M", "-bufsize", "4M",
        "-pix_fmt", "yuv420p", *AUDIO, "aac", "-b:a", "128k",
        *KEPT, "-movflags", "+faststart", "-f", "mp4",
    ],
    "high_quality": [
        *PICTURE, "libx264", "-preset", "slow", "-crf", "18", "-pix_fmt", "yuv420p",
        *AUDIO, "aac", "-b:a", "192k", *KEPT, "-f", "mp4",
    ],
    "mobile_optimized": [
        *PICTURE, "libx264", "-preset", "fast", "-crf", "28", "-maxrate", "1M", "-bufsize", "2M",
        "-pix_fmt", "yuv420p", "-vf", "scale=1280:720", *AUDIO, "aac", "-b:a", "96k",
        *KEPT, "-movflags", "+faststart", "-f", "mp4",
    ],
    "ultra_compress": [
        *PICTURE, "libx265", "-preset", "medium", "-crf", "32", "-pix_fmt", "yuv420p",
        "-tag:v", "hvc1", "-x265-params", "log-level=error:pools=2", *AUDIO, "aac", "-b:a", "64k",
        *KEPT, "-f", "mp4",
    ],
    "webm_web": [
        *PICTURE, "libvpx-vp9", "-crf", "30", "-b:v", "2M", "-row-mt", "1", "-cpu-used", "4",
        "-pix_fmt", "yuv420p", *AUDIO, "libopus", "-b:a", "128k", *KEPT, "-f", "webm",
    ],
    "audio_only": [
        "-map", "0:a:0", "-vn", "-sn", "-c:a", "libmp3lame", "-b:a", "192k", *KEPT, "-f", "mp3",
    ],
    "hevc": [
        *PICTURE, "libx265", "-preset", "medium", "-crf", "24", "-pix_fmt", "yuv420p",
        "-tag:v", "hvc1", "-x265-params", "log-level=error:pools=2", *AUDIO, "aac", "-b:a", "160k",
        *KEPT, "-movflags", "+faststart", "-f", "mp4",
    ],
    "av1": [
        *PICTURE, "libsvtav1", "-preset", "8", "-crf", "32", "-pix_fmt", "yuv420p",
        *AUDIO, "libopus", "-b:a", "128k", *KEPT, "-movflags", "+faststart", "-f", "mp4",
    ],
}  # fmt: skip


def line(recipe: Recipe, facts: MediaFacts = FACTS) -> list[str]:
    return command("ffmpeg", recipe, facts, Path("/in/a.webm"), Path("/out/a.tmp"), 2)


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_recipe_is_this_command_line(recipe: Recipe) -> None:
    assert line(recipe) == [*BEFORE, *EXPECTED[recipe], "file:/out/a.tmp"]


def test_every_recipe_that_can_be_asked_for_is_there() -> None:
    assert set(RECIPES) == set(get_args(Recipe))


def test_the_film_is_chosen_and_not_its_cover() -> None:
    facts = FACTS.model_copy(update={"video": (COVER, FILM)})
    made = line("web_optimized", facts)
    assert made[made.index("-map") + 1] == "0:v:1"
    assert "0:v:0" not in made


def test_subtitles_of_letters_are_kept_and_those_of_pictures_are_not() -> None:
    facts = FACTS.model_copy(update={"subtitles": ("hdmv_pgs_subtitle", "subrip:eng", "ass")})
    made = line("webm_web", facts)
    assert [name for name in made if name.startswith("0:s")] == ["0:s:1", "0:s:2"]
    assert made[made.index("-c:s") + 1] == "webvtt"
    assert "mov_text" in line("high_quality", facts)
    assert "-sn" in line("audio_only", facts)


def test_a_film_without_sound_or_sound_without_film_is_no_obstacle() -> None:
    assert "0:a?" in line("web_optimized", FACTS.model_copy(update={"audio": ()}))
    assert "-c:v" not in line("web_optimized", FACTS.model_copy(update={"video": (COVER,)}))


def test_a_name_can_never_be_an_option_or_an_address() -> None:
    made = command("ffmpeg", "web_optimized", FACTS, Path("-i"), Path("http://x"), 0)
    assert "file:-i" in made
    assert made[-1] == "file:http:/x"


@pytest.mark.parametrize(
    ("width", "height", "box", "expected"),
    [
        (1920, 1080, None, (1920, 1080)),
        (1921, 1081, None, (1920, 1080)),
        (1, 1, None, (2, 2)),
        (1920, 1080, (1280, 720), (1280, 720)),
        (1080, 1920, (1280, 720), (720, 1280)),
        (640, 360, (1280, 720), (640, 360)),
        (3840, 1600, (1280, 720), (1280, 532)),
        (1440, 1080, (1280, 720), (960, 720)),
        (1080, 1080, (1280, 720), (720, 720)),
        (5000, 100, (1280, 720), (1280, 24)),
    ],
)
def test_sizes_are_even_and_within_the_box(
    width: int, height: int, box: tuple[int, int] | None, expected: tuple[int, int]
) -> None:
    assert fitted(width, height, box) == expected


@pytest.mark.parametrize(
    ("width", "height", "name"),
    [
        (1920, 1080, "1080p"), (1920, 800, "1080p"), (1080, 1920, "1080p"), (3840, 2160, "2160p"),
        (1280, 720, "720p"), (1280, 536, "720p"), (854, 480, "480p"), (640, 360, "360p"),
        (640, 480, "480p"), (426, 240, "240p"), (176, 144, "144p"), (2, 2, "144p"),
        (2560, 1440, "1440p"), (1440, 1080, "1080p"),
    ],
)  # fmt: skip
def test_qualities_are_named_by_the_lines_that_the_picture_fills(
    width: int, height: int, name: str
) -> None:
    assert quality_of(width, height) == name


def test_progress_is_read_from_what_ffmpeg_says() -> None:
    encoder = Encoder(100.0)
    assert not encoder.hear("out_time_us=N/A")
    assert not encoder.hear("frame=12")
    assert encoder.hear("out_time_us=25000000")
    assert not encoder.hear("speed= 2.5x")
    assert (encoder.fraction, encoder.speed, encoder.eta) == (0.25, 2.5, 30.0)
    assert not encoder.hear("out_time_us=25000000")  # no step forward: no sign of life
    assert encoder.hear("out_time_us=200000000")
    assert (encoder.fraction, encoder.eta) == (1.0, 0.0)


def test_of_unknown_length_only_the_seconds_are_known() -> None:
    encoder = Encoder(None)
    assert encoder.hear("out_time_us=5000000")
    assert (encoder.seconds, encoder.fraction, encoder.eta) == (5.0, None, None)


def test_a_rendition_must_hold_what_its_source_holds() -> None:
    made = FACTS.model_copy(update={"duration": 100.4})
    assert refusal(RECIPES["web_optimized"], FACTS, made) is None
    assert refusal(RECIPES["audio_only"], FACTS, made.model_copy(update={"video": ()})) is None
    for change in ({"video": ()}, {"audio": ()}, {"duration": 97.0}, {"duration": None}):
        assert refusal(RECIPES["web_optimized"], FACTS, made.model_copy(update=change))
