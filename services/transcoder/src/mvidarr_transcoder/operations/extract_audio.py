"""The sound of a film as a file of its own, with the tags."""

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import AudioExtracted, ExtractAudio
from mvidarr_transcoder import clipping
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.making import last_about, make
from mvidarr_transcoder.sources import existing


async def extract_audio(spec: ExtractAudio, job: Job[Deps]) -> AudioExtracted:
    """Raises JobError for a silent film."""
    source = existing(job.root, spec.path)
    if not spec.facts.audio:
        raise JobError("no_audio", "There is no sound to make a sound file of.")
    made = await make(
        job, f"audio.{clipping.sound_form(spec).extension}",
        lambda draft: clipping.extract(job.deps.ffmpeg, spec, source, draft),
        spec.facts.duration, "extract_audio",
    )  # fmt: skip
    if spec.facts.audio[0].duration is not None:
        last_about(made, spec.facts.audio[0].duration, "extract_audio")
    return AudioExtracted(path=made.path, sha256=made.sha256, facts=made.facts)
