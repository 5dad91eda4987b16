"""Why every file is there: from its path on disk back to who asked for it."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mvidarr_common.cli import app
from mvidarr_common.cli.access import store_token
from mvidarr_common.cli.client import Client
from mvidarr_common.cli.history import history_of
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.queries import Files, FileView, VideoView
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.system import System


@pytest.fixture
async def file(client: Client, site: Site, clip: Sample) -> FileView:
    """A file in the library."""
    told = await client.tell("/videos", VideoView, {"url": site.url(clip.slug)})
    assert told.state is not None
    id = told.state.id

    async def present() -> tuple[FileView, ...]:
        return (await client.get("/files", Files, videoId=id)).items

    [found, *_] = await eventually(present, within=120)
    return found


async def test_the_history_of_a_file_begins_with_who_asked(client: Client, file: FileView) -> None:
    records = await history_of(client, f"file/{file.id}")
    assert records[0].type == "command.video.add"
    assert records[0].actor is not None
    assert records[0].actor.startswith("user/")
    known = {record.id for record in records}
    assert [r.type for r in records if r.causation_id and r.causation_id not in known] == []


async def test_a_file_is_found_by_any_path_that_leads_to_it(
    client: Client, file: FileView, embedded: System
) -> None:
    path = file.rendition.path
    for spelt in (path, str(embedded.root.at(path)), f"/mnt/nas/{path}", f"./{path}"):
        assert (await client.get("/files/at", FileView, path=spelt)).id == file.id
    for beside in file.rendition.sidecars:
        assert (await client.get("/files/at", FileView, path=f"/x/{beside}")).id == file.id
    for unknown in ("library/none.mp4", "%", "", "/"):
        with pytest.raises(NotFound):
            await client.get("/files/at", FileView, path=unknown)


async def test_why_tells_the_story_of_a_file_on_disk(
    client: Client,
    file: FileView,
    embedded: System,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("MVIDARR_SERVER", client.access.address)
    store_token(client.access.address, client.access.token)
    path = embedded.root.at(file.rendition.path)
    told = await asyncio.to_thread(CliRunner().invoke, app(), ["why", str(path)])
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert "asked for http" in lines[1]
    assert "decided on: place" in told.output
    assert lines[-1].endswith("came into the library.")
    tree = await asyncio.to_thread(
        CliRunner().invoke, app(), ["history", f"video/{file.video_id}", "--tree"]
    )
    assert tree.exit_code == 0, tree.output
    [asked] = [line for line in tree.output.splitlines() if "asked for http" in line]
    [came] = [line for line in tree.output.splitlines() if "came into the library" in line]
    assert came.index("came") > asked.index("asked")
