"""A file that was cut shows it in its outermost boxes."""

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from mvidarr_transcoder.media import Outline, outline

Of = Callable[[bytes], Outline]


def box(kind: bytes, body: bytes = b"", length: int | None = None) -> bytes:
    return (8 + len(body) if length is None else length).to_bytes(4) + kind + body


def element(identity: str, body: bytes) -> bytes:
    return bytes.fromhex(identity) + (len(body) | 1 << 56).to_bytes(8) + body


FTYP, MOOV, MDAT = box(b"ftyp", b"isom" * 4), box(b"moov", bytes(40)), box(b"mdat", bytes(400))
BLOCK = element("a3", bytes(50))
CLUSTER = element("1f43b675", element("e7", b"\x00") + BLOCK * 5)
EBML = element("1a45dfa3", bytes(20))
INFO = element("1549a966", bytes(30))
WEBM = EBML + element("18538067", INFO + CLUSTER * 3)
LIVE = (
    EBML + bytes.fromhex("1853806701ffffffffffffff") + INFO
    + (bytes.fromhex("1f43b67501ffffffffffffff") + BLOCK * 4) * 3
)  # fmt: skip


@pytest.fixture
def of(tmp_path: Path) -> Of:
    def outlined(content: bytes) -> Outline:
        (tmp_path / "file").write_bytes(content)
        return outline(tmp_path / "file")

    return outlined


@pytest.mark.parametrize(
    "content",
    [
        FTYP + MOOV + MDAT, FTYP + MDAT + MOOV, FTYP + MOOV + box(b"mdat", bytes(99), 0),
        FTYP + MOOV + MDAT + b"something else", FTYP + MOOV + MDAT + bytes(7),
        FTYP + box(b"moof") + MDAT, WEBM, WEBM + b"more", LIVE,
        b"RIFF" + (100).to_bytes(4, "little") + bytes(100), b"FLV" + bytes(100), b"", b"text",
        FTYP + MOOV + b"\0\0\0\x01mdat" + (416).to_bytes(8) + bytes(400),
    ],
)  # fmt: skip
def test_whole_files_are_whole(content: bytes, of: Of) -> None:
    found = of(content)
    assert (found.cut, found.damaged, found.size) == (False, None, len(content))


@pytest.mark.parametrize(
    ("whole", "first"),
    [
        (FTYP + MOOV + MDAT, len(FTYP + MOOV) + 8),
        (FTYP + MDAT + MOOV, len(FTYP) + 8),
        (WEBM, 13),
        (WEBM, len(EBML) + 1),
    ],
)
def test_every_cut_shows(whole: bytes, first: int, of: Of) -> None:
    assert [size for size in range(first, len(whole)) if not of(whole[:size]).cut] == []


def test_an_mp4_without_index_is_cut(of: Of) -> None:
    assert of(FTYP + MDAT).unindexed


def test_a_recording_without_lengths_is_cut_inside_of_a_block(of: Of) -> None:
    assert of(LIVE[:-10]).cut


@pytest.mark.parametrize("offset", [len(EBML) + 12 + len(INFO), len(WEBM) - len(BLOCK)])
def test_bytes_that_make_no_element_are_located(offset: int, of: Of) -> None:
    broken = WEBM[:offset] + bytes(20) + WEBM[offset + 20 :]
    assert of(broken).damaged == offset
    assert not of(broken).cut


PACKET = b"\x47" + bytes(187)
CLOCKED = bytes(4) + PACKET
PACK = b"\x00\x00\x01\xba\x44" + bytes(9)
PES = b"\x00\x00\x01\xe0" + (100).to_bytes(2) + bytes(100)
CHECKED = element("bf", zlib.crc32(BLOCK * 5).to_bytes(4, "little")) + BLOCK * 5


@pytest.mark.parametrize("whole", [PACKET * 20, CLOCKED * 20, (PACK + PES * 3) * 4 + PES])
def test_broadcast_streams_are_followed_packet_by_packet(whole: bytes, of: Of) -> None:
    found = of(whole)
    assert (found.cut, found.damaged) == (False, None)
    assert of(whole[:-50]).cut
    middle = len(whole) // 2
    harmed = of(whole[:middle] + bytes(300) + whole[middle + 300 :])
    assert harmed.damaged is not None


def test_the_checksum_of_a_cluster_is_compared(of: Of) -> None:
    whole = EBML + element("18538067", INFO + element("1f43b675", CHECKED) * 3)
    assert of(whole).damaged is None
    flipped = bytearray(whole)
    flipped[-10] ^= 1
    assert of(bytes(flipped)).damaged is not None
