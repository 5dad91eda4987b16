"""Which site an address belongs to: all names of one service count as one, and so do searches.

What a site is asked of at most, and how it is behaved towards, is a matter of the service; that it
answers as `www.`, `m.`, `music.` or under a short name makes no difference to it.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

SEARCH = re.compile(
    r"(?P<service>[a-z]{2,20}?)search(?:date)?(?P<count>[1-9][0-9]{0,3}|all)?:[^\x00-\x1f]{1,500}"
)
"""A search of yt-dlp's, such as "ytsearch5:…": it goes to the site that yt-dlp knows for it."""

_SEARCHED = {
    "bili": "bilibili.com", "gv": "google.com", "nico": "nicovideo.jp", "rkfn": "rokfin.com",
    "sc": "soundcloud.com", "yt": "youtube.com", "yv": "yahoo.com",
}  # fmt: skip
_OTHERS = {
    "b23.tv": "bilibili.com", "dai.ly": "dailymotion.com", "fb.watch": "facebook.com",
    "nico.ms": "nicovideo.jp", "youtu.be": "youtube.com", "youtube-nocookie.com": "youtube.com",
    "youtubekids.com": "youtube.com",
}  # fmt: skip
_SERVICES = {name: name for name in (*_SEARCHED.values(), *_OTHERS.values(), "vimeo.com")} | _OTHERS
_SAME = re.compile(r"^(?:(?:www|m|mobile|touch)\.)+(?=[^.]+\.)")


def site_of(address: str) -> str | None:
    """The site of a page or a search; None where there is none."""
    if search := SEARCH.fullmatch(address):
        return _SEARCHED.get(search["service"], search["service"])
    host = host_of(address)
    return site_named(host) if host else None


def site_named(host: str) -> str:
    """The site that is called by this name, among others."""
    name = host.lower().rstrip(".")
    known = (_SERVICES[each] for each in at_and_above(name) if each in _SERVICES)
    return next(known, _SAME.sub("", name))


def host_of(address: str) -> str | None:
    """The host of a page; None for what is no address of one."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def at_and_above(host: str) -> Iterator[str]:
    """ "a.b.c", "b.c", "c"."""
    labels = host.split(".")
    for start in range(len(labels)):
        yield ".".join(labels[start:])


def for_address(address: str) -> Iterator[str]:
    """Under which names something may be set for an address, the nearest first."""
    names = (host_of(address), site_of(address))
    return iter(dict.fromkeys(each for name in names if name for each in at_and_above(name)))


def is_search_for_one(address: str) -> bool:
    """Whether it means a single video: the first that is found."""
    search = SEARCH.fullmatch(address)
    return search is not None and search["count"] in (None, "1")
