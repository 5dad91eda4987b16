"""What was measured of a file decides, in this order, why it is refused."""

from typing import Any

import pytest

from mvidarr_common.errors import JobError
from mvidarr_common.messages.jobs import Verify
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream
from mvidarr_transcoder.media import Examination, Outline, StreamSpan
from mvidarr_transcoder.verdict import verdict

FILM = VideoStream(codec="h264", width=1920, height=1080)
SOUND = AudioStream(codec="aac", channels=2, sample_rate=48000)


def facts(**changes: Any) -> MediaFacts:
    whole: dict[str, Any] = {"duration": 200.0, "video": (FILM,), "audio": (SOUND,)}
    return MediaFacts(container="mp4", size=1000, **(whole | changes))


def span(kind: str = "video", **changes: Any) -> StreamSpan:
    whole: dict[str, Any] = {
        "promised": 200.0,
        "packets": 5000,
        "frames": 5000,
        "start": 0.0,
        "end": 200.0,
    }
    return StreamSpan(kind, "codec", **(whole | changes))


def seen(*spans: StreamSpan, **changes: Any) -> Examination:
    whole: dict[str, Any] = {"outline": Outline(1000), "facts": facts(), "sha256": "abc"}
    return Examination(spans=list(spans or (span(), span("audio"))), **(whole | changes))


def reason(found: Examination, **spec: Any) -> str:
    try:
        verdict(Verify(path="a.mp4", **spec), found)
    except JobError as error:
        return "tried again" if error.retry else error.code
    return "whole"


def test_a_whole_file_is_told_with_its_frames_and_hash() -> None:
    result = verdict(Verify(path="a.mp4", expected_duration=201), seen())
    assert (result.frames, result.sha256, result.facts) == (10_000, "abc", facts())


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (seen(outline=Outline(0), facts=None), "damaged_empty"),
        (seen(outline=Outline(900, 1000), facts=None), "damaged_truncated"),
        (seen(outline=Outline(900, unindexed=True), facts=None), "damaged_truncated"),
        (seen(facts=None, broken="no idea"), "damaged_corrupt"),
        (seen(facts=facts(video=())), "no_video"),
        (seen(facts=facts(audio=())), "no_audio"),
        (seen(broken="bad", broken_at=12.0), "damaged_corrupt"),
        (seen(broken="bad", broken_at=12.0, last=True), "damaged_truncated"),
        (seen(span(frames=0)), "damaged_empty"),
        (seen(span(frames=4000), span("audio")), "damaged_corrupt"),
        (seen(span(frames=2500, interlaced=True), span("audio")), "whole"),
        (seen(span(frames=4998), span("audio", frames=4999)), "whole"),
        (seen(span(end=190.0), span("audio")), "damaged_truncated"),
        (seen(span(end=199.2), span("audio", end=198.5)), "whole"),
        (seen(span(promised=None, end=150.0), span("audio", promised=None, end=150.0)),
         "damaged_truncated"),
        (seen(span(end=240.0), span("audio", end=240.0)), "wrong_length"),
        (seen(span(), span("audio", promised=100.0, end=100.0)), "wrong_length"),
        (seen(span(), span("audio", promised=195.0, end=195.0)), "whole"),
        (seen(span(promised=None), span("audio", promised=None), facts=facts(duration=None)),
         "whole"),
    ],
)  # fmt: skip
def test_the_reason_is_the_first_that_holds(found: Examination, code: str) -> None:
    assert reason(found) == code


def test_the_expected_length_may_be_a_little_off() -> None:
    assert reason(seen(), expected_duration=196) == "whole"
    assert reason(seen(), expected_duration=190) == "wrong_length"
    assert reason(seen(), expected_duration=211) == "wrong_length"


def test_the_place_of_the_damage_is_told_in_minutes() -> None:
    with pytest.raises(JobError, match=r"damaged at 2:05\.5 min\.") as caught:
        verdict(Verify(path="a"), seen(broken="error in slice", broken_at=125.5))
    assert caught.value.detail == "error in slice"


def test_without_sound_where_none_is_required() -> None:
    found = seen(span(), facts=facts(audio=()))
    assert reason(found, audio_required=False) == "whole"
