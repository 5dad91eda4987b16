import io
import json
import logging

import pytest

from mvidarr_common import logs
from mvidarr_common.envelope import fresh
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import CancelJob
from mvidarr_common.settings import Settings


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("amqp://guest:guest@host/vhost", "amqp://[hidden]@host/vhost"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer [hidden]"),
        ("token=abc&x=1", "token=[hidden]&x=1"),
        ('{"password": "s3cret"}', '{"password": "[hidden]"}'),
        ("X-Api-Key: abc", "X-Api-Key: [hidden]"),
        ("https://host/videoplayback?sig=abc&id=1", "https://host/videoplayback?sig=[hidden]&id=1"),
        ("nothing to hide", "nothing to hide"),
        ("tokens are counted", "tokens are counted"),
    ],
)
def test_what_looks_like_a_credential_is_hidden(text: str, clean: str) -> None:
    assert logs.without_credentials(text) == clean


def test_a_line_is_json_with_the_ids_of_its_message() -> None:
    before, level = logging.root.handlers[:], logging.root.level
    try:
        logs.configure(Settings(log_level="INFO", log_format="json"))
        (handler,) = logging.root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(stream := io.StringIO())
        command = fresh(CancelJob(job_id=JobId("job-1")), source="test")
        with logs.bound(**logs.of(command), job="job-1"):
            logging.getLogger("x").info("done with %s", "amqp://me:pw@host", extra={"ms": 3})
    finally:
        logging.root.handlers[:] = before
        logging.root.setLevel(level)
    line = json.loads(stream.getvalue())
    assert line["message"] == "done with amqp://[hidden]@host"
    assert (line["level"], line["ms"], line["job"]) == ("INFO", 3, "job-1")
    assert (line["event_id"], line["type"]) == (command.id, "command.job.cancel")
