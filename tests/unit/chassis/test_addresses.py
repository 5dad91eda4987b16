import pytest

from mvidarr_common.addresses import allowed, is_public, require_public
from mvidarr_common.errors import Invalid

PRIVATE = [
    "http://127.0.0.1/",
    "http://localhost:8080/x",
    "http://a.localhost/",
    "http://LOCALHOST./",
    "http://10.1.2.3/",
    "http://192.168.0.1/",
    "http://172.16.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://１２７.0.0.1/",  # noqa: RUF001  # full-width digits are the point
    "http://metadata.google.internal/",
]
INVALID = [
    "",
    "nonsense",
    "ftp://example.org/x",
    "file:///etc/passwd",
    "http://",
    "http:///path",
    "https://user:secret@example.org/",
    "https://user@example.org/",
    "http://exa mple.org/",
    "http://example.org/\n",
    "http://example.org\\@127.0.0.1/",
    "http://example.org:99999/",
    "http://[::1/",
    "http://example.org/" + "x" * 5000,
]


@pytest.mark.parametrize("url", PRIVATE)
async def test_a_private_address_is_refused_in_every_spelling(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        await require_public(url, allow_private=False)
    assert refused.value.code == "private_address"
    await require_public(url, allow_private=True)


@pytest.mark.parametrize("url", INVALID)
@pytest.mark.parametrize("allow_private", [True, False])
async def test_what_is_no_url_is_refused(url: str, allow_private: bool) -> None:
    with pytest.raises(Invalid) as refused:
        await require_public(url, allow_private)
    assert refused.value.code == "invalid_url"


@pytest.mark.parametrize("url", ["https://8.8.8.8/watch?v=1", "http://[2001:4860:4860::8888]:81/"])
async def test_a_public_address_passes(url: str) -> None:
    await require_public(url, allow_private=False)


def test_a_name_passes_unresolved() -> None:
    allowed("https://example.org/watch?v=1", allow_private=False)


def test_a_wrapped_public_address_is_public() -> None:
    from ipaddress import ip_address

    assert is_public(ip_address("::ffff:8.8.8.8"))
    assert is_public(ip_address("64:ff9b::808:808"))
