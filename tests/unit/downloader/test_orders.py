"""What must be known of an order before it is given to a child."""

from dataclasses import replace
from typing import Any

import pytest

from mvidarr_downloader.deps import manners_of
from mvidarr_downloader.settings import DownloaderSettings


@pytest.mark.parametrize(
    "known",
    [
        {"cookies": "a=b"}, {"username": "mia"}, {"password": "moon"}, {"netrc": "/etc/netrc"},
        {"proxy": "http://mia:moon@proxy.test"}, {"arguments": {"youtube": {"po_token": ("x",)}}},
    ],
)  # fmt: skip
def test_all_that_is_set_for_a_site_in_confidence_is_secret(known: Any) -> None:
    manners = manners_of(DownloaderSettings())
    assert (manners.secret, replace(manners, **known).secret) == (False, True)
