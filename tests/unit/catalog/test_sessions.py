"""Logins and their ends, told in messages."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given as whatever
from hypothesis import strategies as st

from mvidarr_catalog.identity.sessions import GRACE, MOST, Session, SessionsOf
from mvidarr_catalog.identity.users import user_id
from mvidarr_catalog.testing import BEGINNING, Story
from mvidarr_common.messages import Message
from mvidarr_common.messages.identity import CreateUser, DeleteUser, PasswordChanged, SessionRevoked
from mvidarr_common.messages.ids import SessionId
from mvidarr_common.messages.sessions import (
    RefreshSession,
    RevokeSessions,
    SessionRefreshed,
    SessionStarted,
    StartSession,
)
from mvidarr_common.messages.system import CommandRejected, CommandUnchanged

ADA = user_id("Ada")
LATER = BEGINNING + timedelta(days=30_000)
MOMENT = timedelta(milliseconds=1)


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


def _later(story: Story, message: Message, pause: timedelta) -> list[Message]:
    """What follows from a message that comes so long after the last renewal."""
    envelope = story.envelope(message)
    return story.pass_on(replace(envelope, time=story.row(Session, "s").used + pause))


def test_a_token_that_is_used_again_later_ends_its_session() -> None:
    story = _known()
    story.live(_start("s"), _refresh("first", "second"))
    [revoked] = _later(story, _refresh("first", "stolen"), GRACE + MOMENT)
    assert revoked == SessionRevoked(session_id=SessionId("s"), user_id=ADA, reason="reused")
    [refused] = story.live(_refresh("second", "third"))
    assert isinstance(refused, CommandRejected)
    assert refused.code == "session_ended"
    assert story.rows(Session) == []


def test_two_windows_that_renew_at_once_go_on_with_the_same_token() -> None:
    """The second is decided while the first has not come back by the log."""
    story = _known()
    story.live(_start("s"))
    first = story.envelope(_refresh("first", "second"))
    said = story.pass_on(first, story.envelope(_refresh("first", "of the other window")))
    assert [type(each) for each in said] == [SessionRefreshed, CommandUnchanged]
    session = story.row(Session, "s")
    assert (session.token_hash, session.renewal) == ("second", first.id)
    [refreshed] = story.live(_refresh("second", "third"))
    assert isinstance(refreshed, SessionRefreshed)


def test_only_the_token_before_may_come_again_and_only_at_once() -> None:
    story = _known()
    story.live(_start("s"), _refresh("first", "second"), _refresh("second", "third"))
    [again] = story.live(_refresh("second", "other"))
    assert isinstance(again, CommandUnchanged)
    [revoked] = story.live(_refresh("first", "stolen"))
    assert isinstance(revoked, SessionRevoked)


@whatever(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=12))
def test_whoever_comes_with_an_old_token_gets_nothing_new(tries: list[tuple[int, bool]]) -> None:
    """Whatever tokens come when: the session goes on only by its present one, and ends by any
    other but the one before, just taken."""
    story, tokens = _known(), ["0"]
    story.live(_start("s", "0"))
    for back, late in tries:
        token, following = tokens[max(-1 - back, -len(tokens))], str(len(tokens))
        pause = GRACE + MOMENT if late else GRACE
        [said] = _later(story, _refresh(token, following), pause)
        if token == tokens[-1]:
            assert isinstance(said, SessionRefreshed)
            tokens.append(following)
        elif token == tokens[-2] and not late:
            assert isinstance(said, CommandUnchanged)
            assert story.row(Session, "s").token_hash == tokens[-1]
        else:
            assert isinstance(said, SessionRevoked)
            assert story.rows(Session) == []
            return


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
