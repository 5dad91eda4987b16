"""Cookies go to their site alone, and wishes count only against what a page tells."""

import time
from pathlib import Path

import pytest

from mvidarr_common.errors import JobError
from mvidarr_common.messages.fetching import FetchOptions
from mvidarr_downloader.asides import refuse_unwanted
from mvidarr_downloader.cookies import Jar

ROW = "\t".join((".videos.example", "TRUE", "/", "TRUE", "0", "session", "good"))


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("https://videos.example/1", True),
        ("https://www.videos.example/1", True),
        ("https://othervideos.example/1", False),
        ("https://example/1", False),
        ("ytsearch5:videos.example", False),
        ("videos.example", False),
    ],
)
def test_cookies_are_for_their_site_and_those_below_it(
    url: str, given: bool, tmp_path: Path
) -> None:
    (tmp_path / "videos.example.txt").write_text(ROW)
    assert bool(Jar(tmp_path).cookies_for(url)) is given
    assert Jar().cookies_for(url) is None


def test_expired_ones_and_those_of_other_sites_are_left_out(tmp_path: Path) -> None:
    old = ROW.replace("\t0\t", f"\t{int(time.time()) - 10}\t").replace("good", "old")
    other = ROW.replace("videos.example", "elsewhere.example").replace("good", "other")
    (tmp_path / "videos.example.txt").write_text("\n".join((ROW, old, other)))
    text = str(Jar(tmp_path).cookies_for("https://videos.example/1"))
    assert [word in text for word in ("good", "old", "other")] == [True, False, False]


def test_a_page_for_older_people_is_refused_and_one_that_tells_nothing_is_not() -> None:
    asked = FetchOptions(age_limit=16, longest=10, shortest=5)
    with pytest.raises(JobError) as refused:
        refuse_unwanted({"age_limit": 18}, asked)
    assert refused.value.code == "not_wanted"
    refuse_unwanted({"age_limit": 16, "duration": 7}, asked)
    refuse_unwanted({}, asked)


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        (("view_count>1000",), None),
        (("view_count>5000",), "not_wanted"),
        (("view_count>1000 & title!*=cover",), "not_wanted"),
        (("view_count>5000", "title*=cover"), None),
        (("like_count>10",), "not_wanted"),
        (("like_count>?10",), None),
        (("!is_live",), None),
        (("%% nothing",), "invalid_filter"),
    ],
)
def test_one_of_the_filters_must_hold(filters: tuple[str, ...], code: str | None) -> None:
    info = {"id": "1", "title": "A cover", "view_count": 2000}
    if code is None:
        return refuse_unwanted(info, FetchOptions(match=filters))
    with pytest.raises(JobError) as refused:
        refuse_unwanted(info, FetchOptions(match=filters))
    assert (refused.value.code, refused.value.retry) == (code, False)
    return None
