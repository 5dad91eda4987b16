"""Every command is either taken back or final; and things that are saved whole are as they were."""

import pytest
from tests.unit.catalog.test_undo import VIDEOS, do, library, read_model, refused, undo

from mvidarr_catalog.jobs.site_profiles import Manners
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.pipelines.own import Own
from mvidarr_catalog.profiles import Profile
from mvidarr_catalog.subscriptions import Subscription
from mvidarr_catalog.testing import Story
from mvidarr_catalog.undo import UNDOABLE
from mvidarr_common.messages import Command, registered
from mvidarr_common.messages.examples import example
from mvidarr_common.messages.ids import ProfileId, SubscriptionId
from mvidarr_common.messages.library import AcquireVideo, DeleteVideo, IgnoreVideo, VideoFailed
from mvidarr_common.messages.notify import DeleteSubscription, SaveSubscription
from mvidarr_common.messages.pipelines import DeletePipeline, SavePipeline
from mvidarr_common.messages.profiles import DeleteProfile, QualityProfile, SaveProfile
from mvidarr_common.messages.sites import ConfigureSite, ForgetSite, SiteProfile
from mvidarr_common.messages.work.plans import PipelinePlan

WORK = (
    "video.acquire video.add video.import video.purge file.purge job.cancel job.change_many "
    "job.enqueue_many job.forget_result job.pause job.prioritise job.resume job.retry "
    "pipeline.cancel pipeline.expire pipeline.retry pipeline.run pipeline.try bulk.cancel bulk.run "
    "watching.forget watching.keep"
)
RULES = "pace.set queue.change quota.change retry_policy.change"
RIGHTS = (
    "api_key.create api_key.revoke login.forget_failed login.report_failed "
    "second_factor.confirm "
    "second_factor.enrol second_factor.remove second_factor.renew_codes "
    "api_key.note_use secrets.reseal contact.forget contact.set "
    "pass.accept pass.issue pass.reset pass.withdraw "
    "session.refresh session.revoke session.revoke_all session.start "
    "user.change_password user.change_role user.create user.delete"
)
LOG = (
    "log.import.begin log.import.end log.restore read_model.rebuild parked.discard parked.edit "
    "parked.retry"
)
FINAL = f"{WORK} {RULES} {RIGHTS} {LOG}".split()
"""What is never taken back: see `UNDOABLE`."""

ONE, OTHER = (
    PipelinePlan.model_validate(
        {"title": title, "steps": ({"name": "download", "does": "download"},)}
    )
    for title in ("One", "Other")
)
SUBSCRIPTION = SubscriptionId("to-me")


def subscription(name: str) -> SaveSubscription:
    return SaveSubscription(
        subscription_id=SUBSCRIPTION, name=name, channel="webhook", address="sealed", secret="s"
    )


def test_every_command_is_either_taken_back_or_final() -> None:
    undoable = {command.wire for command in UNDOABLE}
    assert undoable.isdisjoint(FINAL)
    assert {command.wire for command in registered("command")} == undoable | set(FINAL)


def test_what_is_final_is_refused_with_a_code() -> None:
    story = library()
    for command in registered("command"):
        envelope = story.envelope(example(command))
        if command.wire in FINAL:
            story.given(envelope.message)
            assert refused(story, envelope.id) == "not_undoable", command.wire


@pytest.mark.parametrize(
    ("first", "second", "last"),
    [
        (subscription("A"), subscription("B"), DeleteSubscription(subscription_id=SUBSCRIPTION)),
        (
            SavePipeline(name="own", plan=ONE),
            SavePipeline(name="own", plan=OTHER),
            DeletePipeline(name="own"),
        ),
        (
            ConfigureSite(site="a.test", profile=SiteProfile(rate=1)),
            ConfigureSite(site="a.test", profile=SiteProfile(rate=2, secret="sealed")),
            ForgetSite(site="a.test"),
        ),
        (
            SaveProfile(profile_id=ProfileId("p"), profile=QualityProfile(name="One")),
            SaveProfile(profile_id=ProfileId("p"), profile=QualityProfile(name="Two")),
            DeleteProfile(profile_id=ProfileId("p")),
        ),
    ],
    ids=lambda command: command.wire,
)
def test_what_is_saved_whole_is_as_it_was(first: Command, second: Command, last: Command) -> None:
    story = library()
    states = [saved(story)]
    done = []
    for command in (first, second, last):
        done.append(do(story, command))
        states.append(saved(story))
    assert refused(story, done[0]) == "overtaken"
    undone = []
    for id, before in reversed(list(zip(done, states, strict=False))):
        undone.append(undo(story, id))
        assert saved(story) == before
    for id, after in zip(reversed(undone), states[1:], strict=True):
        undo(story, id)
        assert saved(story) == after


def test_a_profile_does_not_take_back_a_name_that_another_has_now() -> None:
    story, one, other = library(), ProfileId("p"), ProfileId("q")
    do(story, SaveProfile(profile_id=one, profile=QualityProfile(name="One")))
    changed = do(story, SaveProfile(profile_id=one, profile=QualityProfile(name="Two")))
    do(story, SaveProfile(profile_id=other, profile=QualityProfile(name="One")))
    assert refused(story, changed) == "profile_name_taken"


def test_a_video_that_was_in_the_library_is_there_again_and_ignored_again() -> None:
    story = library()
    before = read_model(story)
    ignored = do(story, IgnoreVideo(video_id=VIDEOS[0]))
    after = read_model(story)
    undone = undo(story, ignored)
    assert read_model(story) == before
    undo(story, undone)
    assert read_model(story) == after


def test_a_video_that_had_failed_is_fetched_again() -> None:
    story = library()
    story.given(VideoFailed(video_id=VIDEOS[1], title="T", code="gone", message="Gone."))
    undo(story, do(story, IgnoreVideo(video_id=VIDEOS[1])))
    assert story.row(Video, VIDEOS[1]).state == "acquiring"


def test_what_was_wanted_again_or_deleted_since_is_not_taken_back() -> None:
    story = library()
    first = do(story, IgnoreVideo(video_id=VIDEOS[1]))
    do(story, AcquireVideo(video_id=VIDEOS[1]))
    assert refused(story, first) == "overtaken"
    second = do(story, IgnoreVideo(video_id=VIDEOS[2]))
    deleted = do(story, DeleteVideo(video_id=VIDEOS[2]))
    assert refused(story, second) == "overtaken"
    undone = undo(story, deleted)
    assert story.row(Video, VIDEOS[2]).state == "ignored"
    undo(story, undone)
    assert story.row(Video, VIDEOS[2]).state == "deleted"


def saved(story: Story) -> list[object]:
    """What is saved whole; of pipelines without their edition, which counts on."""
    plans = [(each.id, each.plan) for each in story.rows(Own) if not each.deleted]
    kinds = (Profile, Subscription, Manners)
    return [*plans, *(row for kind in kinds for row in story.rows(kind))]
