"""Measuring a media file: containers, streams, durations, tags, as found and never as promised."""

from pathlib import Path

import av
from av.audio.stream import AudioStream as AvAudio
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream as AvVideo

from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream

from .opening import open_media

_MOST_TAGS, _LONGEST_TAG = 40, 1000
"""Facts stand in the log for ever; a tag that holds a whole booklet does not."""


def measure(path: str) -> MediaFacts:
    """Probe a file; raises av.FFmpegError for what is no media file."""
    with open_media(path) as container:
        return facts_of(container, Path(path))


def facts_of(container: InputContainer, path: Path) -> MediaFacts:
    """The facts of an open container; the first frame is decoded, for the picture's rotation."""
    streams = container.streams
    turned = _is_turned(container)
    return MediaFacts(
        container=_container_name(container, path),
        duration=container.duration / av.time_base if container.duration else None,
        size=path.stat().st_size,
        bitrate=container.bit_rate or None,
        video=tuple(_video(stream, turned) for stream in streams.video),
        audio=tuple(_audio(stream) for stream in streams.audio),
        subtitles=tuple(_subtitle(stream) for stream in streams.subtitles),
        chapters=len(container.chapters()),
        tags=_tags(container.metadata),
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


def _video(stream: AvVideo, turned: bool) -> VideoStream:
    context = stream.codec_context
    width, height = context.width, context.height
    if turned and not is_cover(stream):
        width, height = height, width
    return VideoStream(
        codec=context.codec.canonical_name,
        width=width,
        height=height,
        fps=round(float(stream.average_rate), 3) if stream.average_rate else None,
        pixel_format=context.pix_fmt,
        bitrate=context.bit_rate or None,
        duration=stream_duration(stream),
        attached=is_cover(stream),
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
    )


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


def _is_turned(container: InputContainer) -> bool:
    """Whether players turn the picture by a quarter, as phones' upright films want it."""
    film = next((stream for stream in container.streams.video if not is_cover(stream)), None)
    if film is None:
        return False
    try:
        frame = next(container.decode(film), None)
        container.seek(0)
    except av.FFmpegError:
        return False  # what cannot be decoded is the verifier's business
    return frame is not None and frame.rotation % 180 != 0
