"""Logins and their ends, told in messages."""

from datetime import timedelta

from mvidarr_catalog.identity.sessions import MOST, Session, SessionsOf
from mvidarr_catalog.identity.users import user_id
from mvidarr_catalog.testing import BEGINNING, Story
from mvidarr_common.messages.identity import CreateUser, DeleteUser, PasswordChanged, SessionRevoked
from mvidarr_common.messages.ids import SessionId
from mvidarr_common.messages.sessions import (
    RefreshSession,
    RevokeSessions,
    SessionRefreshed,
    SessionStarted,
    StartSession,
)
from mvidarr_common.messages.system import CommandRejected

ADA = user_id("Ada")
LATER = BEGINNING + timedelta(days=30)


def _known() -> Story:
    story = Story()
    story.live(CreateUser(username="Ada", password_hash="hash", role="user"))
    return story


def _start(id: str, token: str = "first") -> StartSession:
    return StartSession(
        session_id=SessionId(id), user_id=ADA, token_hash=token, method="password", expires=LATER
    )


def _refresh(given: str, following: str) -> RefreshSession:
    return RefreshSession(
        session_id=SessionId("s"), token_hash=given, next_hash=following, expires=LATER
    )


def test_a_refresh_token_is_taken_for_the_next_one() -> None:
    story = _known()
    [started] = story.live(_start("s"))
    assert isinstance(started, SessionStarted)
    assert started.username == "Ada"
    for given, following in (("first", "second"), ("second", "third")):
        [refreshed] = story.live(_refresh(given, following))
        assert isinstance(refreshed, SessionRefreshed)
    assert story.row(Session, "s").token_hash == "third"


def test_a_token_that_is_used_twice_ends_its_session() -> None:
    story = _known()
    story.live(_start("s"), _refresh("first", "second"))
    [revoked] = story.live(_refresh("first", "stolen"))
    assert revoked == SessionRevoked(session_id=SessionId("s"), user_id=ADA, reason="reused")
    [refused] = story.live(_refresh("second", "third"))
    assert isinstance(refused, CommandRejected)
    assert refused.code == "session_ended"
    assert story.rows(Session) == []


def test_of_two_who_come_with_one_token_at_once_none_stays() -> None:
    """The second is decided while the first has not come back by the log."""
    story = _known()
    story.live(_start("s"))
    said = story.live(_refresh("first", "second"), _refresh("first", "stolen"))
    assert [type(each) for each in said] == [SessionRefreshed, SessionRevoked]
    assert story.rows(Session) == []


def test_a_session_ends_by_itself_when_nobody_renews_it() -> None:
    story = _known()
    story.live(_start("s").model_copy(update={"expires": BEGINNING}))
    [refused] = story.live(_refresh("first", "second"))
    assert isinstance(refused, CommandRejected)
    assert refused.code == "session_ended"


def test_a_new_password_and_a_deletion_end_all_sessions() -> None:
    for end in (PasswordChanged(user_id=ADA, password_hash="new"), DeleteUser(user_id=ADA)):
        story = _known()
        story.live(CreateUser(username="root", password_hash="hash", role="admin"))
        story.live(_start("s"), _start("t"))
        story.live(end)
        assert story.rows(Session) == []
        assert story.rows(SessionsOf) == []


def test_all_sessions_but_one_are_ended() -> None:
    story = _known()
    story.live(_start("s"), _start("t"), _start("u"))
    story.live(RevokeSessions(user_id=ADA, but=SessionId("t")))
    assert [row.id for row in story.rows(Session)] == ["t"]


def test_one_login_too_many_ends_the_one_that_was_not_used_for_longest() -> None:
    story = _known()
    story.live(_start("s"), *(_start(f"t{number}") for number in range(MOST - 1)))
    story.live(_refresh("first", "second"))
    said = story.live(_start("new"))
    assert [type(each) for each in said] == [SessionRevoked, SessionStarted]
    assert {row.id for row in story.rows(Session)} >= {"s", "new"}
    assert len(story.rows(Session)) == MOST
