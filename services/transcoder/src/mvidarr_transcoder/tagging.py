"""What a film says of itself in its own container, since not every media server reads a `.nfo`: the
tags, and the FFmpeg command line that writes them without encoding anything. Pure."""

from collections.abc import Mapping
from pathlib import Path

from mvidarr_common.messages.jobs import Place
from mvidarr_common.messages.media import MediaFacts

from .encodings import FASTSTART
from .recipes import opening

MUXERS = {"mp4": "mp4", "mov": "mov", "matroska": "matroska", "webm": "webm"}
"""Containers that hold tags which media servers read."""


def tags_of(spec: Place) -> Mapping[str, str]:
    """What is known; a tag of which nothing is known stays as it is in the file."""
    about = spec.about
    known = {
        "title": about.title,
        "artist": about.artist,
        "album": about.album,
        "genre": "; ".join(about.genres or ()),
        "date": about.released.isoformat() if about.released else None,
    }
    return {name: text.replace("\0", "") for name, text in known.items() if text}


def says(facts: MediaFacts, tags: Mapping[str, str]) -> bool:
    """Whether a film has these tags already."""
    return all(facts.tags.get(name) == text for name, text in tags.items())


def tagged(
    ffmpeg: str, muxer: str, tags: Mapping[str, str], source: Path, target: Path
) -> list[str]:
    """All streams as they are, with what only some players know (Dolby Vision, 360 degrees)."""
    words = [part for name, text in tags.items() for part in ("-metadata", f"{name}={text}")]
    return [
        *opening(ffmpeg, source), "-map", "0:v?", "-map", "0:a?", "-map", "0:s?", "-map", "0:t?",
        "-c", "copy", "-strict", "unofficial", "-map_metadata", "0", "-map_chapters", "0", *words,
        *(FASTSTART if muxer in ("mp4", "mov") else ()), "-f", muxer, f"file:{target}",
    ]  # fmt: skip
