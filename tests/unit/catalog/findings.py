"""What workers find, for every kind of job."""

from collections.abc import Callable

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_common.messages.jobs import (
    AnyResult,
    AnySpec,
    Artwork,
    AudioExtracted,
    CommandsShown,
    Compared,
    Download,
    Downloaded,
    EncodePart,
    ExtractAudio,
    FindImports,
    Fingerprint,
    Fingerprinted,
    Hls,
    ImportsFound,
    IsBetter,
    JoinParts,
    Match,
    Matched,
    Moved,
    Noop,
    NothingDone,
    PartEncoded,
    PartsJoined,
    Place,
    Placed,
    Preview,
    PreviewMade,
    Print,
    Purge,
    Purged,
    Rename,
    Renamed,
    Restore,
    Restored,
    Scrub,
    Scrubbed,
    ScrubbedFile,
    ShowCommands,
    Sidecars,
    SidecarsWritten,
    Streamable,
    Take,
    Taken,
    Thumbnails,
    ThumbnailsMade,
    Tidied,
    Tidy,
    Transcode,
    Transcoded,
    Trash,
    Trashed,
    Verified,
    Verify,
    Waveform,
    WaveformDrawn,
)  # fmt: skip
from mvidarr_common.messages.library import Description, Rendition
from mvidarr_common.messages.media import MediaFacts

FACTS = MediaFacts(container="mp4", duration=10.0, size=1000)


def result_of(job: Job) -> AnyResult:
    """What a worker finds."""
    return _RESULTS[type(job.spec)](job.spec, f"staging/{job.id}")


def _downloaded(spec: Download, place: str) -> Downloaded:
    return Downloaded(
        path=f"{place}/v.mp4", size=1, sha256="s", found=Description(title="T", artist="A"),
        page_url=spec.url, extractor="e", source_id="1", format="f",
    )  # fmt: skip


def _placed(spec: Place, place: str) -> Placed:
    return Placed(
        renditions=tuple(
            Rendition(path=f"library/{place}/{n}", role=f.role, sha256="s", facts=FACTS)
            for n, f in enumerate(spec.files)
        )
    )


def _moved(spec: Trash | Restore, place: str) -> tuple[Moved, ...]:
    return tuple(Moved(file_id=file.file_id, path=f"{place}/f") for file in spec.files)


_RESULTS: dict[type[AnySpec], Callable[..., AnyResult]] = {
    Noop: lambda spec, place: NothingDone(),
    Download: _downloaded,
    Verify: lambda spec, place: Verified(facts=FACTS, frames=1, sha256="s"),
    Transcode: lambda spec, place: Transcoded(path=f"{place}/t.mp4", sha256="t", facts=FACTS),
    Thumbnails: lambda spec, place: ThumbnailsMade(
        artwork=(Artwork(path=f"{place}/p.jpg", role="poster", width=1, height=1),)
    ),
    Place: _placed,
    Trash: lambda spec, place: Trashed(moved=_moved(spec, place)),
    Restore: lambda spec, place: Restored(moved=_moved(spec, place)),
    Purge: lambda spec, place: Purged(removed=len(spec.files)),
    Rename: lambda spec, place: Renamed(
        moved=Moved(file_id=spec.file.file_id, path=f"{place}/r"),
        others=tuple(Moved(file_id=file.file_id, path=f"{place}/o") for file in spec.others),
    ),
    Sidecars: lambda spec, place: SidecarsWritten(
        written=tuple(f"{spec.path}-{number}" for number, _ in enumerate(spec.artwork))
    ),
    ExtractAudio: lambda spec, place: AudioExtracted(
        path=f"{place}/a.mp3", sha256="a", facts=FACTS
    ),
    IsBetter: lambda spec, place: Compared(verdict="better", by=9, reasons=()),
    EncodePart: lambda spec, place: PartEncoded(path=f"{place}/p.mp4", frames=1),
    JoinParts: lambda spec, place: PartsJoined(path=f"{place}/j.mp4", sha256="j", facts=FACTS),
    Scrub: lambda spec, place: Scrubbed(
        files=tuple(ScrubbedFile(path=file.path, state="changed") for file in spec.files)
    ),
    ShowCommands: lambda spec, place: CommandsShown(steps=()),
    Preview: lambda spec, place: PreviewMade(path=f"{place}/preview.webp", size=1),
    Waveform: lambda spec, place: WaveformDrawn(
        picture=f"{place}/waveform.png", peaks=f"{place}/peaks.json"
    ),
    Hls: lambda spec, place: Streamable(
        master=f"{place}/hls/master.m3u8",
        heights=(360,),
        files=(f"{place}/hls/master.m3u8", f"{place}/hls/v0/index.m3u8"),
    ),
    Fingerprint: lambda spec, place: Fingerprinted(print=Print(sound=spec.path)),
    Match: lambda spec, place: Matched(verdict="other_cut", sound=0.9, picture=0.9, offset=2.0),
    FindImports: lambda spec, place: ImportsFound(files=()),
    Take: lambda spec, place: Taken(
        path=f"{place}/v.mp4", size=1, sha256="s", found=Description(title="T", artist="A")
    ),
    Tidy: lambda spec, place: Tidied(removed=1),
}
