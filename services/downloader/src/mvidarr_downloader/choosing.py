"""Chooses among a page's formats as a profile wants, and says why in sentences.

What fits the size comes before what does not; then the profile's ranks, best first; then, within a
rank, each preference keeps what meets it, as long as something does. yt-dlp picks from the rest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from mvidarr_common.messages.pages import Choice
from mvidarr_common.messages.profiles import QualityProfile

from .formats import SELECT, Format, codec_of, facts_of, is_hdr, only_sound, rank_of, size_of

Select = Callable[[dict[str, Any]], Any]
"""Yields what is chosen of a context's formats."""

_SOUND = {"mp4": ("m4a", "mp4"), "webm": ("webm", "opus", "ogg"), "mkv": ()}
"""The containers of sound that go with those of the picture; any goes into mkv."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Formats to select from, in yt-dlp's order, and why it is these."""

    formats: list[Format]
    reasons: tuple[str, ...]


Wish = tuple[Callable[[Format], bool], str]
"""What a format should meet, and the sentence that says so."""


def selector(build: Callable[[str], Select]) -> Select:
    """That of `SELECT`, made by yt-dlp when it is first needed."""
    made = cache(build)
    return lambda context: made(SELECT)(context)


class Chooser:
    """yt-dlp's format selector of one fetch; remembers what it chose, and why."""

    def __init__(self, profile: QualityProfile, max_bytes: int, select: Select) -> None:
        self.choice: Choice | None = None
        self._profile = profile
        self._max_bytes = max_bytes
        self._select = select

    def __call__(self, context: dict[str, Any]) -> list[dict[str, Any]]:
        """The formats to take: one, or picture and sound put together; none if none will do."""
        offered = context["formats"]
        for shortlist in shortlists(offered, self._profile, self._max_bytes):
            if chosen := self._chosen(context, shortlist):
                taken = chosen[0].get("requested_formats") or chosen
                facts = tuple(facts_of(each) for each in taken)
                self.choice = Choice(formats=facts, offered=len(offered), reasons=shortlist.reasons)
                return chosen
        return []

    def _chosen(self, context: dict[str, Any], shortlist: Shortlist) -> list[dict[str, Any]]:
        """Of one there is nothing to choose, and yt-dlp would take its time for it."""
        if len(context["formats"]) == len(shortlist.formats) == 1:
            return list(context["formats"])
        return list(self._select({**context, "formats": shortlist.formats}))


def shortlists(
    formats: Sequence[Format], profile: QualityProfile, max_bytes: int
) -> Iterator[Shortlist]:
    """What to select from, the best first. Formats of unknown height come last."""
    told = _in_language(formats, profile.language)
    spoken, why_spoken = told.formats, told.reasons
    fitting = [format for format in spoken if (size_of(format) or 0) <= max_bytes]
    aside = len(spoken) - len(fitting)
    fits = (f"{aside} of {len(spoken)} are larger than {max_bytes} bytes.",) if aside else ()
    breaks = (f"None that the profile allows is within {max_bytes} bytes.",)
    for within, why in ((fitting, fits), (spoken, breaks)):
        for found in _by_rank(within, profile):
            yield Shortlist(found.formats, (*why_spoken, *why, *found.reasons))


def _by_rank(formats: list[Format], profile: QualityProfile) -> Iterator[Shortlist]:
    sounds = [format for format in formats if only_sound(format)]
    ranks = [(rank_of(format, profile), format) for format in formats if format not in sounds]
    for rank in range(len(profile.items), -1, -1):
        films = [format for at, format in ranks if at == rank]
        if not films:
            continue
        kept = _wished(films, _wishes(profile))
        beside = _beside(sounds, profile.containers)
        reasons = (_of_rank(rank, profile), *kept.reasons)
        yield Shortlist(_in_order(formats, kept.formats, beside), reasons)


def _of_rank(rank: int, profile: QualityProfile) -> str:
    if rank == 0:
        return "The page does not tell the size of the picture."
    names = " or ".join(profile.items[rank - 1].qualities)
    better = [q for item in profile.items[rank:] if item.allowed for q in item.qualities]
    absent = f"; there is no {' or '.join(better)}" if better else ""
    return f"{names} is the best that the profile allows and the page has{absent}."


def _wishes(profile: QualityProfile) -> Iterator[Sequence[Wish]]:
    """In the order in which they count; of each, the first that any format meets."""
    most = profile.max_fps
    if most is not None:
        yield ((lambda f: (f.get("fps") or 0) <= most, f"At most {most:g} frames a second."),)
    if profile.hdr != "any":
        want, range_ = profile.hdr == "prefer", "High" if profile.hdr == "prefer" else "Standard"
        yield ((lambda f: is_hdr(f) == want, f"{range_} dynamic range is preferred."),)
    yield tuple(map(_in_codec, profile.codecs))
    yield tuple(map(_in_container, profile.containers))


def _in_codec(codec: str) -> Wish:
    return (lambda f: codec_of(f) == codec), f"Of these codecs {codec} is preferred."


def _in_container(container: str) -> Wish:
    return (lambda f: f.get("ext") == container), f"Of these containers {container} is preferred."


def _wished(films: list[Format], wishes: Iterator[Sequence[Wish]]) -> Shortlist:
    """What is left after every wish that can be met, with the reasons where it mattered."""
    reasons = []
    for alternatives in wishes:
        for meets, reason in alternatives:
            if kept := [film for film in films if meets(film)]:
                reasons += [reason] if len(kept) < len(films) else []
                films = kept
                break
    return Shortlist(films, tuple(reasons))


def _beside(sounds: list[Format], containers: Sequence[str]) -> list[Format]:
    """Sound that goes into the preferred container, where there is some."""
    for container in containers:
        fitting = [sound for sound in sounds if sound.get("ext") in _SOUND[container]]
        if fitting:
            return fitting
    return sounds


def _in_language(formats: Sequence[Format], language: str) -> Shortlist:
    """Without sound of other or unknown languages, as long as there is some of the wanted one."""
    if language == "any":
        return Shortlist(list(formats), ())
    if not any(_speaks(format, language) for format in formats):
        told = any(format.get("language") for format in formats)
        why = f"There is no sound in {language!r}." if told else ""
        return Shortlist(list(formats), (why,) if why else ())
    kept = [f for f in formats if f.get("acodec") == "none" or _speaks(f, language)]
    return Shortlist(kept, (f"Sound in {language!r} is wanted.",))


def _speaks(format: Format, language: str) -> bool:
    return str(format.get("language") or "").partition("-")[0] == language.partition("-")[0]


def _in_order(all_: list[Format], *parts: list[Format]) -> list[Format]:
    """Formats keep yt-dlp's order, worst to best: it selects by position."""
    chosen = {id(format) for part in parts for format in part}
    return [format for format in all_ if id(format) in chosen]
