"""Names of files and folders that every file system takes and every media server shows. Pure.

A template such as "{Artist Name}/{Artist Name} - {Video Title}" becomes a path below `library/`.
Tokens are those of the *arr programs; the case of a token sets the case of its value, and what
stands beside the name inside the braces ("{ - Album Title}") appears only with a value.
"""

import re
from collections.abc import Mapping
from unicodedata import category, combining, normalize

from mvidarr_common.errors import Invalid
from mvidarr_common.messages.jobs import Place
from mvidarr_common.messages.media import MediaFacts

DEFAULT_TEMPLATE = "{Artist Name}/{Artist Name} - {Video Title}"
UNKNOWN_ARTIST = "Unknown Artist"

LONGEST_PART = 255
"""Bytes of one part of a path, on every file system in use."""

LONGEST_STEM = LONGEST_PART - len(" (999) - transcode 2160p.trickplay")
"""What is left for a name before the numbers, labels and extensions that may follow it."""

_TOKEN = re.compile(r"\{([^A-Za-z{}]*)([A-Za-z][A-Za-z0-9 ]*[A-Za-z0-9])([^A-Za-z0-9{}]*)\}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|$)", re.I)
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Signs that steer the writing direction or show nothing: two names must not look like one."""
_JOINERS = "\u200d\ufe0e\ufe0f"

_HIDDEN_FOLDERS = frozenset({
    "extras", "extra", "other", "clips", "shorts", "scenes", "samples", "interviews", "trailers",
    "featurettes", "behind the scenes", "deleted scenes", "theme-music", "backdrops", "metadata",
    "extrafanart", "extrathumbs", "ps3_update", "ps3_vprm", "lost+found", "temprec", "tempsbe",
    "eadir", "@eadir", "#recycle", "@recycle", "$recycle.bin", "system volume information",
})  # fmt: skip
"""Folders that media servers read as something else than an artist."""

_EXTRA_ENDING = re.compile(
    r"([-._]|- )(trailer|sample)\d*$|"
    r"-(interview|behindthescenes|clip|short|scene|deleted|deletedscene|featurette|extra|other)"
    r"\d*$|^(trailer|sample|theme)$",
    re.I,
)
"""Endings that make Jellyfin take a file for an extra and not list it."""


def path_for(template: str, spec: Place) -> tuple[str, ...]:
    """The folders and the stem of a video's files, without extension, below `library/`."""
    values = _values(spec)
    *folders, stem = (_rendered(part, values) for part in template.split("/"))
    return (*(_folder(name) for name in folders), _stem(stem))


def checked(template: str) -> str:
    """The template; raises Invalid if it names nothing, climbs out, or has unknown tokens."""
    parts = template.split("/")
    if any(part.strip() in ("", ".", "..") for part in parts) or "\\" in template:
        raise Invalid("bad_template", f"The template {template!r} leaves the library.")
    known = {name.lower() for name in TOKENS}
    for match in _TOKEN.finditer(template):
        if match[2].lower() not in known:
            raise Invalid("bad_template", f"No token is called {{{match[2]}}}.")
    if "{" in _TOKEN.sub("", template) or "}" in _TOKEN.sub("", template):
        raise Invalid("bad_template", f"The braces of {template!r} do not match.")
    if not re.search(r"(?i)video (clean)?title\W*\}|(youtube) id\W*\}", parts[-1]):
        raise Invalid("bad_template", "The file's name must hold {Video Title} or {YouTube Id}.")
    return template


def safe(text: str) -> str:
    """One part of a path that no file system refuses."""
    text = plain(text)
    return f"_{text}" if _RESERVED.match(text) else text


def plain(text: str) -> str:
    """NFC, single spaces, no forbidden or invisible signs; letters of all scripts stay."""
    text = normalize("NFC", _INVISIBLE.sub("", text))
    text = "".join(" " if category(char) in ("Zl", "Zp", "Zs") else char for char in text)
    text = "".join(char for char in text if category(char) not in ("Cc", "Cs"))
    text = " ".join(_FORBIDDEN.sub("", text).split())
    return text.strip(". ")


def shortened(text: str, longest: int = LONGEST_STEM) -> str:
    """Cut to so many bytes of UTF-8, never within a character or before its accents."""
    encoded = text.encode()
    if len(encoded) <= longest:
        return text
    end = len(encoded[:longest].decode(errors="ignore"))
    while end and (combining(text[end]) or text[end] in _JOINERS or text[end - 1] in _JOINERS):
        end -= 1
    return text[:end].rstrip(". ")


def folded(name: str) -> str:
    """A name as case-insensitive file systems compare it."""
    return normalize("NFC", normalize("NFD", name).casefold())


def _folder(name: str) -> str:
    name = safe(shortened(safe(name))) or UNKNOWN_ARTIST
    return f"{name} (Artist)" if name.lower() in _HIDDEN_FOLDERS else name


def _stem(name: str) -> str:
    name = safe(shortened(safe(name), LONGEST_STEM - len(" (Video)"))) or "Unknown Title"
    return f"{name} (Video)" if _EXTRA_ENDING.search(name) else name


def _rendered(part: str, values: Mapping[str, str]) -> str:
    """A part with its tokens filled in; the longest value gives way where all is too long."""
    used = {match[2].lower() for match in _TOKEN.finditer(part)}
    kept = {name: values[name] for name in used}
    while len((text := _filled(part, kept)).encode()) > LONGEST_STEM - 16:
        longest = max(kept, key=lambda name: len(kept[name].encode()), default="")
        if not longest or len(kept[longest].encode()) <= 16:
            break  # the template's own letters are too many; they are cut at the end
        kept[longest] = shortened(kept[longest], len(kept[longest].encode()) * 9 // 10)
    return text


def _filled(part: str, values: Mapping[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        before, name, after = match.groups()
        value = values[name.lower()]
        return f"{before}{_cased(value, name)}{after}" if value else ""

    return _TOKEN.sub(fill, part)


def _cased(value: str, token: str) -> str:
    if token.isupper():
        return value.upper()
    return value.lower() if token.islower() else value


def _values(spec: Place) -> dict[str, str]:
    facts = spec.files[0].facts
    return {name.lower(): plain(text) for name, text in _told(spec, facts).items()}


def _told(spec: Place, facts: MediaFacts) -> dict[str, str]:
    about = spec.about
    artist = plain(about.artist or "") or UNKNOWN_ARTIST
    title = plain(about.title or "") or plain(spec.source_id) or "Unknown Title"
    picture = facts.picture
    return {
        "Artist Name": artist,
        "Artist CleanName": _clean(artist),
        "Artist NameThe": re.sub(r"(?i)^(the|a|an) (.+)$", r"\2, \1", artist),
        "Artist FirstCharacter": _initial(artist),
        "Video Title": title,
        "Video CleanTitle": _clean(title),
        "Album Title": about.album or "",
        "Release Year": str(about.released.year) if about.released else "",
        "Release Date": about.released.isoformat() if about.released else "",
        "Quality Full": facts.quality,
        "Quality Title": facts.quality,
        "MediaInfo VideoCodec": picture.codec if picture else "",
        "MediaInfo AudioCodec": facts.audio[0].codec if facts.audio else "",
        "MediaInfo AudioChannels": str(facts.audio[0].channels) if facts.audio else "",
        "YouTube Id": spec.source_id if spec.source.lower() == "youtube" else "",
    }


TOKENS = (
    "Artist Name", "Artist CleanName", "Artist NameThe", "Artist FirstCharacter", "Video Title",
    "Video CleanTitle", "Album Title", "Release Year", "Release Date", "Quality Full",
    "Quality Title", "MediaInfo VideoCodec", "MediaInfo AudioCodec", "MediaInfo AudioChannels",
    "YouTube Id",
)  # fmt: skip
"""What a template may hold."""


def _clean(text: str) -> str:
    """Without accents and signs: what people type."""
    plain = "".join(char for char in normalize("NFKD", text) if not combining(char))
    return " ".join(re.sub(r"[^\w\s]", "", plain.replace("&", " and ")).split()) or text


def _initial(artist: str) -> str:
    first = _clean(re.sub(r"(?i)^(the|a|an) (?=.)", "", artist))[0].upper()
    return first if first.isalpha() else "#"
