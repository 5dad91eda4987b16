"""Blocks of a film are what has come by now: large where much has, and never waited for long."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from mvidarr_downloader.blocks import ENOUGH, LARGE, LEAST, come

RECORD = 16 * 1024


class Body:
    """Of an answer, in pieces as the connection gives them; an error is one that it ends with."""

    def __init__(self, connection: socket.socket, *pieces: bytes | Exception) -> None:
        self._connection = connection
        self._pieces = list(pieces)

    def read1(self, most: int, *, decode_content: bool) -> bytes:
        piece = self._pieces.pop(0) if self._pieces else b""
        if isinstance(piece, Exception):
            raise piece
        assert len(piece) <= most == LARGE
        return piece

    def fileno(self) -> int:
        return self._connection.fileno()


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A connection on which nothing has come."""
    here, there = socket.socketpair()
    with here, there:
        yield here


@pytest.fixture
def busy() -> Iterator[socket.socket]:
    """A connection on which there is always more."""
    here, there = socket.socketpair()
    with here, there:
        there.send(b"more")
        yield here


def test_small_pieces_are_put_together_while_more_is_there(busy: socket.socket) -> None:
    body = Body(busy, *[bytes(RECORD)] * 100)
    assert len(come(body, {})) == ENOUGH


def test_no_more_than_the_least_is_waited_for(silent: socket.socket) -> None:
    body = Body(silent, *[bytes(RECORD)] * 100)
    assert len(come(body, {})) == LEAST


def test_a_large_piece_is_a_block_of_its_own(busy: socket.socket) -> None:
    assert len(come(Body(busy, bytes(LARGE), bytes(RECORD)), {})) == LARGE


def test_the_last_block_is_what_is_left(busy: socket.socket) -> None:
    body = Body(busy, bytes(10), bytes(5))
    assert [len(come(body, {})), come(body, {})] == [15, b""]


def test_what_came_before_a_connection_broke_is_kept_and_the_break_is_told(
    busy: socket.socket,
) -> None:
    notes: dict[str, Any] = {}
    body = Body(busy, b"a film", ConnectionResetError("gone"))
    assert come(body, notes) == b"a film"
    with pytest.raises(ConnectionResetError):
        come(body, notes)
    assert not notes


def test_a_connection_that_breaks_at_once_is_told_at_once(busy: socket.socket) -> None:
    with pytest.raises(ConnectionResetError):
        come(Body(busy, ConnectionResetError("gone")), {})


def test_a_body_without_a_connection_gives_what_it_has() -> None:
    with socket.socket() as closed:
        pass
    assert come(Body(closed, bytes(LEAST)), {}) == bytes(LEAST)
