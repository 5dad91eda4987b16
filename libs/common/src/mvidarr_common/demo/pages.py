"""The pages of the local site, of the two ordinary kinds: a video element, or linked data beside a
player that a script builds. A fetcher reads both; only the second tells duration and date."""

import html
import json
from collections.abc import Sequence

from .media import Conduct
from .samples import Sample

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{heading}</title>
<meta property="og:type" content="video.other">
<meta property="og:title" content="{heading}">
<meta property="og:description" content="{story}">
<meta property="og:image" content="{poster}">
</head>
<body><h1>{heading}</h1>
{player}
<p>{story}</p></body>
</html>
"""
_ELEMENT = '<video controls poster="{poster}"><source src="{media}" type="{mime}">{tracks}</video>'
_TRACK = '<track kind="subtitles" srclang="{0}" src="/subtitles/{0}.vtt">'
_LINKED = '<script type="application/ld+json">{data}</script><div id="player"></div>'

_OPEN_GRAPH = '<meta property="og:video" content="{media}"><div id="player"></div>'

AGE_GATE = "<!doctype html><title>Stop</title><p>Please confirm your age to see this video.</p>"
BLANK = "<!doctype html><html><head><title>Nothing here</title></head><body>Words.</body></html>"
MIME = {".mp4": "video/mp4", ".webm": "video/webm"}


def watch_page(sample: Sample, media: str, poster: str, conduct: Conduct) -> str:
    """The page of one video."""
    heading = f"{sample.artist} - {sample.title} (Official Video)"
    story = f"{sample.title} by {sample.artist}. Made by FFmpeg."
    kind = conduct.player or ("element" if sample.path.suffix == ".webm" else "linked")
    mime = MIME[sample.path.suffix]
    if kind == "linked":
        data = _linked_data(heading, story, media, poster, mime, sample.duration, conduct)
        player = _LINKED.format(data=data)
    else:
        shown = {"poster": poster, "media": media, "mime": mime}
        tracks = "".join(_TRACK.format(html.escape(name)) for name in conduct.subtitles)
        escaped_player = {key: html.escape(value) for key, value in shown.items()}
        template = _ELEMENT if kind == "element" else _OPEN_GRAPH
        player = template.format(**escaped_player, tracks=tracks)
    escaped = {"heading": heading, "story": story, "poster": poster}
    return _PAGE.format(
        player=player, **{key: html.escape(value) for key, value in escaped.items()}
    )


def spoken(language: str) -> str:
    """Subtitles (WebVTT) of one line."""
    return f"WEBVTT\n\n00:00.000 --> 00:02.000\nWords in {language}.\n"


def feed(items: Sequence[tuple[Sample, str]]) -> str:
    """A list of videos (RSS 2.0): each sample with the address of its page, numbered."""
    listed = "".join(
        f"<item><title>{html.escape(sample.title)}</title><link>{html.escape(url)}?n={n}</link></item>"
        for n, (sample, url) in enumerate(items, start=1)
    )
    head = "<title>Videos</title><link>http://localhost/</link><description>All.</description>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{listed}</channel></rss>'


def _linked_data(
    heading: str, story: str, media: str, poster: str, mime: str, seconds: float, conduct: Conduct
) -> str:
    video = {
        "@context": "https://schema.org", "@type": "VideoObject", "name": heading,
        "description": story, "thumbnailUrl": poster, "contentUrl": media, "encodingFormat": mime,
        "uploadDate": "2024-05-17T12:00:00Z", "duration": f"PT{seconds:g}S",
        "width": 640, "height": 360,
    }  # fmt: skip
    sized = {} if conduct.claims is None else {"contentSize": str(conduct.claims)}
    ends = [*(start for start, _ in conduct.chapters[1:]), seconds]
    clips = [
        {"@type": "Clip", "name": name, "startOffset": start, "endOffset": end}
        for (start, name), end in zip(conduct.chapters, ends, strict=bool(conduct.chapters))
    ]
    parts = {"hasPart": clips} if clips else {}
    return json.dumps({**video, **sized, **parts}).replace("<", "\\u003c")
