"""The pages of the local site: ordinary HTML that names a video, its artist and its poster."""

import html
import json

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
<script type="application/ld+json">{data}</script>
</head>
<body><h1>{heading}</h1>
<video controls poster="{poster}"><source src="{media}" type="{mime}"></video>
<p>{story}</p></body>
</html>
"""

BLANK = "<!doctype html><html><head><title>Nothing here</title></head><body>Words.</body></html>"
MIME = {".mp4": "video/mp4", ".webm": "video/webm"}


def watch_page(sample: Sample, media: str, poster: str, claims: int | None) -> str:
    """The page of one video; `claims` is the size that it promises, if it does."""
    heading = f"{sample.artist} - {sample.title} (Official Video)"
    story = f"{sample.title} by {sample.artist}. Made by FFmpeg."
    mime = MIME[sample.path.suffix]
    data = _linked_data(heading, story, media, poster, mime, sample.duration, claims)
    return _PAGE.format(
        heading=html.escape(heading), story=html.escape(story), poster=html.escape(poster),
        media=html.escape(media), mime=mime, data=data,
    )  # fmt: skip


def _linked_data(
    heading: str, story: str, media: str, poster: str, mime: str, seconds: float, claims: int | None
) -> str:
    video = {
        "@context": "https://schema.org", "@type": "VideoObject", "name": heading,
        "description": story, "thumbnailUrl": poster, "contentUrl": media, "encodingFormat": mime,
        "uploadDate": "2024-05-17T12:00:00Z", "duration": f"PT{seconds:g}S",
        "width": 640, "height": 360,
    }  # fmt: skip
    sized = video if claims is None else {**video, "contentSize": str(claims)}
    return json.dumps(sized).replace("<", "\\u003c")
