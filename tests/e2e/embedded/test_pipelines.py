"""Pipelines of one's own on the whole system: tried, run, over many; files follow their names."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.cli.client import Client
from mvidarr_common.demo.samples import Sample, run_ffmpeg
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import Invalid
from mvidarr_common.ffmpeg import wheel_ffmpeg
from mvidarr_common.messages.jobs import CommandsShown
from mvidarr_common.messages.queries import (
    BulkView,
    JobView,
    PipelineView,
    Runs,
    RunView,
    VideoView,
)
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import add, ended, plays, quiet, video
from mvidarr_common.testing.system import System

pytestmark = pytest.mark.timeout(240)

SMALLER: dict[str, Any] = {
    "title": "Smaller copies",
    "steps": [
        {"name": "small", "does": "transcode", "recipe": "mobile_optimized",
         "when": "height > 100"},
        {"name": "sound", "does": "extract_audio", "form": "mp3", "when": "duration > 3600"},
        {"name": "new", "does": "fingerprint", "after": ["small"], "seconds": 10},
        {"name": "old", "does": "fingerprint", "film": "library", "seconds": 10},
        {"name": "same", "does": "match", "after": ["new", "old"]},
        {"name": "place", "does": "place", "after": ["same", "sound"], "of": ["small", "sound"]},
        {"name": "clip", "does": "preview", "seconds": 1},
        {"name": "wave", "does": "waveform"},
        {"name": "stream", "does": "hls", "heights": [240]},
        {"name": "beside", "does": "sidecars", "after": ["place", "clip", "wave", "stream"]},
    ],
}  # fmt: skip


async def finished(client: Client, id: str) -> RunView:
    """A run, once it has ended."""

    async def over() -> RunView:
        run = await client.get(f"/runs/{id}", RunView)
        assert run.state != "running", run.steps
        return run

    return await eventually(over, 60, every=0.1)


async def made(client: Client, path: str, view: Any, body: object = None, **how: Any) -> Any:
    told = await client.tell(path, view, body, wait=30, **how)
    assert told.state is not None
    return told.state


async def tried(client: Client, id: str) -> CommandsShown:
    """What a dry run says."""
    body = {"name": "smaller", "videoId": id}
    job = await made(client, "/pipelines/try", JobView, body)
    return CommandsShown.model_validate(job.result)


async def all_over(client: Client, id: str) -> BulkView:
    """A run over many, once it has ended."""

    async def over() -> BulkView:
        now = await client.get(f"/bulks/{id}", BulkView)
        assert now.state == "finished", now
        return now

    return await eventually(over, 60, every=0.1)


async def renamed(client: Client, id: str, title: str) -> list[str]:
    """Where a video's files are when they have followed its new title."""
    await client.tell(f"/videos/{id}", VideoView, {"title": title}, method="PATCH")

    async def moved() -> list[str]:
        paths = [file.rendition.path for file in (await video(client, id)).files]
        assert all(title in path for path in paths), paths
        return paths

    return await eventually(moved, 30)


async def streams(client: Client, folder: Path, video_id: str) -> None:
    """They lie there, and a player that opens the address which it is given sees all of them."""
    assert folder.joinpath("v0/film.m4s").stat().st_size
    id = (await video(client, video_id)).files[0].id
    told = b"".join([part async for part in client.download(f"/files/{id}/playback")])
    [url] = [way["url"] for way in json.loads(told)["ways"] if way["kind"] == "hls"]
    address = client.access.address + url
    await asyncio.to_thread(run_ffmpeg, wheel_ffmpeg(), "-i", address, "-f", "null", "-")


async def test_a_pipeline_is_tried_run_for_one_and_over_many_and_files_follow_their_names(
    client: Client, embedded: System, site: Site, clip: Sample
) -> None:
    first = await add(client, site.url(clip.slug), artist="Pipes", title="First")
    other = await add(client, f"{site.url(clip.slug)}?n=2", artist="Pipes", title="Second")
    await ended(client, [first.id, other.id])
    saved = await made(client, "/pipelines/smaller", PipelineView, SMALLER, method="PUT")
    assert (saved.version, saved.needs) == (1, ("library",))

    steps = (await tried(client, first.id)).steps
    small, sound, place = steps[0], steps[1], steps[5]
    assert [len(step.commands) for step in steps] == [1, 0, 1, 1, 0, 0, 1, 1, 1, 0]
    [command] = small.commands
    assert command[0] == "ffmpeg"
    assert f"file:{(await video(client, first.id)).files[0].rendition.path}" in command
    assert (sound.left_out, place.commands) == ("Not needed: duration > 3600.", ())
    assert len((await video(client, first.id)).files) == 1

    begun = await made(client, f"/pipelines/smaller/run/{first.id}", RunView)
    run = await finished(client, begun.id)
    states = {step.name: step.state for step in run.steps}
    assert (run.state, run.fraction) == ("completed", 1.0)
    assert states == {step["name"]: "done" for step in SMALLER["steps"]} | {"sound": "unneeded"}

    bulk = await made(client, "/pipelines/smaller/run", BulkView, {"filter": "title = Second"})
    assert (await all_over(client, bulk.id)).completed == 1
    runs = await client.get("/runs", Runs, filter=f"bulkId = {bulk.id}")
    assert [each.for_subject for each in runs.items] == [f"video/{other.id}"]

    paths = await renamed(client, first.id, "Renamed")
    assert paths == [
        "library/Pipes/Pipes - Renamed.mp4",
        "library/Pipes/.renditions/Pipes - Renamed - transcode 144p.mp4",
    ]
    assert all([await plays(embedded.root.at(path)) for path in paths])
    await quiet(client)
    nfo = embedded.root.at("library/Pipes/Pipes - Renamed.nfo")
    assert "<title>Renamed</title>" in nfo.read_text()
    for name in ("preview.webp", "waveform.png", "waveform.json"):
        assert nfo.with_name(f"Pipes - Renamed-{name}").stat().st_size
    await streams(client, nfo.with_name(".renditions") / "Pipes - Renamed.hls", first.id)


async def test_a_file_below_import_is_listed_and_taken_into_the_library(
    client: Client, embedded: System, clip: Sample
) -> None:
    source = embedded.root.path / "import" / "new" / "Björk - Jóga.mp4"
    await asyncio.to_thread(source.parent.mkdir, parents=True)
    await asyncio.to_thread(shutil.copy, clip.path, source)
    job = await made(client, "/videos/import/find", JobView)
    [found] = [each for each in job.result["files"] if "Jóga" in each["path"]]
    assert found == {"path": "new/Björk - Jóga.mp4", "size": clip.path.stat().st_size}

    taken = await made(client, "/videos/import", VideoView, {"path": found["path"]})
    [now] = await ended(client, [taken.id])
    assert (now.state, now.artist, now.title) == ("ready", "Björk", "Jóga")
    [file] = now.files
    assert file.rendition.path == "library/Björk/Björk - Jóga.mp4"
    assert await plays(embedded.root.at(file.rendition.path))
    assert await asyncio.to_thread(source.read_bytes) == clip.path.read_bytes()


async def test_a_plan_that_makes_no_sense_is_refused_with_a_sentence(client: Client) -> None:
    wrong = {"title": "T", "steps": [{"name": "a", "does": "verify"}]}
    with pytest.raises(Invalid, match="a needs a file that was fetched"):
        await client.tell("/pipelines/wrong", PipelineView, wrong, method="PUT")
