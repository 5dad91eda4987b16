"""The checksum that a site gives is read from whatever header has it; what is not understood or
speaks of other bytes is left alone."""

import hashlib
from base64 import b64encode
from email.message import Message
from pathlib import Path

import pytest

from mvidarr_downloader import digests

FILM = b"a film"


def summed(algorithm: str) -> str:
    """As headers tell it."""
    return b64encode(hashlib.new(algorithm, FILM).digest()).decode()


def known(algorithm: str) -> str:
    """As it is kept."""
    return f"{algorithm}:{hashlib.new(algorithm, FILM).hexdigest()}"


def headers(*lines: tuple[str, str]) -> Message:
    message = Message()
    for name, value in lines:
        message.add_header(name, value)
    return message


MD5, SHA256, SHA512 = (summed(each) for each in ("md5", "sha256", "sha512"))


@pytest.mark.parametrize(
    ("name", "value", "algorithm"),
    [
        ("Repr-Digest", f"sha-256=:{SHA256}:", "sha256"),
        ("Repr-Digest", f"sha-256=:{SHA256}:;q=1, sha-512=:{SHA512}:", "sha512"),
        ("repr-digest", f"unixsum=:AAA=:, sha-256=:{SHA256}:", "sha256"),
        ("Digest", f"SHA-256={SHA256},MD5={MD5}", "sha256"),
        ("Digest", f"md5={MD5}", "md5"),
        ("Content-MD5", MD5, "md5"),
        ("Content-Digest", f"sha-256=:{SHA256}:", "sha256"),
        ("x-goog-hash", f"crc32c=n03x6A==, md5={MD5}", "md5"),
    ],
)
def test_the_strongest_checksum_that_is_known_counts(name: str, value: str, algorithm: str) -> None:
    assert digests.given(200, headers((name, value))) == known(algorithm)


def test_a_header_may_come_in_several_lines() -> None:
    lines = ("x-goog-hash", "crc32c=n03x6A=="), ("x-goog-hash", f"md5={MD5}")
    assert digests.given(200, headers(*lines)) == known("md5")


@pytest.mark.parametrize(
    "value", ["", "sha-256", "sha-256=:not base64:", f"sha-256=:{MD5}:", "sha-1=:AAAA:", ":;:,=,"]
)
def test_what_is_no_checksum_is_none(value: str) -> None:
    assert digests.given(200, headers(("Repr-Digest", value))) is None


def test_a_part_of_a_file_has_the_checksum_of_the_whole_only_where_that_is_meant() -> None:
    part = ("Content-MD5", MD5), ("Content-Digest", f"sha-256=:{SHA256}:")
    assert digests.given(206, headers(*part)) is None
    whole = headers(*part, ("Repr-Digest", f"sha-512=:{SHA512}:"))
    assert digests.given(206, whole) == known("sha512")


@pytest.mark.parametrize("name", ["Content-Encoding", "x-goog-stored-content-encoding"])
def test_the_checksum_of_packed_bytes_is_not_that_of_the_file(name: str) -> None:
    told = ("Repr-Digest", f"sha-256=:{SHA256}:")
    assert digests.given(200, headers(told, (name, "gzip"))) is None
    assert digests.given(200, headers(told, (name, "identity"))) == known("sha256")


def test_only_checksums_of_one_algorithm_contradict_each_other() -> None:
    assert digests.contradicts("md5:aa", "md5:bb")
    assert not digests.contradicts("md5:aa", "sha256:bb")
    assert not digests.contradicts("md5:aa", None)
    assert not digests.contradicts(None, "md5:aa")


@pytest.mark.parametrize("algorithm", ["md5", "sha256", "sha512"])
def test_a_file_is_compared_with_its_checksum(algorithm: str, tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(FILM)
    assert digests.fits(path, known(algorithm))
    path.write_bytes(FILM[::-1])
    assert not digests.fits(path, known(algorithm))
