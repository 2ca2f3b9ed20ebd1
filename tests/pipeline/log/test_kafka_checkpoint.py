from __future__ import annotations

import pytest

from pipeline.log.base import LogUnavailableError
from pipeline.log.kafka_checkpoint import Header, parse_header


def test_a_header_says_where_its_snapshot_lies():
    raw = b'{"applied":7,"snapshot_offset":5,"chunks":[3,4]}'
    assert parse_header(raw) == Header(7, 5, (3, 4))


def test_a_header_says_how_much_of_the_next_record_is_published():
    assert parse_header(b'{"applied":7,"ahead":3}') == Header(7, ahead=3)


def test_a_header_from_before_commits_in_portions_is_read_as_ahead_of_nothing():
    assert parse_header(b'{"applied":7,"snapshot_offset":5,"chunks":[3,4]}').ahead == 0


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"",
        b"[]",
        b"\xff",
        b'{"applied":-2}',
        b'{"applied":7,"ahead":-1}',
        b'{"applied":7,"ahead":null}',
        b'{"applied":7,"snapshot_offset":5}',
        b"[" * 9999,
    ],
)
def test_what_is_no_header_is_told_as_damage(raw: bytes | None):
    with pytest.raises(LogUnavailableError, match="damaged"):
        parse_header(raw)
