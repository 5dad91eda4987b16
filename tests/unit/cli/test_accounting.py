"""What counts as lost, and that a forged notification is noticed."""

import hashlib
import hmac
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mvidarr_common.cli.demo.accounting import damaged, unanswered
from mvidarr_common.demo.receiver import Received
from mvidarr_common.demo.webhook import read
from mvidarr_common.errors import Problem
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.ids import FileId, VideoId
from mvidarr_common.messages.library import Description, Rendition
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.notify import Announcement
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.messages.queries import FileView, RecordView, VideoView

NOW = datetime.now(UTC)


def record(id: str, kind: str, cause: str | None = None) -> RecordView:
    return RecordView(
        offset=1, id=id, type=f"{kind}.x", kind=kind, subject="system", time=NOW, source="t",
        actor=None, correlation_id=id, causation_id=cause, data={},
    )  # fmt: skip


def video(sha256: str) -> VideoView:
    facts = MediaFacts(container="mp4", duration=1, size=3)
    rendition = Rendition(path="library/a.mp4", role="original", sha256=sha256, facts=facts)
    file = FileView(
        id=FileId("f"), video_id=VideoId("v"), state="present", quality="360p",
        rendition=rendition, added=NOW,
    )  # fmt: skip
    return VideoView(
        id=VideoId("v"), url="u", state="ready", title="t", artist=None, artist_id=None,
        about=Description(), profile_id=DEFAULT_PROFILE, quality="360p", files=(file,),
        added=NOW, changed=NOW,
    )  # fmt: skip


def test_a_command_that_nothing_answers_is_lost() -> None:
    answered = [record("c1", "command"), record("e1", "event", "c1")]
    assert unanswered(answered) == []
    assert unanswered([*answered, record("c2", "command")]) == ["command.x c2 has no outcome"]


def test_a_ready_video_needs_the_very_file_that_was_verified(tmp_path: Path) -> None:
    root, whole = DataRoot(tmp_path), hashlib.sha256(b"abc").hexdigest()
    assert damaged([video(whole)], root) == ["library/a.mp4 is not what was verified"]
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "a.mp4").write_bytes(b"abc")
    assert damaged([video(whole)], root) == []
    assert damaged([video("0" * 64)], root) == ["library/a.mp4 is not what was verified"]


def test_a_ready_video_without_a_file_is_lost(tmp_path: Path) -> None:
    bare = video("").model_copy(update={"files": ()})
    assert damaged([bare], DataRoot(tmp_path)) == ["video v is ready and has no file"]


def notification(secret: str, age: float = 0) -> Received:
    told = Announcement(
        event_id="e", event_type="video.ready", time="", title="Ready", body="", subject="video/v"
    )
    body, stamp = told.model_dump_json().encode(), str(int(time.time() - age))
    signature = hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex()
    headers = {"x-mvidarr-timestamp": stamp, "x-mvidarr-signature": f"sha256={signature}"}
    return Received("/hook", headers | {"x-mvidarr-delivery": "d"}, body, 204)


def test_a_genuine_notification_is_read() -> None:
    assert read(notification("secret"), "secret").announcement.title == "Ready"


@pytest.mark.parametrize(
    ("received", "code"),
    [
        (notification("another secret"), "forged_notification"),
        (notification("secret", age=3600), "old_notification"),
        (Received("/hook", {}, b"{}", 204), "forged_notification"),
    ],
)
def test_a_forged_or_replayed_notification_is_noticed(received: Received, code: str) -> None:
    with pytest.raises(Problem) as raised:
        read(received, "secret")
    assert raised.value.code == code
