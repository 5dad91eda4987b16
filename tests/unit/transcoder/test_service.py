"""The service is whole: every operation is listed, every queue has slots."""

from pathlib import Path

import pytest

from mvidarr_common.errors import Invalid
from mvidarr_common.jobs import spec_of
from mvidarr_transcoder import operations
from mvidarr_transcoder.deps import deps_from
from mvidarr_transcoder.operations import OPERATIONS
from mvidarr_transcoder.service import service
from mvidarr_transcoder.settings import TranscoderSettings


def test_every_file_in_the_folder_is_an_operation_of_that_name() -> None:
    folder = Path(operations.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {getattr(handler, "__name__", "") for handler in OPERATIONS}


def test_every_operation_takes_its_own_spec_and_has_slots() -> None:
    slots = service.slots(TranscoderSettings())
    for handler in OPERATIONS:
        spec = spec_of(handler)
        assert spec.model_fields["kind"].default == getattr(handler, "__name__", "")
        assert slots[spec.queue] > 0


def test_settings_are_documented_and_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MVIDARR_TRANSCODE_SLOTS", "7")
    monkeypatch.setenv("MVIDARR_FFMPEG", "/opt/ffmpeg")
    settings = TranscoderSettings()
    assert service.slots(settings)["transcode"] == 7
    assert deps_from(settings).ffmpeg == "/opt/ffmpeg"
    assert all(field.description for field in TranscoderSettings.model_fields.values())


def test_a_template_that_climbs_out_is_refused_at_start() -> None:
    with pytest.raises(Invalid, match="leaves the library"):
        TranscoderSettings(naming="../{Video Title}")
