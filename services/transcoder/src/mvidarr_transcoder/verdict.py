"""The verdict on an examined file: whole, or refused with a code and a sentence. Pure."""

from mvidarr_common.errors import JobError
from mvidarr_common.messages.jobs import Finding, Verified, Verify
from mvidarr_common.messages.media import MediaFacts

from .doubts import doubts
from .media import Examination, StreamSpan

END_SECONDS, END_SHARE = 1.0, 0.01
"""How far before the promised end a stream may stop: frames last, and headers are rounded."""

EXPECTED_SECONDS, EXPECTED_SHARE = 3.0, 0.03
"""How far the length may be from the one the page gave: pages round, and trim."""

APART_SECONDS, APART_SHARE = 3.0, 0.05
"""How far picture and sound may end from each other."""

LOST_FRAMES, LOST_SHARE = 3, 0.02
"""Packets that gave no frame and no error; a few are normal at both ends of a stream."""


def verdict(spec: Verify, found: Examination) -> Verified:
    """Raises JobError with the first reason found; a report tells it as its verdict instead. No
    number of good marks outvotes a reason."""
    try:
        facts = _proved(spec, found)
    except JobError as error:
        if not spec.report:
            raise
        return _damaged(found, error)
    findings = doubts(spec, found)
    return Verified(
        facts=facts,
        frames=sum(span.frames for span in found.spans),
        sha256=found.sha256,
        verdict="suspicious" if findings else "whole",
        findings=findings,
    )


def _proved(spec: Verify, found: Examination) -> MediaFacts:
    facts = _readable(found)
    _has_what_a_video_needs(spec, facts)
    _decoded_cleanly(found)
    _reaches_its_end(facts, found.spans)
    _is_as_long_as_it_should(spec, facts, found.spans)
    return facts


def _damaged(found: Examination, error: JobError) -> Verified:
    at = found.broken_at if found.broken is not None else None
    nothing = MediaFacts(container="unknown", duration=None, size=found.outline.size)
    return Verified(
        facts=found.facts or nothing,
        frames=sum(span.frames for span in found.spans),
        sha256=found.sha256,
        verdict="damaged",
        findings=(Finding(code=error.code, message=error.message, at=at),),
    )


def _readable(found: Examination) -> MediaFacts:
    outline = found.outline
    if outline.size == 0:
        raise JobError("damaged_empty", "The file is empty.")
    if outline.unindexed:
        raise JobError("damaged_truncated", "The file was cut off: its index is missing.")
    if outline.cut:
        raise JobError(
            "damaged_truncated",
            f"The file was cut off: {outline.size} of {outline.promised} bytes are there.",
        )
    if found.facts is None:
        raise JobError("damaged_corrupt", "This is no media file.", detail=found.broken)
    return found.facts


def _has_what_a_video_needs(spec: Verify, facts: MediaFacts) -> None:
    if facts.picture is None:
        raise JobError("no_video", "The file has no picture.")
    if spec.audio_required and not facts.audio:
        raise JobError("no_audio", "The file has no sound.")


def _decoded_cleanly(found: Examination) -> None:
    if found.broken is not None:
        code = "damaged_truncated" if found.last else "damaged_corrupt"
        what = "cut off" if found.last else "damaged"
        sentence = f"The file is {what} at {_clock(found.broken_at)}."
        raise JobError(code, sentence, detail=found.broken)
    for span in found.spans:
        if span.frames == 0:
            raise JobError("damaged_empty", f"The {span.kind} stream holds nothing.")
        lost = span.packets - span.frames
        if not span.interlaced and lost > max(LOST_FRAMES, span.packets * LOST_SHARE):
            raise JobError(
                "damaged_corrupt", f"{lost} of {span.packets} {span.kind} frames are missing."
            )


def _reaches_its_end(facts: MediaFacts, spans: list[StreamSpan]) -> None:
    for span in spans:
        if span.promised is not None and (span.end or 0.0) < _least(span.promised):
            raise JobError(
                "damaged_truncated",
                f"The {span.kind} ends at {_clock(span.end)} of {_clock(span.promised)}.",
            )
    end = _end(spans)
    if facts.duration is not None and end < _least(facts.duration):
        raise JobError(
            "damaged_truncated", f"The file ends at {_clock(end)} of {_clock(facts.duration)}."
        )


def _is_as_long_as_it_should(spec: Verify, facts: MediaFacts, spans: list[StreamSpan]) -> None:
    length = _end(spans) - min(span.start or 0.0 for span in spans)
    if facts.duration is not None and _off(length, facts.duration, EXPECTED_SECONDS, END_SHARE):
        raise JobError(
            "wrong_length",
            f"The file says {_clock(facts.duration)} but lasts {_clock(length)}.",
        )
    expected = spec.expected_duration
    if expected is not None and _off(length, expected, EXPECTED_SECONDS, EXPECTED_SHARE):
        raise JobError(
            "wrong_length", f"The video lasts {_clock(length)} and not {_clock(expected)}."
        )
    for span in spans:
        if _off(span.end or 0.0, _end(spans), APART_SECONDS, APART_SHARE):
            raise JobError(
                "wrong_length",
                f"The {span.kind} ends at {_clock(span.end)}, the rest at {_clock(_end(spans))}.",
            )


def _end(spans: list[StreamSpan]) -> float:
    return max(span.end or 0.0 for span in spans)


def _least(promised: float) -> float:
    return promised - max(END_SECONDS, promised * END_SHARE)


def _off(measured: float, wanted: float, seconds: float, share: float) -> bool:
    return abs(measured - wanted) > max(seconds, wanted * share)


def _clock(seconds: float | None) -> str:
    """Seconds as people read them: "3:07.2"."""
    minutes, rest = divmod(round(seconds or 0.0, 1), 60)
    return f"{int(minutes)}:{rest:04.1f} min" if minutes else f"{rest:.1f} s"
