"""From format lists in the shapes that yt-dlp prints, a profile takes what a person would."""

from typing import Any

import pytest
from yt_dlp import YoutubeDL

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.media import QUALITIES
from mvidarr_common.messages.pages import Choice
from mvidarr_common.messages.profiles import QualityItem, QualityProfile
from mvidarr_downloader.choosing import Chooser
from mvidarr_downloader.formats import SELECT, codec_of
from mvidarr_downloader.options import Journal, options
from mvidarr_downloader.orders import Manners, Order

Format = dict[str, Any]

GB, MB = 1024**3, 1024**2

# What `yt-dlp -J` prints of two kinds of site: id, ext, width, height, fps, vcodec, acodec,
# dynamic_range, filesize in MiB, tbr, protocol, language.
Row = tuple[
    str, str, int | None, int | None, float | None, str, str, str | None, float | None, float, str,
    str | None,
]  # fmt: skip
DASH: list[Row] = [
    ("sb0", "mhtml", 320, 180, 0.5, "none", "none", None, None, 0, "mhtml", None),
    ("139-drc", "m4a", None, None, None, "none", "mp4a.40.5", None, 1.3, 48.8, "https", "en"),
    ("140", "m4a", None, None, None, "none", "mp4a.40.2", None, 3.47, 129.5, "https", "en"),
    ("251", "webm", None, None, None, "none", "opus", None, 3.45, 128.9, "https", "en"),
    ("18", "mp4", 640, 360, 25, "avc1.42001E", "mp4a.40.2", "SDR", 14.1, 526.1, "https", "en"),
    ("134", "mp4", 640, 360, 25, "avc1.4D401E", "none", "SDR", 9.3, 347.0, "https", None),
    ("136", "mp4", 1280, 720, 25, "avc1.4D401F", "none", "SDR", 29.8, 1112.0, "https", None),
    ("398", "mp4", 1280, 720, 25, "av01.0.05M.08", "none", "SDR", 21.4, 798.0, "https", None),
    ("137", "mp4", 1920, 1080, 25, "avc1.640028", "none", "SDR", 57.6, 2149.0, "https", None),
    ("248", "webm", 1920, 1080, 25, "vp9", "none", "SDR", 40.2, 1500.0, "https", None),
    ("399", "mp4", 1920, 1080, 25, "av01.0.08M.08", "none", "SDR", 38.9, 1451.0, "https", None),
    ("299", "mp4", 1920, 1080, 50, "avc1.64002A", "none", "SDR", 98.2, 3664.0, "https", None),
    ("303", "webm", 1920, 1080, 50, "vp9", "none", "SDR", 71.0, 2650.0, "https", None),
    ("335", "webm", 1920, 1080, 50, "vp09.02.41.10.01.09.16.09.00", "none", "HDR10", 92.0, 3430.0,
     "https", None),
    ("271", "webm", 2560, 1440, 25, "vp9", "none", "SDR", 121.0, 4514.0, "https", None),
    ("313", "webm", 3840, 2160, 25, "vp9", "none", "SDR", 402.0, 15000.0, "https", None),
    ("401", "mp4", 3840, 2160, 25, "av01.0.12M.08", "none", "SDR", 260.0, 9700.0, "https", None),
    ("337", "webm", 3840, 2160, 50, "vp09.02.51.10.01.09.16.09.00", "none", "HDR10", 510.0,
     19030.0, "https", None),
]  # fmt: skip
HLS: list[Row] = [
    ("hls-audio-de", "mp4", None, None, None, "none", "mp4a.40.2", None, None, 0, "m3u8_native",
     "de"),
    ("hls-audio-en", "mp4", None, None, None, "none", "mp4a.40.2", None, None, 0, "m3u8_native",
     "en"),
    ("hls-400", "mp4", 416, 234, 30, "avc1.42C00D", "none", "SDR", None, 400.0, "m3u8_native",
     None),
    ("hls-2500", "mp4", 1280, 720, 30, "avc1.4D401F", "none", "SDR", None, 2500.0, "m3u8_native",
     None),
    ("hls-5000", "mp4", 1920, 1080, 60, "avc1.64002A", "none", "SDR", None, 5000.0, "m3u8_native",
     None),
    ("http-720", "mp4", 1280, 720, 30, "avc1.4D401F", "mp4a.40.2", "SDR", 88.0, 2600.0, "https",
     None),
]  # fmt: skip
_FIELDS = ("format_id", "ext", "width", "height", "fps", "vcodec", "acodec", "dynamic_range")


def printed(rows: list[Row]) -> list[Format]:
    """The formats as yt-dlp's JSON has them; fields that it does not know are missing."""
    listed = []
    for row in rows:
        size, tbr, protocol, language = row[8:]
        known = dict(zip(_FIELDS, row, strict=False)) | {
            "url": f"https://site.test/{row[0]}", "tbr": tbr, "protocol": protocol,
            "language": language, "filesize": int(size * MB) if size else None,
        }  # fmt: skip
        listed.append({key: value for key, value in known.items() if value is not None})
    return listed


def up_to(quality: str, **more: Any) -> QualityProfile:
    """A profile with a limit."""
    most = QUALITIES.index(quality)
    items = tuple(QualityItem(quality=q, allowed=n <= most) for n, q in enumerate(QUALITIES))
    return QualityProfile(name=f"up to {quality}", items=items, **more)


def choice_of(wanted: QualityProfile, rows: list[Row], tmp_path: Any) -> Choice | None:
    """What real yt-dlp takes for the profile, without fetching anything."""
    manners = Manners(max_bytes=8 * GB, ffmpeg="/nowhere/ffmpeg")
    order = Order("https://site.test/v", wanted, DataRoot(tmp_path), tmp_path, (), manners)
    info = {
        "id": "v", "title": "T", "extractor": "test", "extractor_key": "Test", "_type": "video",
        "webpage_url": "https://site.test/v", "formats": printed(rows), "duration": 214,
    }  # fmt: skip
    with YoutubeDL({**options(order, Journal()), "ignore_no_formats_error": True}) as ydl:
        chooser = Chooser(wanted, order.max_bytes, ydl.build_format_selector(SELECT))
        ydl.format_selector = chooser
        ydl.process_ie_result(info, download=False)
        return chooser.choice


def taken(choice: Choice | None) -> str:
    return "+".join(format.id for format in choice.formats) if choice else ""


TABLE: list[tuple[QualityProfile, list[Row], str]] = [
    (up_to("2160p"), DASH, "337+251"),
    (up_to("2160p", hdr="avoid"), DASH, "401+251"),
    (up_to("2160p", hdr="avoid", codecs=("vp9", "av1")), DASH, "313+251"),
    (up_to("2160p", max_fps=30), DASH, "401+251"),
    (up_to("2160p", hdr="prefer", codecs=("h264",)), DASH, "337+251"),
    (up_to("1440p"), DASH, "271+251"),
    (up_to("1080p"), DASH, "335+251"),
    (up_to("1080p", hdr="avoid"), DASH, "303+251"),
    (up_to("1080p", hdr="avoid", codecs=("h264", "av1")), DASH, "299+251"),
    (up_to("1080p", codecs=("h264",), containers=("mp4",)), DASH, "299+140"),
    (up_to("1080p", codecs=("h265", "av1")), DASH, "399+251"),
    (up_to("1080p", max_fps=30, containers=("mp4",), codecs=("h264",)), DASH, "137+140"),
    (up_to("1080p", containers=("webm",), hdr="avoid"), DASH, "303+251"),
    (up_to("1080p", max_bytes=60 * MB, hdr="avoid"), DASH, "399+251"),
    (up_to("2160p", max_bytes=130 * MB), DASH, "271+251"),
    (up_to("720p"), DASH, "398+251"),
    (up_to("720p", codecs=("h264",)), DASH, "136+251"),
    (up_to("480p"), DASH, "18"),
    (up_to("144p"), DASH, ""),
    (up_to("2160p"), HLS, "hls-5000+hls-audio-en"),
    (up_to("2160p", language="de"), HLS, "hls-5000+hls-audio-de"),
    (up_to("1080p", max_fps=30), HLS, "hls-5000+hls-audio-en"),
    (up_to("720p", language="de"), HLS, "hls-2500+hls-audio-de"),
]


@pytest.mark.parametrize(
    ("wanted", "rows", "expected"), TABLE, ids=[f"{n}-{e}" for n, (_, _, e) in enumerate(TABLE)]
)
def test_a_profile_takes_what_a_person_would(
    wanted: QualityProfile, rows: list[Row], expected: str, tmp_path: Any
) -> None:
    assert taken(choice_of(wanted, rows, tmp_path)) == expected


@pytest.mark.parametrize("rows", [DASH, HLS])
def test_best_never_ends_at_360p_and_2160p_is_taken_where_it_is(
    rows: list[Row], tmp_path: Any
) -> None:
    choice = choice_of(QualityProfile(name="all"), rows, tmp_path)
    assert choice is not None
    best = max(row[3] or 0 for row in rows)
    assert choice.formats[0].quality == f"{best}p"
    assert best in (2160, 1080)


def test_the_choice_has_its_reasons(tmp_path: Any) -> None:
    wanted = up_to("2160p", codecs=("av1",), hdr="avoid", max_bytes=120 * MB, language="en")
    choice = choice_of(wanted, DASH, tmp_path)
    assert choice is not None
    assert choice.offered == len(DASH)
    assert choice.reasons == (
        "Sound in 'en' is wanted.",
        "4 of 18 are larger than 125829120 bytes.",
        "1080p is the best that the profile allows and the page has; there is no 1440p or 2160p.",
        "Standard dynamic range is preferred.",
        "Of these codecs av1 is preferred.",
    )
    assert [f.video_codec for f in choice.formats] == ["av01.0.08M.08", None]
    assert choice.formats[0].size == int(38.9 * MB)


@pytest.mark.parametrize(
    ("written", "codec"),
    [("avc1.640028", "h264"), ("av01.0.08M.08", "av1"), ("vp09.02.51", "vp9"), ("vp9", "vp9"),
     ("hvc1.2.4.L120", "h265"), ("hev1", "h265"), ("vp8.0", "vp8"), ("theora", None),
     (None, None)],
)  # fmt: skip
def test_codecs_are_known_by_what_sites_write(written: str | None, codec: str | None) -> None:
    assert codec_of({"vcodec": written}) == codec
