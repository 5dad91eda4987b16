"""Recipes of one's own: what their fields mean to FFmpeg's encoders and containers. Pure."""

from mvidarr_common.messages.jobs import OwnRecipe

from .encodings import FASTSTART, Encoding

_MUXERS = {"mkv": "matroska", "m4a": "ipod"}
_TEXTS = {"mp4": "mov_text", "mkv": "srt", "webm": "webvtt"}
_ENCODERS = {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1", "vp9": "libvpx-vp9"}
_SOUNDS = {"aac": "aac", "opus": "libopus", "mp3": "libmp3lame", "flac": "flac"}
_SVT_PRESETS = {"fast": "10", "medium": "8", "slow": "5"}
_VPX_SPEEDS = {"fast": "6", "medium": "4", "slow": "2"}


def from_own(own: OwnRecipe) -> Encoding:
    """The encoding that such a recipe stands for."""
    box = (own.width, own.height) if own.width and own.height else None
    rate = () if own.audio == "flac" else ("-b:a", f"{own.audio_kbps}k")
    return Encoding(
        muxer=_MUXERS.get(own.container, own.container),
        extension=own.container,
        audio=(_SOUNDS[own.audio], *rate),
        video=_video(own),
        box=box,
        container=FASTSTART if own.container in ("mp4", "m4a") else (),
        texts=_TEXTS.get(own.container),
    )


def _video(own: OwnRecipe) -> tuple[str, ...]:
    if own.video is None:
        return ()
    return (_ENCODERS[own.video], *_pace(own), "-crf", str(own.crf), *_rates(own), *_form(own))


def _pace(own: OwnRecipe) -> tuple[str, ...]:
    if own.video == "vp9":
        return ("-row-mt", "1", "-cpu-used", _VPX_SPEEDS[own.speed])
    return ("-preset", _SVT_PRESETS[own.speed] if own.video == "av1" else own.speed)


def _rates(own: OwnRecipe) -> tuple[str, ...]:
    """VP9 knows no peak without a target; the others take a peak and a buffer of two seconds."""
    most = own.most_kbps
    if own.video == "vp9":
        return ("-b:v", f"{most or 0}k")
    return () if most is None else ("-maxrate", f"{most}k", "-bufsize", f"{most * 2}k")


def _form(own: OwnRecipe) -> tuple[str, ...]:
    """Eight bits, since every player shows them; Apple's want HEVC under its other tag."""
    tag = ("-tag:v", "hvc1") if own.container == "mp4" else ()
    hevc = (*tag, "-x265-params", "log-level=error") if own.video == "hevc" else ()
    return ("-pix_fmt", "yuv420p", *hevc)
