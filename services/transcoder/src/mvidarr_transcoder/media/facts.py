"""Measuring a media file: containers, streams, durations, tags, as found and never as promised."""

from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream as AvAudio
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream as AvVideo

from mvidarr_common import forked
from mvidarr_common.messages.media import AudioStream, Chapter, MediaFacts, VideoStream

from .colour import FULL_RANGE, MATRICES, PRIMARIES, TRANSFERS, hdr_of, level_of
from .glance import Glance, glance
from .opening import open_media

_MOST_TAGS, _LONGEST_TAG, _MOST_CHAPTERS = 40, 1000, 100
"""Facts stand in the log for ever; a tag that holds a whole booklet does not."""


def measure(path: str) -> MediaFacts:
    """Probe a file; raises av.FFmpegError for what is no media file."""
    with open_media(path) as container:
        for film in container.streams.video:
            film.codec_context.thread_count = 1  # for one frame threads take longer to start
        return facts_of(container, Path(path))


def measure_many(paths: list[str]) -> list[MediaFacts | str]:
    """Probe many files in one process: each one's facts, or why it has none."""
    found: list[MediaFacts | str] = []
    for path in paths:
        try:
            found.append(measure(path))
        except (av.FFmpegError, OSError) as error:
            found.append(str(error))
        forked.tell(len(found))
    return found


def facts_of(container: InputContainer, path: Path) -> MediaFacts:
    """The facts of an open container; the first frame is decoded, and the container rewound."""
    streams = container.streams
    seen = _glance(container)
    return MediaFacts(
        container=_container_name(container, path),
        duration=container.duration / av.time_base if container.duration else None,
        size=path.stat().st_size,
        bitrate=container.bit_rate or None,
        video=tuple(
            _video(stream, Glance() if is_cover(stream) else seen) for stream in streams.video
        ),
        audio=tuple(_audio(stream) for stream in streams.audio),
        subtitles=tuple(_subtitle(stream) for stream in streams.subtitles),
        chapters=len(container.chapters()),
        tags=_tags(container.metadata),
        start=_seconds(container.start_time),
        marks=_chapters(container),
        attachments=tuple(
            stream.metadata.get("filename", stream.type) for stream in streams.attachments
        )[:_MOST_TAGS],
    )


def is_cover(stream: Stream) -> bool:
    """Whether it is a picture that came along, and not a film."""
    cover = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return bool(stream.disposition & cover)


def stream_duration(stream: Stream) -> float | None:
    """What the container promises for one stream, in seconds; Matroska says it in a tag."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    clock = stream.metadata.get("DURATION", "").split(":")
    try:
        hours, minutes, seconds = (float(part) for part in clock)
    except ValueError:
        return None
    return hours * 3600 + minutes * 60 + seconds


def _video(stream: AvVideo, seen: Glance) -> VideoStream:
    context = stream.codec_context
    codec = context.codec.canonical_name
    width, height = context.width, context.height
    if seen.rotation % 180:
        width, height = height, width
    transfer = TRANSFERS.get(context.color_trc) or TRANSFERS.get(seen.transfer)
    return VideoStream(
        codec=codec,
        width=width,
        height=height,
        fps=round(float(stream.average_rate), 3) if stream.average_rate else None,
        pixel_format=context.pix_fmt,
        bitrate=context.bit_rate or None,
        duration=stream_duration(stream),
        attached=is_cover(stream),
        profile=stream.profile,
        level=level_of(codec, getattr(context, "level", None)),  # PyAV's stubs lack it
        bit_depth=context.format.components[0].bits if context.format else None,
        primaries=PRIMARIES.get(context.color_primaries),
        transfer=transfer,
        matrix=MATRICES.get(context.colorspace),
        full_range=context.color_range == FULL_RANGE,
        hdr=hdr_of(transfer, context.codec_tag, seen.extras),
        variable_rate=seen.variable_rate,
        rotation=seen.rotation,
        interlaced=seen.interlaced,
        pixel_aspect=round(float(stream.sample_aspect_ratio or 1), 4),
        b_frames=bool(context.has_b_frames),
        frames=stream.frames or None,
        key_seconds=seen.key_seconds,
    )


def _audio(stream: AvAudio) -> AudioStream:
    context = stream.codec_context
    return AudioStream(
        codec=context.codec.canonical_name,
        channels=context.channels,
        sample_rate=context.sample_rate,
        bitrate=context.bit_rate or None,
        duration=stream_duration(stream),
        language=_language(stream),
        profile=stream.profile,
        layout=context.layout.name,
        title=stream.metadata.get("title"),
        default=bool(stream.disposition & Disposition.default),
    )


def _seconds(ticks: int | None) -> float | None:
    return None if ticks is None else round(ticks / av.time_base, 3)


def _subtitle(stream: Stream) -> str:
    """`<codec>` or `<codec>:<language>`."""
    language = _language(stream)
    name = stream.codec_context.codec.canonical_name
    return f"{name}:{language}" if language else name


def _language(stream: Stream) -> str | None:
    return None if stream.language in (None, "", "und") else stream.language


def _container_name(container: InputContainer, path: Path) -> str:
    """FFmpeg names families ("mov,mp4,m4a…"); the file's own extension picks the member."""
    family = container.format.name.split(",")
    suffix = path.suffix.lower().lstrip(".")
    aliases = {"mkv": "matroska", "m4v": "mp4", "mov": "mov"}
    wanted = aliases.get(suffix, suffix)
    preferred = {"mov": "mp4"}
    return wanted if wanted in family else preferred.get(family[0], family[0])


def _tags(found: dict[str, str]) -> dict[str, str]:
    kept = sorted(found.items())[:_MOST_TAGS]
    return {key.lower(): value[:_LONGEST_TAG] for key, value in kept}


def _chapters(container: InputContainer) -> tuple[Chapter, ...]:
    return tuple(
        Chapter(
            title=chapter["metadata"].get("title", "")[:_LONGEST_TAG],
            start=_at(chapter["start"], chapter["time_base"]),
            end=_at(chapter["end"], chapter["time_base"]),
        )
        for chapter in container.chapters()[:_MOST_CHAPTERS]
    )


def _at(ticks: int, tick: Fraction | None) -> float:
    return round(float(ticks * (tick or 1)), 3)


def _glance(container: InputContainer) -> Glance:
    film = next((stream for stream in container.streams.video if not is_cover(stream)), None)
    return Glance() if film is None else glance(container, film)
