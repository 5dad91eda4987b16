"""Doubts about a film that is whole: what a person would look at before keeping it. Pure."""

from collections.abc import Iterator

from mvidarr_common.messages.jobs import Finding, Verify

from .media import Examination, StreamSpan

APART_SECONDS = 1.0
"""How far picture and sound may end from each other without a word."""


def doubts(spec: Verify, found: Examination) -> tuple[Finding, ...]:
    """None of these refuses a file; each makes it suspicious."""
    return tuple(
        [doubt for span in found.spans for doubt in _of_stream(spec, span)]
        + list(_apart(found.spans))
    )


def _of_stream(spec: Verify, span: StreamSpan) -> Iterator[Finding]:
    watched = span.watched
    for code, share, most in (
        ("silent_audio", watched.share(watched.silent), spec.most_silent),
        ("black_video", watched.share(watched.black), spec.most_black),
        ("frozen_video", watched.share(watched.still), spec.most_frozen),
    ):
        if share is not None and share > most:
            yield Finding(code=code, message=f"{_WORDS[code]} for {share:.0%} of the time.")
    for at in watched.jumps:
        yield Finding(code="time_jumps", message=f"The {span.kind} jumps at {at:.1f} s.", at=at)


def _apart(spans: list[StreamSpan]) -> Iterator[Finding]:
    ends = {span.kind: span.end for span in spans if span.end is not None}
    if len(ends) < 2:
        return
    apart = abs(ends["video"] - ends["audio"])
    if apart > APART_SECONDS:
        message = f"Picture and sound end {apart:.1f} s apart."
        yield Finding(code="lengths_differ", message=message, at=min(ends.values()))


_WORDS = {
    "silent_audio": "The sound is silent",
    "black_video": "The picture is black",
    "frozen_video": "The picture stands still",
}
