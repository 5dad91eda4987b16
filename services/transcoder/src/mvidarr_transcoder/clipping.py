"""The FFmpeg command lines of cutting, joining and showing parts of films. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mvidarr_common.ffmpeg import DEMUXERS, PROTOCOLS
from mvidarr_common.messages.jobs import ExtractAudio, Fingerprint, Hls, Preview, Trim, Waveform
from mvidarr_common.messages.media import MediaFacts

from .recipes import fitted, opening

X264 = ("-c:v", "libx264", "-preset", "medium", "-crf", "18", "-pix_fmt", "yuv420p")
AAC = ("-c:a", "aac", "-b:a", "192k")
_KEPT = ("-map_metadata", "0")
_RATES = {240: 400, 360: 800, 480: 1400, 720: 2800, 1080: 5000, 1440: 9000, 2160: 16000}
"""Peak rates of streamed renditions, in kbit/s, by height."""


@dataclass(frozen=True, slots=True)
class SoundForm:
    """A file that holds sound alone: its muxer, extension, and the encoder's arguments."""

    muxer: str
    extension: str
    coder: tuple[str, ...] = ("copy",)


_COPIES = {
    "aac": SoundForm("ipod", "m4a"), "alac": SoundForm("ipod", "m4a"),
    "mp3": SoundForm("mp3", "mp3"),
    "opus": SoundForm("ogg", "ogg"), "vorbis": SoundForm("ogg", "ogg"),
    "flac": SoundForm("flac", "flac"),
}  # fmt: skip


def trim(ffmpeg: str, spec: Trim, source: Path, target: Path, threads: int) -> list[str]:
    """Seeking before the input is fast, and exact when frames are decoded."""
    whole = opening(ffmpeg, source, threads)
    at = whole.index("-i")
    streams = ["-map", "0:V:0?", "-map", "0:a?"]
    coding = [*X264, *AAC] if spec.exact else ["-c", "copy", "-avoid_negative_ts", "make_zero"]
    muxer = "mp4" if spec.exact else muxer_of(spec.facts)
    length = spec.end - spec.start
    return [
        *whole[:at], "-ss", f"{spec.start:g}", *whole[at:], "-t", f"{length:g}", *streams, *coding,
        *_KEPT, "-f", muxer, f"file:{target}",
    ]  # fmt: skip


def muxer_of(facts: MediaFacts) -> str:
    """A container that takes the streams as they are."""
    return facts.container if facts.container in ("mp4", "webm") else "matroska"


def alike(parts: Sequence[MediaFacts]) -> bool:
    """Whether decoders can go from one to the next without noticing."""
    return len({_shape(part) for part in parts}) == 1


def joined_as_is(ffmpeg: str, listing: Path, muxer: str, target: Path) -> list[str]:
    """Join the files that the listing names; those may name no other."""
    return [
        ffmpeg, "-nostdin", "-y", "-hide_banner", "-v", "warning", "-nostats",
        "-progress", "pipe:1", "-protocol_whitelist", PROTOCOLS,
        "-format_whitelist", f"concat,{DEMUXERS}", "-f", "concat", "-safe", "0",
        "-i", f"file:{listing}", "-map", "0:V:0?", "-map", "0:a?", "-c", "copy",
        "-f", muxer, f"file:{target}",
    ]  # fmt: skip


def listing(sources: Sequence[Path]) -> str:
    """The file that names what is joined."""
    quoted = (str(source).replace("'", "'\\''") for source in sources)
    return "ffconcat version 1.0\n" + "".join(f"file 'file:{path}'\n" for path in quoted)


def joined_anew(
    ffmpeg: str, sources: Sequence[Path], parts: Sequence[MediaFacts], target: Path, threads: int
) -> list[str]:
    """Join files that differ: all get the first one's size and rate."""
    first = parts[0].picture
    assert first is not None
    width, height = fitted(first.width, first.height, None)
    inputs: list[str] = []
    for source in sources:
        inputs += ["-protocol_whitelist", PROTOCOLS, "-format_whitelist", DEMUXERS]
        inputs += ["-i", f"file:{source}"]
    shape = (
        f"scale={width}:{height}:force_original_aspect_ratio=decrease,"
        f"pad={width}:{height}:-1:-1,setsar=1,fps={first.fps or 25:g},format=yuv420p"
    )
    sound = 1 if parts[0].audio else 0
    chains = [f"[{n}:V:0]{shape}[v{n}]" for n in range(len(sources))]
    chains += [
        f"[{n}:a:0]aresample=48000,aformat=channel_layouts=stereo[a{n}]"
        for n in range(len(sources) * sound)
    ]
    order = "".join(f"[v{n}]" + f"[a{n}]" * sound for n in range(len(sources)))
    chains.append(f"{order}concat=n={len(sources)}:v=1:a={sound}[v]" + "[a]" * sound)
    return [
        ffmpeg, "-nostdin", "-y", "-hide_banner", "-v", "warning", "-nostats",
        "-progress", "pipe:1", *inputs, "-filter_complex", ";".join(chains), "-map", "[v]",
        *(["-map", "[a]"] * sound), "-threads", str(threads), *X264, *AAC, "-f", "mp4",
        f"file:{target}",
    ]  # fmt: skip


def sound_form(spec: ExtractAudio) -> SoundForm:
    """The file that holds the sound."""
    rate = ("-b:a", f"{spec.kbps}k")
    if spec.form == "copy":
        return _COPIES.get(spec.facts.audio[0].codec, SoundForm("matroska", "mka"))
    return {
        "mp3": SoundForm("mp3", "mp3", ("libmp3lame", *rate)),
        "aac": SoundForm("ipod", "m4a", ("aac", *rate)),
        "opus": SoundForm("ogg", "ogg", ("libopus", *rate)),
        "flac": SoundForm("flac", "flac", ("flac",)),
    }[spec.form]


def extract(ffmpeg: str, spec: ExtractAudio, source: Path, target: Path) -> list[str]:
    """The first sound stream, with the film's tags and chapters."""
    form = sound_form(spec)
    return [
        *opening(ffmpeg, source), "-map", "0:a:0", "-vn", "-sn", "-dn", "-c:a", *form.coder,
        *_KEPT, "-map_chapters", "0", "-f", form.muxer, f"file:{target}",
    ]  # fmt: skip


def waveform(ffmpeg: str, spec: Waveform, source: Path, target: Path) -> list[str]:
    """A picture of the whole sound, mixed to one channel."""
    chain = (
        "[0:a:0]aformat=channel_layouts=mono,"
        f"showwavespic=s={spec.width}x{spec.height}:colors=0x4a90d9[w]"
    )
    return [
        *opening(ffmpeg, source), "-filter_complex", chain, "-map", "[w]", "-frames:v", "1",
        "-c:v", "png", "-f", "image2", "-update", "1", str(target),
    ]  # fmt: skip


def preview(ffmpeg: str, spec: Preview, source: Path, target: Path) -> list[str]:
    """GIF gets a palette of the clip's own; both repeat for ever."""
    whole = opening(ffmpeg, source)
    at = whole.index("-i")
    scale = f"fps={spec.fps:g},scale='min({spec.width},iw)':-2:flags=lanczos"
    palette = ",split[a][b];[a]palettegen[p];[b][p]paletteuse" if spec.form == "gif" else ""
    coder = ["-c:v", "gif"] if spec.form == "gif" else ["-c:v", "libwebp_anim", "-quality", "70"]
    return [
        *whole[:at], "-ss", f"{spec.start:g}", "-t", f"{spec.seconds:g}", *whole[at:],
        "-map", "0:V:0", "-an", "-vf", scale + palette, *coder, "-loop", "0", "-f", spec.form,
        f"file:{target}",
    ]  # fmt: skip


def sound_print(ffmpeg: str, spec: Fingerprint, source: Path, target: Path) -> list[str]:
    """Chromaprint's numbers, as they are."""
    return [
        *opening(ffmpeg, source), "-t", str(spec.seconds), "-map", "0:a:0", "-vn",
        "-f", "chromaprint", "-fp_format", "raw", f"file:{target}",
    ]  # fmt: skip


def hls_sizes(spec: Hls) -> list[tuple[int, int]]:
    """The renditions' sizes, smallest first; a small film has one, its own."""
    picture = spec.facts.picture
    assert picture is not None
    wished = sorted({height for height in spec.heights if height <= picture.height})
    shape = picture.width / picture.height
    sizes = [fitted(round(height * shape), height, None) for height in wished]
    return sizes or [fitted(picture.width, picture.height, None)]


def hls(ffmpeg: str, spec: Hls, source: Path, folder: Path, threads: int) -> list[str]:
    """All renditions from one decoding; key frames at the same places in each of them."""
    sizes = hls_sizes(spec)
    sound = bool(spec.facts.audio)
    names = "".join(f"[s{n}]" for n in range(len(sizes)))
    chains = [f"[0:V:0]split={len(sizes)}{names}"]
    chains += [f"[s{n}]scale={w}:{h},setsar=1[v{n}]" for n, (w, h) in enumerate(sizes)]
    streams: list[str] = []
    for number, (_, height) in enumerate(sizes):
        rate = _RATES[min(_RATES, key=lambda known: abs(known - height))]
        streams += ["-map", f"[v{number}]", *(["-map", "0:a:0"] if sound else [])]
        streams += [f"-maxrate:v:{number}", f"{rate}k", f"-bufsize:v:{number}", f"{rate * 2}k"]
    single = ["-hls_flags", "single_file"] if spec.one_file else []
    segments = "film.m4s" if spec.one_file else "%d.m4s"
    pairs = " ".join(f"v:{n},a:{n}" if sound else f"v:{n}" for n in range(len(sizes)))
    return [
        *opening(ffmpeg, source, threads), "-filter_complex", ";".join(chains), *streams,
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p",
        "-force_key_frames", f"expr:gte(t,n_forced*{spec.seconds})", "-sc_threshold", "0",
        "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-f", "hls", "-hls_time", str(spec.seconds),
        "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", *single,
        "-hls_segment_filename", f"{folder}/v%v/{segments}", "-master_pl_name", "master.m3u8",
        "-var_stream_map", pairs, f"{folder}/v%v/index.m3u8",
    ]  # fmt: skip


def _shape(part: MediaFacts) -> tuple[object, ...]:
    film = part.picture
    seen = film and (film.codec, film.width, film.height, film.pixel_format, film.profile)
    heard = [(sound.codec, sound.channels, sound.sample_rate) for sound in part.audio]
    return (muxer_of(part), seen, film and round(film.fps or 0), *heard)
