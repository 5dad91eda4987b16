"""Files that are damaged, or not the best there is: fetched anew, the old ones in the trash."""

import asyncio
from dataclasses import replace

import pytest

from mvidarr_common.cli.client import Client
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.messages.queries import RunView, VideoView
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import add, ended, plays, video
from mvidarr_common.testing.system import System

pytestmark = pytest.mark.timeout(120)


async def run(client: Client, pipeline: str, id: str) -> dict[str, str]:
    """What has become of each step of a run that was asked for and has completed."""
    told = await client.tell(f"/pipelines/{pipeline}/run/{id}", RunView, wait=30)
    assert told.state is not None
    begun = told.state.id

    async def over() -> RunView:
        now = await client.get(f"/runs/{begun}", RunView)
        assert now.state != "running", now.steps
        return now

    found = await eventually(over, 60, every=0.1)
    assert found.state == "completed", found.failure
    return {step.name: step.state for step in found.steps}


async def replaced(client: Client, system: System, before: VideoView) -> VideoView:
    """The video with another file under the old name; the old one lies in the trash."""
    [old] = before.files
    trashed = system.root.at(old.rendition.path.replace("library/", "trash/", 1))

    async def new_file() -> VideoView:
        now = await video(client, before.id)
        [file] = [each for each in now.files if each.state == "present"]
        assert file.id != old.id
        assert file.rendition.path == old.rendition.path
        return now

    now = await eventually(new_file, 30, every=0.1)
    assert trashed.is_file()
    assert await plays(system.root.at(old.rendition.path))
    return now


async def test_a_file_that_was_damaged_on_disk_is_fetched_anew(
    client: Client, embedded: System, site: Site, clip: Sample
) -> None:
    asked = await add(client, f"{site.url(clip.slug)}?heal", artist="Healed", title="Bit Rot")
    [before] = await ended(client, [asked.id])
    steps = await run(client, "heal", before.id)
    assert (steps["scrub"], steps["download"], steps["retire"]) == ("done", "unneeded", "unneeded")

    [file] = before.files
    path = embedded.root.at(file.rendition.path)
    content = bytearray(await asyncio.to_thread(path.read_bytes))
    content[len(content) // 2] ^= 0xFF
    await asyncio.to_thread(path.write_bytes, content)
    assert set((await run(client, "heal", before.id)).values()) == {"done", "unneeded"}
    await replaced(client, embedded, before)
    in_trash = embedded.root.at(file.rendition.path.replace("library/", "trash/", 1))
    assert await asyncio.to_thread(in_trash.read_bytes) == content
    assert (await run(client, "heal", before.id))["download"] == "unneeded"


async def test_a_better_version_takes_the_place_of_a_worse_one_and_a_worse_one_does_not(
    client: Client, embedded: System, site: Site, clip: Sample, sharper: Sample
) -> None:
    asked = await add(client, f"{site.url(clip.slug)}?upgrade", artist="Upgraded", title="Clearer")
    [before] = await ended(client, [asked.id])
    assert before.files[0].quality == "144p"

    site.samples[clip.slug] = replace(clip, path=sharper.path)
    steps = await run(client, "upgrade", before.id)
    assert (steps["compare"], steps["place"], steps["retire"]) == ("done", "done", "done")
    after = await replaced(client, embedded, before)
    assert [each.quality for each in after.files if each.state == "present"] == ["360p"]

    site.samples[clip.slug] = clip
    steps = await run(client, "upgrade", before.id)
    assert (steps["compare"], steps["place"], steps["retire"]) == ("done", "unneeded", "unneeded")
    assert [each.id for each in (await video(client, before.id)).files] == [
        each.id for each in after.files
    ]
