"""Conditions of steps: filters over the facts of a film and over what was found before. Pure.

The grammar is that of every filter (docs/filters.md). A fact that is not known is unequal to
everything, and neither less nor greater.
"""

from collections.abc import Mapping
from math import isfinite

from mvidarr_common import filtering
from mvidarr_common.filtering import Comparison, Filter, Given, bad_filter
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream

Fact = str | float | bool | None
Facts = Mapping[str, Fact]

_TEXTS = frozenset({
    "container", "quality", "videoCodec", "pixelFormat", "hdr", "audioCodec", "recipe", "verdict",
    "match",
})  # fmt: skip
_NUMBERS = frozenset({
    "duration", "size", "bitrate", "width", "height", "fps", "bitDepth", "channels", "sampleRate",
    "chapters", "subtitles", "score",
})  # fmt: skip
_TRUTHS = frozenset({"interlaced", "variableRate", "intact", "hasTranscode"})
KNOWN = _TEXTS | _NUMBERS | _TRUTHS
"""What a condition may speak of."""


def condition(text: str) -> Filter:
    """The tree of a condition; raises Invalid("bad_filter") when it compares what cannot be."""
    found = filtering.parse(text, KNOWN)
    for comparison in _comparisons(found):
        _require_sense(comparison)
    return found


def holds(text: str | None, facts: Facts) -> bool:
    """Whether the condition holds of these facts; without one it does."""
    return text is None or _holds(condition(text), facts)


def facts_of_film(film: MediaFacts | None) -> dict[str, Fact]:
    """A film's facts under their names in conditions."""
    if film is None:
        return {}
    return {
        "container": film.container,
        "duration": film.duration,
        "size": film.size,
        "bitrate": film.bitrate,
        "quality": film.quality,
        "chapters": film.chapters,
        "subtitles": len(film.subtitles),
        **(_of_picture(film.picture) if film.picture else {}),
        **(_of_sound(film.audio[0]) if film.audio else {}),
    }


def _of_picture(picture: VideoStream) -> dict[str, Fact]:
    return {
        "width": picture.width,
        "height": picture.height,
        "fps": picture.fps,
        "videoCodec": picture.codec,
        "pixelFormat": picture.pixel_format,
        "bitDepth": picture.bit_depth,
        "hdr": picture.hdr,
        "interlaced": picture.interlaced,
        "variableRate": picture.variable_rate,
    }


def _of_sound(sound: AudioStream) -> dict[str, Fact]:
    return {
        "audioCodec": sound.codec,
        "channels": sound.channels,
        "sampleRate": sound.sample_rate,
    }


def _holds(found: Filter, facts: Facts) -> bool:
    match found:
        case filtering.All(parts):
            return all(_holds(part, facts) for part in parts)
        case filtering.Any(parts):
            return any(_holds(part, facts) for part in parts)
        case filtering.No(part):
            return not _holds(part, facts)
        case Comparison():
            return _compare(found, facts.get(found.field))
    raise AssertionError(found)


def _compare(found: Comparison, fact: Fact) -> bool:
    first = found.values[0]
    if found.op == "!=":
        return not _compare(Comparison(found.field, "=", found.values), fact)
    if first.is_null or fact is None:
        return first.is_null and fact is None
    if found.op == "~":
        return first.text.lower() in str(fact).lower()
    values = [_value(found.field, given) for given in found.values]
    if found.op in ("=", "in"):
        return fact in values
    return _ordered(found.op, float(fact), float(values[0] or 0))


def _ordered(op: str, fact: float, value: float) -> bool:
    less, same = fact < value, fact == value
    return {"<": less, "<=": less or same, ">": not less and not same, ">=": not less}[op]


def _value(field: str, given: Given) -> Fact:
    """Raises ValueError for what is none of the field's kind."""
    if given.is_null or field in _TEXTS:
        return None if given.is_null else given.text
    if field in _NUMBERS:
        return _finite(given.text)
    return {"true": True, "false": False}[given.text.lower()]


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _require_sense(found: Comparison) -> None:
    if found.field not in KNOWN:
        raise bad_filter(f"there is no fact {found.field!r}.", found.at, KNOWN)
    if found.op in ("<", "<=", ">", ">=") and found.field not in _NUMBERS:
        raise bad_filter(f"{found.field} is no number.", found.at, KNOWN)
    if found.op == "~" and found.field not in _TEXTS:
        raise bad_filter(f"{found.field} is no text.", found.at, KNOWN)
    for given in found.values:
        try:
            _value(found.field, given)
        except (ValueError, KeyError):
            sentence = f"{found.field} cannot be {given.text!r}."
            raise bad_filter(sentence, found.at, KNOWN) from None


def _comparisons(found: Filter) -> list[Comparison]:
    match found:
        case filtering.All(parts) | filtering.Any(parts):
            return [each for part in parts for each in _comparisons(part)]
        case filtering.No(part):
            return _comparisons(part)
        case Comparison():
            return [found]
    raise AssertionError(found)
