"""What a quality profile thinks of a file that is there. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mvidarr_common.messages.library import Rendition
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.messages.queries import Outcome


@dataclass(frozen=True, slots=True)
class Offer:
    """What is known from history of what a page has: the profile with which it was fetched, and
    the qualities that somebody has seen there, if anybody has looked."""

    then: QualityProfile | None = None
    seen: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What would become of it, and why."""

    outcome: Outcome
    reason: str


def opinions(
    renditions: Sequence[Rendition], profile: QualityProfile, offer: Offer
) -> list[Opinion]:
    """About the film as it was fetched, and the renditions that were made of it."""
    film = next((each for each in renditions if each.role == "original"), renditions[0])
    found = [*_refusals(film, profile), *_upgrade(film, profile, offer)]
    made = any(each.role == "transcode" for each in renditions)
    if profile.transcode and not made:
        found.append(Opinion("transcoded", f"The profile asks for {profile.transcode}."))
    return found


def rank(quality: str, profile: QualityProfile) -> int:
    """The place of a quality in the profile; higher is better, -1 is not allowed."""
    ranks = [n for n, item in enumerate(profile.items) if item.allowed]
    return max((n for n in ranks if quality in profile.items[n].qualities), default=-1)


def _refusals(film: Rendition, profile: QualityProfile) -> Iterable[Opinion]:
    quality, size = film.facts.quality, film.facts.size
    if quality not in profile.allowed:
        yield Opinion("refused", f"The profile does not allow {quality}.")
    if profile.max_bytes is not None and size > profile.max_bytes:
        yield Opinion("refused", f"It has {size} bytes, more than {profile.max_bytes}.")


def _upgrade(film: Rendition, profile: QualityProfile, offer: Offer) -> Iterable[Opinion]:
    """Below the cutoff something better is looked for, unless history knows that there is none."""
    quality = film.facts.quality
    here = rank(quality, profile)
    if here >= _cutoff(profile):
        return
    below = f"{quality} is below the cutoff {profile.cutoff}"
    if not profile.upgrade_allowed:
        yield Opinion("kept", f"{below}, but the profile allows no upgrades.")
        return
    better = [each for each in profile.allowed if rank(each, profile) > here]
    if offer.seen is not None:
        there = [each for each in better if each in offer.seen]
        yield _seen(below, there)
        return
    untried = [each for each in better if offer.then is None or each not in offer.then.allowed]
    if untried:
        yield Opinion("upgraded", f"{below}; {_or(untried)} was not asked for so far.")
    else:
        yield Opinion("kept", f"{below}, but the page had nothing better when it was fetched.")


def _seen(below: str, there: Sequence[str]) -> Opinion:
    if there:
        return Opinion("upgraded", f"{below}, and the page offers {_or(there)}.")
    return Opinion("kept", f"{below}, but the page offers nothing better.")


def _cutoff(profile: QualityProfile) -> int:
    """The place from which on a quality is good enough."""
    names = [(item.name, *item.qualities) for item in profile.items]
    return min(n for n, each in enumerate(names) if profile.cutoff in each)


def _or(names: Sequence[str]) -> str:
    return " or ".join(names)
