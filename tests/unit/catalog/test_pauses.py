"""Pauses between logins that fail, told in messages."""

from datetime import timedelta

import pytest

from mvidarr_catalog.identity.pauses import MEMORY, Failures, place_of
from mvidarr_catalog.identity.second_factor import SecondFactor
from mvidarr_catalog.identity.users import user_id
from mvidarr_catalog.testing import BEGINNING, Story
from mvidarr_common.messages.identity import (
    ConfirmSecondFactor,
    CreateUser,
    EnrolSecondFactor,
    SecondFactorConfirmed,
)
from mvidarr_common.messages.ids import SessionId
from mvidarr_common.messages.logins import (
    FailedLoginsForgotten,
    ForgetFailedLogins,
    ReportFailedLogin,
)
from mvidarr_common.messages.sessions import Device, StartSession
from mvidarr_common.messages.system import CommandRejected

ADA = user_id("Ada")
HERE = "192.0.2.1"
PAIR = f"{ADA}@{HERE}"


def _failure(remote: str = HERE) -> ReportFailedLogin:
    device = Device(remote=remote)
    return ReportFailedLogin(user_id=ADA, method="password", reason="wrong_password", device=device)


def _login(remote: str = HERE, **proof: object) -> StartSession:
    return StartSession.model_validate(
        {
            "session_id": "s", "user_id": ADA, "token_hash": "t", "method": "password",
            "device": Device(remote=remote), "expires": BEGINNING + timedelta(days=30), **proof,
        }
    )  # fmt: skip


def _known() -> Story:
    story = Story()
    story.live(CreateUser(username="Ada", password_hash="hash", role="user"))
    return story


def _pause(story: Story, key: str) -> float:
    row = story.row(Failures, key)
    return (row.until - row.last).total_seconds()


def test_pauses_grow_and_end_somewhere() -> None:
    story, seen = _known(), []
    for _ in range(15):
        story.live(_failure())
        seen.append(_pause(story, PAIR))
    assert seen[:6] == [0, 0, 0, 5, 10, 20]
    assert seen[-1] == 900


def test_a_login_forgets_what_failed_there_and_nothing_else() -> None:
    story = _known()
    story.live(*[_failure()] * 5, *[_failure("192.0.2.2")] * 2)
    story.live(_login())
    left = {row.id: row.failures for row in story.rows(Failures)}
    assert left == {f"@{HERE}": 5, "@192.0.2.2": 2, f"{ADA}@192.0.2.2": 2, f"{ADA}@": 7}


def test_after_a_quiet_day_all_is_forgotten() -> None:
    story = _known()
    story.live(_failure())
    due = {timer.envelope.message for timer in story.timers}
    assert due == {ForgetFailedLogins(of=key) for key in (PAIR, f"@{HERE}", f"{ADA}@")}
    story.live(_failure())
    early = ForgetFailedLogins(of=PAIR)
    assert not any(isinstance(said, FailedLoginsForgotten) for said in story.live(early))
    story.live(FailedLoginsForgotten(of=PAIR))
    assert all(row.id != PAIR for row in story.rows(Failures))
    assert timedelta(days=1) == MEMORY


@pytest.mark.parametrize(
    ("remote", "place"),
    [
        ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("127.0.0.1", "local"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), (None, "unknown"), ("testclient", "unknown"),
    ],
)  # fmt: skip
def test_everybody_has_a_whole_network_of_version_six(remote: str | None, place: str) -> None:
    assert place_of(remote) == place


def test_a_code_is_taken_once_even_by_two_at_a_time() -> None:
    story = _known()
    story.live(EnrolSecondFactor(user_id=ADA, secret="sealed"))
    story.live(ConfirmSecondFactor(user_id=ADA, step=7, code_hashes=("a", "b")))
    for proof in ({}, {"step": 7}, {"recovery_hash": "c"}):
        [refused] = story.live(_login(**proof))
        assert isinstance(refused, CommandRejected)
        assert refused.code == "code_used"
    said = story.live(_login(step=8), _login(step=8, session_id=SessionId("t")))
    assert [type(each).__name__ for each in said] == ["SessionStarted", "CommandRejected"]
    story.live(_login(recovery_hash="a", session_id=SessionId("u")))
    assert story.row(SecondFactor, ADA).code_hashes == ("b",)


def test_a_code_is_confirmed_once() -> None:
    story = _known()
    story.live(EnrolSecondFactor(user_id=ADA, secret="sealed"))
    wish = ConfirmSecondFactor(user_id=ADA, step=7, code_hashes=())
    [confirmed] = story.live(wish)
    assert isinstance(confirmed, SecondFactorConfirmed)
    [refused] = story.live(wish)
    assert isinstance(refused, CommandRejected)
