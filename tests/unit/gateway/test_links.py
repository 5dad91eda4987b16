"""Tickets open one place, for one user and their session or key, for a while."""

import pytest

from mvidarr_api_gateway.callers import Holder
from mvidarr_api_gateway.links import Links
from mvidarr_common.errors import Unauthorized
from mvidarr_common.messages.ids import ApiKeyId, SessionId, UserId
from mvidarr_common.secrets import InstanceKey

LINKS = Links(InstanceKey(b"k" * 32), 3600)
USER = Holder(UserId("u.1"))
TICKET = LINKS.ticket("files/f1", USER)
ENDS, CODE = TICKET.partition(".")[0], TICKET.rpartition(".")[2]


@pytest.mark.parametrize(
    "holder",
    [
        USER,
        Holder(UserId("u.1"), session_id=SessionId("s1")),
        Holder(UserId("u.1"), api_key_id=ApiKeyId("k1")),
    ],
)
def test_the_holder_is_known(holder: Holder) -> None:
    assert LINKS.holder(LINKS.ticket("files/f1", holder), "files/f1") == holder


def test_every_gateway_knows_it() -> None:
    assert Links(InstanceKey(b"k" * 32), 1).holder(TICKET, "files/f1") == USER


@pytest.mark.parametrize(
    ("ticket", "place"),
    [
        (TICKET, "files/f2"),
        (TICKET, "files/f1/content"),
        (TICKET, ""),
        ("", "files/f1"),
        ("..", "files/f1"),
        (CODE, "files/f1"),
        (f"{ENDS}...u.2.{CODE}", "files/f1"),
        (f"{ENDS}.s1..u.1.{CODE}", "files/f1"),
        (f"{int(ENDS, 16) + 9:x}...u.1.{CODE}", "files/f1"),
        (TICKET[:-1], "files/f1"),
        (f"{TICKET}=", "files/f1"),
        (TICKET[:-1] + "\u0661", "files/f1"),
        ("0.u." + "1" * 1000, "files/f1"),
        (Links(InstanceKey(b"j" * 32), 60).ticket("files/f1", USER), "files/f1"),
    ],
    ids=(
        "another file", "a part of the file", "nothing", "no ticket", "dots", "the code alone",
        "another user", "a session", "a later end", "cut", "padded", "digits of others", "long",
        "another key",
    ),
)  # fmt: skip
def test_nothing_else_opens_it(ticket: str, place: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        LINKS.holder(ticket, place)
    assert refused.value.code == "unauthenticated"


def test_it_ends() -> None:
    over = Links(InstanceKey(b"k" * 32), -1).ticket("files/f1", USER)
    with pytest.raises(Unauthorized) as refused:
        LINKS.holder(over, "files/f1")
    assert refused.value.code == "ticket_expired"
