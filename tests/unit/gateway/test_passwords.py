"""A login of nobody takes as long as one of somebody."""

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from mvidarr_api_gateway.passwords import of_nobody


def test_the_hash_of_nobody_is_checked_like_any_other_and_has_no_password() -> None:
    hasher = PasswordHasher()
    hash = of_nobody(hasher)
    assert not hasher.check_needs_rehash(hash)
    with pytest.raises(VerifyMismatchError):
        hasher.verify(hash, "")
