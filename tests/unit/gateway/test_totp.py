"""Codes of authenticator apps, and which passwords are taken."""

import base64

import pytest

from mvidarr_api_gateway.strength import require_good
from mvidarr_api_gateway.totp import (
    STEP,
    code_at,
    new_recovery_codes,
    new_secret,
    recovery_hash,
    step_of,
)
from mvidarr_common.errors import Invalid

RFC = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("time", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(time: int, code: str) -> None:
    assert code_at(RFC, time // STEP).decode() == code
    assert step_of(RFC, code, time) == time // STEP
    assert step_of(RFC, code, time + STEP) == time // STEP
    assert step_of(RFC, code, time + 3 * STEP) is None


@pytest.mark.parametrize("code", ["", "é", "28708", "2870820", "٢٨٧٠٨٢"])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert step_of(RFC, code, 59) is None


def test_recovery_codes_are_found_however_they_are_typed() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert recovery_hash(codes[0]) == recovery_hash(f" {codes[0].upper().replace('-', ' ')} ")
    assert len(base64.b32decode(new_secret())) == 20


@pytest.mark.parametrize(
    "password", ["another long one", "s3cret-and-long", "zwölf boxkämpfer", "p5yfkz2hwqj3x7nd"]
)
def test_long_passwords_are_taken(password: str) -> None:
    require_good(password, "carol")


@pytest.mark.parametrize(
    "password", ["eleven char", "abababababab", "CarolCarol12", "Password2026!", "1234567890123"]
)
def test_passwords_that_are_guessed_soon_are_not(password: str) -> None:
    with pytest.raises(Invalid):
        require_good(password, "carol")
