"""Playlists: those of streams with tickets in their addresses, and lists of films for players."""

import hashlib
import re
from collections.abc import Iterable, Sequence
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
    lines = ["#EXTM3U", f"#PLAYLIST:{_plain(name)}"]
    for entry in entries:
        length = -1 if entry.seconds is None else round(entry.seconds)
        lines.append(f"#EXTINF:{length},{_plain(entry.credit)}")
        lines += [f"#EXTALB:{_plain(entry.album)}"] if entry.album else []
        lines.append(entry.url)
    return "\n".join(lines) + "\n"


def credit(artist: str | None, title: str) -> str:
    """Who plays what."""
    return f"{artist} – {title}" if artist else title


def programme(ids: Sequence[str], seed: str | None, start: int, count: int) -> list[str]:
    """What a channel without end shows from its entry `start` on: all, and then all again. With a
    seed each round is shuffled anew, and the same for everybody who has the same seed."""
    if not ids:
        return []
    shown: list[str] = []
    for round_ in range(start // len(ids), (start + count - 1) // len(ids) + 1):
        shown += ids if seed is None else sorted(ids, key=lambda id: _dice(seed, round_, id))
    skipped = start % len(ids)
    return shown[skipped : skipped + count]


def _dice(seed: str, round_: int, id: str) -> bytes:
    return hashlib.blake2b(f"{seed}\n{round_}\n{id}".encode(), digest_size=16).digest()


def _opened(line: str, ticket: str) -> str:
    if line.startswith("#"):
        return _URI.sub(rf"\1\2?ticket={ticket}\3", line)
    return f"{line}?ticket={ticket}" if line.strip() else line


def _plain(text: str) -> str:
    """On one line, and without what no player shows."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
