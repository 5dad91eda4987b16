"""Users, keys, profiles and subscriptions, told in messages."""

from mvidarr_catalog.brain.parking import ABOUT_PARKED
from mvidarr_catalog.identity.users import User, user_id
from mvidarr_catalog.models import whole_brain
from mvidarr_catalog.profiles import Profile
from mvidarr_catalog.testing import Story
from mvidarr_common.messages import registered
from mvidarr_common.messages.identity import (
    ApiKeyCreated,
    ChangeRole,
    CreateApiKey,
    CreateUser,
    DeleteUser,
    RevokeApiKey,
    UserCreated,
    UserDeleted,
)
from mvidarr_common.messages.ids import ApiKeyId, ProfileId
from mvidarr_common.messages.profiles import (
    DEFAULT_PROFILE,
    DeleteProfile,
    ProfileSaved,
    QualityProfile,
    SaveProfile,
)
from mvidarr_common.messages.queries import ShowAfter
from mvidarr_common.messages.system import (
    CommandRejected,
    CommandUnchanged,
    LogStarted,
    RestoreLog,
)

ADA = CreateUser(username="Ada", password_hash="hash", role="admin")


def rejected(said: list[object]) -> str:
    """The code of the only thing said, a refusal."""
    [refused] = said
    assert isinstance(refused, CommandRejected)
    return refused.code


def test_a_name_is_taken_in_whatever_case() -> None:
    story = Story()
    [created] = story.live(ADA)
    assert isinstance(created, UserCreated)
    assert rejected(list(story.live(ADA.model_copy(update={"username": "ADA"})))) == (
        "username_taken"
    )


def test_somebody_remains_administrator() -> None:
    story = Story()
    story.live(ADA)
    ada = user_id("Ada")
    assert rejected(list(story.live(DeleteUser(user_id=ada)))) == "last_administrator"
    demoted = ChangeRole(user_id=ada, role="user")
    assert rejected(list(story.live(demoted))) == "last_administrator"
    story.live(CreateUser(username="Bob", password_hash="hash", role="admin"))
    assert story.live(DeleteUser(user_id=ada)) == [UserDeleted(user_id=ada)]
    assert story.row(User, user_id("Bob")).role == "admin"


def test_two_demotions_in_flight_do_not_leave_nobody() -> None:
    """The second is decided while the first has not come back by the log."""
    story = Story()
    story.live(ADA, CreateUser(username="Bob", password_hash="hash", role="admin"))
    said = story.live(
        ChangeRole(user_id=user_id("Ada"), role="user"),
        ChangeRole(user_id=user_id("Bob"), role="user"),
    )
    assert [type(each).__name__ for each in said] == ["RoleChanged", "CommandRejected"]


def test_a_key_acts_for_a_user_who_exists_until_it_is_revoked() -> None:
    story = Story()
    story.live(ADA)
    wish = CreateApiKey(user_id=user_id("Ada"), name="cli", key_hash="abc", role="user")
    [key] = story.live(wish)
    assert isinstance(key, ApiKeyCreated)
    [revoked] = story.live(RevokeApiKey(api_key_id=key.api_key_id))
    assert revoked.subject == f"api_key/{key.api_key_id}"
    again = RevokeApiKey(api_key_id=ApiKeyId(key.api_key_id))
    assert rejected(list(story.live(again))) == "api_key_not_found"


def test_a_library_begins_with_a_profile_that_stays() -> None:
    story = Story()
    [saved] = story.live(LogStarted(log_id="log"))
    assert isinstance(saved, ProfileSaved)
    assert story.row(Profile, DEFAULT_PROFILE).profile.allowed[-1] == "2160p"
    refusal = rejected(list(story.live(DeleteProfile(profile_id=DEFAULT_PROFILE))))
    assert refusal == "profile_is_default"


def test_profiles_have_names_of_their_own() -> None:
    story = Story()
    story.live(LogStarted(log_id="log"))
    profile = QualityProfile(name="Web", transcode="web_optimized")
    story.live(SaveProfile(profile_id=ProfileId("a"), profile=profile))
    same = SaveProfile(profile_id=ProfileId("a"), profile=profile)
    [unchanged] = story.live(same)
    assert isinstance(unchanged, CommandUnchanged)
    other = SaveProfile(profile_id=ProfileId("b"), profile=profile)
    assert rejected(list(story.live(other))) == "profile_name_taken"


def test_every_command_is_decided_and_every_query_answered() -> None:
    brain = whole_brain()
    by_the_loop = {*ABOUT_PARKED, RestoreLog}
    undecided = {cls for cls in registered("command") if cls not in brain.decides} - by_the_loop
    assert undecided == set()
    unanswered = {cls for cls in registered("query") if cls not in brain.queries}
    assert unanswered == {ShowAfter}  # that is answered as the question within it
