"""Documents for other programs: a calendar (RFC 5545), a feed (RSS 2.0), and followed artists
(OPML 2.0) out and in."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from mvidarr_common.errors import Invalid
from mvidarr_common.messages.queries import VideoView

if TYPE_CHECKING:
    from icalendar import Event

RSS = "application/rss+xml"
OPML = "text/x-opml"
MOST = 1000
"""Artists of one OPML document."""


def ical(videos: Iterable[VideoView]) -> bytes:
    """Each video as a whole day, that of its release. The library takes as long to import as
    many others together, and most gateways never hear of a calendar."""
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//MVidarr//Releases//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Music videos")
    for video in videos:
        calendar.add_component(_release(video, Event()))
    return bytes(calendar.to_ical())


def rss(videos: Iterable[VideoView], base: str) -> bytes:
    """The newest videos; `base` is the address of this server, with a slash at the end."""
    feed = Element("rss", version="2.0")
    channel = SubElement(feed, "channel")
    _texts(channel, title="MVidarr", link=base, description="The newest music videos")
    for video in videos:
        _video(SubElement(channel, "item"), video)
    return _document(feed)


def opml(artists: Iterable[str]) -> bytes:
    """The artists that are followed."""
    document = Element("opml", version="2.0")
    _texts(SubElement(document, "head"), title="Artists followed by MVidarr")
    body = SubElement(document, "body")
    for name in artists:
        SubElement(body, "outline", type="artist", text=name)
    return _document(document)


def followed_names(document: bytes) -> Sequence[str]:
    """The names in an OPML document, each once; raises Invalid("bad_opml")."""
    try:
        outlines = list(fromstring(document).iter("outline"))
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Invalid("bad_opml", f"This is not an OPML document: {error}.") from error
    leaves = (each for each in outlines if len(each) == 0)
    names = (each.get("text") or each.get("title") or "" for each in leaves)
    found = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not found or len(found) > MOST:
        raise Invalid("bad_opml", f"An OPML document names 1 to {MOST} artists, not {len(found)}.")
    return found


def _release(video: VideoView, event: "Event") -> "Event":
    event.add("uid", f"{video.id}@mvidarr")
    event.add("summary", f"{video.artist} - {video.title}" if video.artist else video.title)
    event.add("dtstart", video.about.released)
    event.add("dtstamp", video.changed)
    event.add("url", video.url)
    event.add("description", f"{video.state}; {video.about.studio or 'no label'}")
    return event


def _video(item: Element, video: VideoView) -> None:
    day = video.about.released
    out = datetime.combine(day, time(), UTC) if day else video.added
    title = f"{video.artist} - {video.title}" if video.artist else video.title
    _texts(item, title=title, link=video.url, description=video.about.description or title)
    SubElement(item, "guid", isPermaLink="false").text = video.id
    _texts(item, pubDate=format_datetime(out))


def _texts(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = "".join(c for c in text if c >= " " or c in "\n\t")


def _document(root: Element) -> bytes:
    return bytes(tostring(root, "utf-8", xml_declaration=True))
