"""What conditions say of a file (RFC 9110, section 13)."""

from email.utils import formatdate

import pytest

from mvidarr_api_gateway.validators import Validators, is_another, is_known, may_be_continued

FILE = Validators('"one"', 1_000_000_000)
NOW = 1_000_001_000.0
SAME, BEFORE, LATER = (formatdate(FILE.modified + n, usegmt=True) for n in (0, -1, 1))


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({}, False),
        ({"if-none-match": '"one"'}, True),
        ({"if-none-match": 'W/"one"'}, True),
        ({"if-none-match": '"two", "one"'}, True),
        ({"if-none-match": "*"}, True),
        ({"if-none-match": '"two"'}, False),
        ({"if-modified-since": SAME}, True),
        ({"if-modified-since": LATER}, True),
        ({"if-modified-since": BEFORE}, False),
        ({"if-modified-since": "yesterday"}, False),
        ({"if-modified-since": "Sat, 29 Feb 2001 00:00:00"}, False),
        ({"if-none-match": '"two"', "if-modified-since": SAME}, False),
    ],
)
def test_who_has_it_already(headers: dict[str, str], known: bool) -> None:
    assert is_known(headers, FILE) is known


@pytest.mark.parametrize(
    ("headers", "another"),
    [
        ({}, False),
        ({"if-match": '"one"'}, False),
        ({"if-match": '"two", "one"'}, False),
        ({"if-match": "*"}, False),
        ({"if-match": 'W/"one"'}, True),
        ({"if-match": '"two"'}, True),
        ({"if-unmodified-since": SAME}, False),
        ({"if-unmodified-since": BEFORE}, True),
        ({"if-unmodified-since": "?"}, False),
        ({"if-match": '"one"', "if-unmodified-since": BEFORE}, False),
    ],
)
def test_who_wants_another(headers: dict[str, str], another: bool) -> None:
    assert is_another(headers, FILE) is another


@pytest.mark.parametrize(
    ("condition", "continued"),
    [
        (None, True),
        ('"one"', True),
        ('W/"one"', False),
        ('"two"', False),
        (SAME, True),
        (BEFORE, False),
        (LATER, False),
        ("soon", False),
    ],
)
def test_parts_go_only_with_what_they_are_parts_of(condition: str | None, continued: bool) -> None:
    headers = {"if-range": condition} if condition else {}
    assert may_be_continued(headers, FILE, NOW) is continued


def test_a_date_proves_nothing_within_its_own_second() -> None:
    assert not may_be_continued({"if-range": SAME}, FILE, FILE.modified + 0.5)
