"""A profile picks the format that it means: real yt-dlp selects from lists of formats."""

from typing import Any

import pytest
from yt_dlp import YoutubeDL
from yt_dlp.utils import ExtractorError

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.media import QUALITIES
from mvidarr_common.messages.profiles import QualityItem, QualityProfile
from mvidarr_downloader.choosing import Chooser
from mvidarr_downloader.formats import SELECT, quality_name, rank_of
from mvidarr_downloader.options import Journal, options
from mvidarr_downloader.orders import Manners, Order

GB = 1024**3
Format = dict[str, Any]


def film(id_: str, width: int, height: int, **more: Any) -> Format:
    """A format with picture only."""
    return {
        "format_id": id_, "url": f"https://site.test/{id_}", "ext": "mp4", "width": width,
        "height": height, "vcodec": "avc1.640028", "acodec": "none", **more,
    }  # fmt: skip


def sound(id_: str, **more: Any) -> Format:
    """A format with sound only."""
    return {
        "format_id": id_, "url": f"https://site.test/{id_}", "ext": "m4a", "vcodec": "none",
        "acodec": "mp4a.40.2", "abr": 128, **more,
    }  # fmt: skip


def both(id_: str, width: int, height: int, **more: Any) -> Format:
    return {**film(id_, width, height), "acodec": "mp4a.40.2", **more}


LADDER = [
    both("18", 640, 360),
    film("134", 640, 360),
    film("135", 854, 480),
    film("136", 1280, 720),
    film("137", 1920, 1080),
    film("271", 2560, 1440),
    film("313", 3840, 2160),
    film("571", 7680, 4320),
    sound("140"),
]


def profile(*allowed: str, **more: Any) -> QualityProfile:
    """A profile that allows only these, worst to best in their usual order."""
    items = tuple(QualityItem(quality=name, allowed=name in allowed) for name in QUALITIES)
    return QualityProfile(name="test", items=items, **more)


def order(wanted: QualityProfile, tmp_path: Any) -> Order:
    manners = Manners(max_bytes=8 * GB, ffmpeg="/nowhere/ffmpeg")
    return Order("https://site.test/v", wanted, DataRoot(tmp_path), tmp_path, (), manners)


def chosen(wanted: QualityProfile, formats: list[Format], tmp_path: Any) -> str | None:
    """The format id that yt-dlp picks for the profile, without fetching anything."""
    info = {
        "id": "v", "title": "T", "extractor": "test", "extractor_key": "Test", "_type": "video",
        "webpage_url": "https://site.test/v", "formats": [dict(format) for format in formats],
    }  # fmt: skip
    asked = order(wanted, tmp_path)
    with YoutubeDL(options(asked, Journal())) as ydl:
        ydl.format_selector = Chooser(wanted, asked.max_bytes, ydl.build_format_selector(SELECT))
        try:
            return str(ydl.process_ie_result(info, download=False)["format_id"])
        except ExtractorError:
            return None


PHONE = [both("p360", 360, 640), both("p720", 720, 1280), both("p1080", 1080, 1920)]
WIDE = [both("w720", 1280, 534), both("w1080", 1920, 800), both("w2160", 3840, 1600)]
OLD = [both("o480", 640, 480), both("o1080", 1440, 1080)]


@pytest.mark.parametrize(
    ("wanted", "formats", "expected"),
    [
        (QualityProfile(name="all"), LADDER, "313+140"),
        (profile("2160p"), LADDER, "313+140"),
        (profile("144p", "240p", "360p", "480p", "720p", "1080p"), LADDER, "137+140"),
        (profile("720p"), LADDER, "136+140"),
        (profile("480p", "1080p"), LADDER, "137+140"),
        (profile("480p", "1080p"), [f for f in LADDER if f["format_id"] != "137"], "135+140"),
        (profile("360p"), LADDER, "18"),
        (profile("144p"), LADDER, None),
        (profile("1080p"), PHONE, "p1080"),
        (profile("720p"), PHONE, "p720"),
        (profile("1080p"), WIDE, "w1080"),
        (profile("1080p"), OLD, "o1080"),
        (QualityProfile(name="all"), [{"format_id": "0", "url": "https://site.test/x.mp4"}], "0"),
        (profile("1080p"), [{"format_id": "0", "url": "https://site.test/x.mp4"}], "0"),
    ],
)
def test_a_profile_gets_the_best_that_it_allows(
    wanted: QualityProfile, formats: list[Format], expected: str | None, tmp_path: Any
) -> None:
    assert chosen(wanted, formats, tmp_path) == expected


def test_best_never_ends_at_360p_because_only_that_has_sound(tmp_path: Any) -> None:
    assert chosen(QualityProfile(name="all"), LADDER[:5] + LADDER[-1:], tmp_path) == "137+140"


def test_the_order_of_the_profile_counts_and_not_the_number_of_lines(tmp_path: Any) -> None:
    items = tuple(QualityItem(quality=name) for name in ("2160p", "1080p", "720p"))
    wanted = QualityProfile(name="small first", items=items, cutoff="720p")
    assert chosen(wanted, LADDER, tmp_path) == "136+140"


def test_a_group_counts_as_one_rank_and_its_best_is_taken(tmp_path: Any) -> None:
    group = QualityItem(
        name="HD", items=(QualityItem(quality="720p"), QualityItem(quality="1080p"))
    )
    items = (QualityItem(quality="2160p"), group)
    wanted = QualityProfile(name="group", items=items, cutoff="HD")
    assert chosen(wanted, LADDER, tmp_path) == "137+140"


def test_what_fits_the_size_comes_before_what_is_better(tmp_path: Any) -> None:
    sized = [both("big", 1920, 1080, filesize=900), both("small", 1280, 720, filesize=300)]
    assert chosen(profile("720p", "1080p", max_bytes=500), sized, tmp_path) == "small"


def test_where_nothing_fits_the_best_is_named_so_that_it_can_be_refused(tmp_path: Any) -> None:
    sized = [both("big", 1920, 1080, filesize=900), both("small", 1280, 720, filesize=800)]
    assert chosen(profile("720p", "1080p", max_bytes=500), sized, tmp_path) == "big"


def test_the_smaller_of_both_limits_counts(tmp_path: Any) -> None:
    small = order(profile("720p", max_bytes=500), tmp_path)
    large = order(profile("720p", max_bytes=99 * GB), tmp_path)
    assert (small.max_bytes, large.max_bytes) == (500, 8 * GB)


@pytest.mark.parametrize(("language", "expected"), [("de", "de"), ("en", "en"), ("fr", "en")])
def test_sound_of_the_wanted_language_is_taken_where_there_is_some(
    language: str, expected: str, tmp_path: Any
) -> None:
    spoken = [
        film("137", 1920, 1080),
        sound("de", language="de"),
        sound("en", language="en-GB", language_preference=10),
    ]
    wanted = profile("1080p", language=language)
    assert chosen(wanted, spoken, tmp_path) == f"137+{expected}"


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(1920, 1080, "1080p"), (0, 720, "720p"), (1280, 0, "720p"), (7680, 4320, None)],
)
def test_formats_are_named_as_files_are(width: int, height: int, expected: str | None) -> None:
    assert quality_name(width, height) == expected


def test_sound_has_no_rank_and_an_unknown_size_has_the_lowest() -> None:
    wanted = profile("1080p")
    assert rank_of(sound("140"), wanted) is None
    assert rank_of({"format_id": "0"}, wanted) == 0
    assert rank_of(film("136", 1280, 720), wanted) is None
