"""Playlists: those of streams with tickets in their addresses, and lists of films for players."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

M3U8 = "application/vnd.apple.mpegurl"
_URI = re.compile(r'(URI=")([^"?]*)(")')


@dataclass(frozen=True, slots=True)
class Entry:
    """One film of a list. `credit` is who plays what, as players show it."""

    url: str
    credit: str
    seconds: float | None = None
    album: str | None = None


def with_tickets(playlist: str, ticket: str) -> str:
    """A playlist of HLS whose addresses can be opened by who holds the ticket."""
    return "".join(f"{_opened(line, ticket)}\n" for line in playlist.splitlines())


def m3u(name: str, entries: Iterable[Entry]) -> str:
    """A list as VLC, Kodi and others read it."""
    lines = ["#EXTM3U", f"#PLAYLIST:{plain(name)}"]
    for entry in entries:
        length = -1 if entry.seconds is None else round(entry.seconds)
        lines.append(f"#EXTINF:{length},{plain(entry.credit)}")
        lines += [f"#EXTALB:{plain(entry.album)}"] if entry.album else []
        lines.append(entry.url)
    return "\n".join(lines) + "\n"


def credit(artist: str | None, title: str) -> str:
    """Who plays what."""
    return f"{artist} – {title}" if artist else title


def tuner(id: str, name: str, stream: str, guide: str) -> str:
    """A list of one channel with its guide, as Kodi, Jellyfin, Plex and others read it."""
    shown = plain(name)
    quoted = shown.replace('"', "'")
    return (
        f'#EXTM3U url-tvg="{guide}" x-tvg-url="{guide}"\n'
        f'#EXTINF:-1 tvg-id="{id}" tvg-name="{quoted}" group-title="Music",{shown}\n'
        f"{stream}\n"
    )


def plain(text: str) -> str:
    """On one line, and without what no player shows."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _opened(line: str, ticket: str) -> str:
    if line.startswith("#"):
        return _URI.sub(rf"\1\2?ticket={ticket}\3", line)
    return f"{line}?ticket={ticket}" if line.strip() else line
