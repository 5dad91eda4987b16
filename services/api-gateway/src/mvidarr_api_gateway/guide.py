"""The programme of a channel as XMLTV, which players show as a guide."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from .lineups import Shown
from .playlists import plain
from .programme import Slot

XMLTV = "application/xml"


def guide(
    id: str,
    name: str,
    slots: Iterable[Slot],
    known: Mapping[str, Shown],
    address: Callable[[Shown], str | None],
) -> bytes:
    """`address` tells where a film's picture is. Elements stand in the order of xmltv.dtd."""
    root = Element("tv", {"generator-info-name": "MVidarr"})
    channel = SubElement(root, "channel", id=id)
    _text(channel, "display-name", name)
    for slot in slots:
        _programme(root, id, slot, known[slot.film.id], address)
    return bytes(tostring(root, "utf-8", xml_declaration=True))


def _programme(
    root: Element, id: str, slot: Slot, shown: Shown, address: Callable[[Shown], str | None]
) -> None:
    times = {"start": _time(slot.start), "stop": _time(slot.end)}
    programme = SubElement(root, "programme", times | {"channel": id})
    _text(programme, "title", shown.title)
    if shown.artist:
        _text(programme, "sub-title", shown.artist)
    if shown.album:
        _text(programme, "desc", shown.album)
    if shown.artist:
        _text(SubElement(programme, "credits"), "actor", shown.artist)
    if shown.year:
        _text(programme, "date", f"{shown.year:04}")
    SubElement(programme, "category", lang="en").text = "Music"
    SubElement(programme, "length", units="seconds").text = str(round(slot.film.seconds))
    if (picture := address(shown)) is not None:
        SubElement(programme, "icon", src=picture)


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = plain(text)


def _time(clock: float) -> str:
    return datetime.fromtimestamp(round(clock), UTC).strftime("%Y%m%d%H%M%S +0000")
