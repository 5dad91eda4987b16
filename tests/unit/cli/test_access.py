"""Where the commands find their server and their login."""

from pathlib import Path

import pytest

from mvidarr_common.cli.access import access, store_token, token_file


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("MVIDARR_SERVER", raising=False)
    monkeypatch.delenv("MVIDARR_API_KEY", raising=False)


def test_without_anything_it_is_this_machine() -> None:
    assert access().address == "http://127.0.0.1:8080"
    assert access().headers == {}


def test_a_login_is_kept_for_its_owner_alone() -> None:
    store_token("http://127.0.0.1:8080", "secret")
    assert token_file().stat().st_mode & 0o777 == 0o600
    assert access().headers == {"Authorization": "Bearer secret"}
    assert access().greeting == {"token": "secret"}


def test_a_token_is_shown_to_its_own_server_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    store_token("http://127.0.0.1:8080", "secret")
    monkeypatch.setenv("MVIDARR_SERVER", "http://elsewhere:8080/")
    assert access().address == "http://elsewhere:8080"
    assert access().headers == {}


def test_an_api_key_goes_before_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    store_token("http://127.0.0.1:8080", "secret")
    monkeypatch.setenv("MVIDARR_API_KEY", "key")
    assert access().headers == {"X-Api-Key": "key"}
    assert access().greeting == {"apiKey": "key"}


def test_a_logout_forgets() -> None:
    store_token("http://127.0.0.1:8080", "secret")
    store_token("http://127.0.0.1:8080", None)
    assert access().headers == {}


def test_a_broken_token_file_is_no_login() -> None:
    token_file().parent.mkdir(parents=True)
    token_file().write_text("{broken")
    assert access().headers == {}
    store_token("http://127.0.0.1:8080", "secret")
    assert access().token == "secret"


def test_a_stored_key_is_sent_as_one() -> None:
    store_token("http://127.0.0.1:8080", "mva_secret")
    assert access().headers == {"X-Api-Key": "mva_secret"}
    assert access().greeting == {"apiKey": "mva_secret"}
