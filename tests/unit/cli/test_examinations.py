"""What `mvidarr doctor` makes of things that this machine does not have."""

import errno
from datetime import date
from pathlib import Path

import pytest

from mvidarr_common.cli.examinations import broker, clock, database, disk, programs
from mvidarr_common.cli.examinations.finding import Finding


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (broker.new_enough("3.9.27"), "3.10 or newer"),
        (database.new_enough(database.Seen("PostgreSQL", "13", 0)), "14 or newer"),
        (database.new_enough(database.Seen("MySQL", "5.7.44", 0)), "8 or newer"),
        (database.new_enough(database.Seen("MariaDB", "10.5.2", 0)), "10.6 or newer"),
        (clock.compared("database", -3600), "differ by -3600.0 s"),
        (disk.room(5 * 10**8, Path("/data")), "Only 500.0 MB"),
        (disk.together(errno.EXDEV, None), "one mount"),
        (disk.together(None, errno.EXDEV), "one mount"),
    ],
)
def test_what_keeps_something_from_working_is_wrong(finding: Finding, words: str) -> None:
    assert finding.verdict == "wrong"
    assert words in finding.sentence


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (broker.lease("3.11.28"), "rabbitmqctl eval"),
        (disk.room(3 * 10**9, Path("/data")), "are free"),
        (disk.together(errno.EPERM, None), "no hard links"),
        (programs.yt_dlp(date(2099, 1, 1)), "days old"),
    ],
)
def test_what_one_should_know_is_noted(finding: Finding, words: str) -> None:
    assert finding.verdict == "note"
    assert words in finding.sentence


def test_new_brokers_hear_from_each_queue_how_long_a_job_may_take() -> None:
    assert broker.lease("4.1.3").verdict == "well"
