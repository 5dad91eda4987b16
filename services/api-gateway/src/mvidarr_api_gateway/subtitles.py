"""Subtitles as browsers take them: WebVTT, made of the SubRip, ASS or WebVTT beside a film."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 4 * 2**20
_SUFFIXES = (".vtt", ".srt", ".ass", ".ssa")
_NAME = re.compile(r"[\w-]{1,40}(\.[\w-]{1,40}){0,2}")
_SRT_TIME = re.compile(
    r"^(\d{1,2}(?::\d\d){2})[,.](\d{3}) *--> *(\d{1,2}(?::\d\d){2})[,.](\d{3})", re.M
)
_COUNTER = re.compile(r"^\d+\n(?=[\d:,.]+ *-->)", re.M)
_ASS_TIME = re.compile(r"(\d{1,2}):(\d\d):(\d\d)\.(\d\d)")
_ASS_STYLE = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Subtitles:
    """One file. Its name is what stands between the film's and the suffix: "en", "en.forced"."""

    name: str
    path: Path


def subtitles_beside(film: Path) -> list[Subtitles]:
    """All of a film, by name; of several forms of the same the one that needs least change."""
    found: dict[str, Subtitles] = {}
    for path in sorted(_candidates(film), key=lambda each: _SUFFIXES.index(each.suffix.lower())):
        name = path.stem[len(film.stem) + 1 :] or "und"
        if _NAME.fullmatch(name):
            found.setdefault(name, Subtitles(name, path))
    return [found[name] for name in sorted(found)]


def webvtt(path: Path) -> str:
    """A file of subtitles as WebVTT; raises ValueError for what is too large to be one."""
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{path.name} is too large for subtitles")
    return _converted(_text(content), path.suffix.lower())


def _candidates(film: Path) -> Iterator[Path]:
    for path in film.parent.iterdir():
        own = path.stem == film.stem or path.name.startswith(f"{film.stem}.")
        if own and path.suffix.lower() in _SUFFIXES and path.is_file() and not path.is_symlink():
            yield path


def _text(content: bytes) -> str:
    """Old files are in the code page of Western Europe; NUL is in none."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _converted(text: str, suffix: str) -> str:
    if suffix == ".vtt":
        return text if text.startswith("WEBVTT") else f"WEBVTT\n\n{text}"
    if suffix == ".srt":
        return "WEBVTT\n\n" + _SRT_TIME.sub(_srt_time, _COUNTER.sub("", text)).strip() + "\n"
    return "WEBVTT\n\n" + "\n".join(sorted(_ass_cues(text)))


def _srt_time(found: re.Match[str]) -> str:
    start, end = found[1].zfill(8), found[3].zfill(8)
    return f"{start}.{found[2]} --> {end}.{found[4]}"


def _ass_cues(text: str) -> Iterator[str]:
    """Of each line of speech its time and its words; its style stays behind."""
    order: list[str] = []
    events = text.partition("[Events]")[2]
    for line in events.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "Format":
            order = [each.strip().lower() for each in rest.split(",")]
        elif kind == "Dialogue" and {"start", "end", "text"} <= set(order):
            told = dict(zip(order, rest.strip().split(",", len(order) - 1), strict=False))
            yield from _ass_cue(told)


def _ass_cue(told: dict[str, str]) -> Iterator[str]:
    times = [_ASS_TIME.fullmatch(told.get(name, "").strip()) for name in ("start", "end")]
    words = _ASS_STYLE.sub("", told.get("text", "")).replace("\\N", "\n").replace("\\n", "\n")
    shown = "\n".join(line for line in words.replace("\\h", " ").splitlines() if line.strip())
    if all(times) and shown:
        start, end = (f"{int(t[1]):02}:{t[2]}:{t[3]}.{t[4]}0" for t in times if t)
        yield f"{start} --> {end}\n{shown.replace('-->', '→')}\n"
