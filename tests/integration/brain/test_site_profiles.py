"""What is set for a site reaches the jobs that go there when they are released."""

from typing import Any

from mvidarr_common.messages.jobs import EnqueueJob, Inspect
from mvidarr_common.messages.queries import ListRecords, RecordView
from mvidarr_common.messages.sites import ConfigureSite, SiteProfile
from mvidarr_common.testing.conditions import eventually


async def test_a_released_job_carries_what_is_set_for_the_site_above_its_host(world: Any) -> None:
    async def released() -> RecordView | None:
        found = (await world.ask(ListRecords(after=-1, limit=500))).items
        return next((each for each in found if each.type == "event.job.queued"), None)

    async with world.leading():
        profile = SiteProfile(user_agent="MVidarr")
        said = await world.say(ConfigureSite(site="videos.example", profile=profile))
        await eventually(lambda: world.known(said))
        await world.say(EnqueueJob(spec=Inspect(url="https://m.videos.example/1")))
        queued = await eventually(released)
    assert queued is not None
    assert queued.data["spec"]["site"]["userAgent"] == "MVidarr"
