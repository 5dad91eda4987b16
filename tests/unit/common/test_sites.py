"""All names of a service are one site, and a search belongs to the site that it asks."""

import pytest

from mvidarr_common.sites import is_search_for_one, site_named, site_of


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://www.youtube.com/watch?v=1", "youtube.com"),
        ("https://m.youtube.com/watch?v=1", "youtube.com"),
        ("https://music.youtube.com/watch?v=1", "youtube.com"),
        ("https://YouTu.be/1", "youtube.com"),
        ("https://www.youtube-nocookie.com/embed/1", "youtube.com"),
        ("https://player.vimeo.com/video/1", "vimeo.com"),
        ("https://www.videos.example:8080/1", "videos.example"),
        ("https://www.m.videos.example/1", "videos.example"),
        ("https://live.videos.example/1", "live.videos.example"),
        ("https://notyoutube.com/1", "notyoutube.com"),
        ("https://www.example/1", "www.example"),
        ("http://127.0.0.1:9/1", "127.0.0.1"),
        ("ytsearch5:Björk Jóga", "youtube.com"),
        ("ytsearchdateall:Björk", "youtube.com"),
        ("nicosearchdate3:Björk", "nicovideo.jp"),
        ("scsearch:Björk", "soundcloud.com"),
        ("newsearch:Björk", "new"),
        ("words", None),
        ("https://[half", None),
    ],
)
def test_every_address_has_the_site_of_its_service(address: str, site: str | None) -> None:
    assert site_of(address) == site


def test_the_name_that_stands_for_all_sites_stays() -> None:
    assert site_named("all") == "all"


@pytest.mark.parametrize(
    ("address", "one"),
    [("ytsearch:x", True), ("ytsearch1:x", True), ("ytsearchdate1:x", True), ("ytsearch2:x", False),
     ("ytsearch11:x", False), ("ytsearchall:x", False), ("https://a.example/ytsearch1:x", False)],
)  # fmt: skip
def test_a_search_for_one_is_told_from_others(address: str, one: bool) -> None:
    assert is_search_for_one(address) is one
