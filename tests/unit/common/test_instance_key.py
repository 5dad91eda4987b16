"""The instance key: several of them side by side, and changed by command."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from mvidarr_common.cli import app
from mvidarr_common.errors import Invalid
from mvidarr_common.secrets import InstanceKey, instance_key, new_key
from mvidarr_common.settings import Settings


def _settings(folder: Path) -> Settings:
    return Settings(state_dir=folder)


def _keys(*command: str) -> int:
    return CliRunner().invoke(app(), ["keys", *command]).exit_code


def test_what_former_keys_have_sealed_is_read() -> None:
    old, new = InstanceKey(b"o" * 32), InstanceKey(b"n" * 32, (b"o" * 32,))
    sealed = old.seal("text")
    assert new.unseal(sealed) == "text"
    assert not new.sealed_by_first(sealed)
    assert new.sealed_by_first(new.seal("text"))
    with pytest.raises(Invalid):
        old.unseal(new.seal("text"))


def test_several_keys_are_configured_with_commas_between() -> None:
    one, two = new_key(), new_key()
    settings = Settings(instance_key=SecretStr(f"{one},{two}"))
    key = instance_key(settings)
    assert [each.secret for each in key.every] == [
        instance_key(Settings(instance_key=SecretStr(text))).secret for text in (one, two)
    ]


def test_keys_are_prepared_used_and_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVIDARR_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("MVIDARR_INSTANCE_KEY", raising=False)
    first = instance_key(_settings(tmp_path))
    assert _keys("rotate", "--prepared") != 0
    assert _keys("prepare") == 0
    assert instance_key(_settings(tmp_path)).secret == first.secret
    second = instance_key(_settings(tmp_path)).every[1]
    assert _keys("rotate", "--prepared") == 0
    assert [each.secret for each in instance_key(_settings(tmp_path)).every] == [
        second.secret, first.secret,
    ]  # fmt: skip
    assert _keys("rotate") == 0
    assert len(instance_key(_settings(tmp_path)).every) == 3
    assert _keys("forget") == 0
    assert len(instance_key(_settings(tmp_path)).every) == 1
    assert (tmp_path / "instance.key").stat().st_mode & 0o777 == 0o600
