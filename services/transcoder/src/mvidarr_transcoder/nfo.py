"""The `.nfo` beside a video, as Kodi and Jellyfin read it. Pure."""

import re
import xml.etree.ElementTree as ET

from mvidarr_common.messages.jobs import Place
from mvidarr_common.messages.library import Description
from mvidarr_common.messages.media import MediaFacts

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def nfo(spec: Place) -> bytes:
    """The document for the video that these files make; the first of them is described."""
    root = ET.Element("musicvideo")
    facts = spec.files[0].facts
    _describe(root, spec.about, fallback=spec.source_id)
    if facts.duration:
        _add(root, "runtime", str(max(1, round(facts.duration / 60))))  # whole minutes
    _identify(root, spec)
    _streams(root, facts)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _describe(root: ET.Element, about: Description, fallback: str) -> None:
    _add(root, "title", about.title or fallback)
    _add(root, "artist", about.artist)
    _add(root, "album", about.album)
    _add(root, "plot", about.description)
    if about.released is not None:
        _add(root, "premiered", about.released.isoformat())
        _add(root, "year", str(about.released.year))
    for genre in about.genres or ():
        _add(root, "genre", genre)
    for director in about.directors or ():
        _add(root, "director", director)
    _add(root, "studio", about.studio)


def _identify(root: ET.Element, spec: Place) -> None:
    if spec.source_id:
        _add(root, "uniqueid", spec.source_id, type=spec.source.lower(), default="true")
    own = {} if spec.source_id else {"default": "true"}
    _add(root, "uniqueid", spec.video_id, type="mvidarr", **own)
    _add(root, "pageurl", spec.page_url)


def _streams(root: ET.Element, facts: MediaFacts) -> None:
    details = ET.SubElement(ET.SubElement(root, "fileinfo"), "streamdetails")
    if (picture := facts.picture) is not None:
        video = ET.SubElement(details, "video")
        _add(video, "codec", picture.codec.lower())
        _add(video, "aspect", f"{picture.width / picture.height:.6f}")
        _add(video, "width", str(picture.width))
        _add(video, "height", str(picture.height))
        _add(video, "durationinseconds", str(round(facts.duration)) if facts.duration else None)
    for stream in facts.audio:
        audio = ET.SubElement(details, "audio")
        _add(audio, "codec", stream.codec.lower())
        _add(audio, "language", stream.language)
        _add(audio, "channels", str(stream.channels))
    for name in facts.subtitles:
        if language := name.partition(":")[2]:
            _add(ET.SubElement(details, "subtitle"), "language", language)


def _add(parent: ET.Element, name: str, text: str | None, **attributes: str) -> None:
    if text:
        ET.SubElement(parent, name, attributes).text = _NOT_XML.sub("", text)
