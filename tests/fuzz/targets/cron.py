"""A cron expression, as the API tells it: when it is due next, or never.

The first line of an input chooses the day and the time zone, the rest is the expression.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zlib import crc32

from pipeline.collect.schedules import AHEAD, MOST, due_times

ZONES = ("UTC", "Europe/London", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo")
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 366 * 24
WORDS = (
    b"*", b"*/5", b"0", b"59", b"60", b"23", b"31", b"12", b"7", b"L", b"LW", b"5L", b"MON#5", b"#",
    b"mon-fri", b"FEB", b"1-5", b",", b"-", b"/", b"/0", b" ", b"\t", b"@daily", b"?", b"W",
    b"9" * 5000, b"\xc2\xb2", b"\n",
)  # fmt: skip


def seeds() -> list[bytes]:
    crons = (
        b"*/5 * * * *", b"0 9 * * 1-5", b"30 2 29 3 *", b"0 0 L * *", b"0 0 LW * *", b"0 0 * * 5L",
        b"0 0 * 2 MON#5", b"0 0 30 2 1", b"* * * * * *", b"15,45 */2 1-7 JAN,JUL SUN", b"@hourly",
        b"0 0 31 2 *", b"",
    )  # fmt: skip
    return [b"%d\n%s" % (number, cron) for number, cron in enumerate(crons)]


def check(raw: bytes) -> None:
    first, _, cron = raw.partition(b"\n")
    chance = crc32(first)
    after = YEAR + timedelta(hours=chance % HOURS)
    until = after + AHEAD
    zone = ZONES[chance // HOURS % len(ZONES)]
    dues = list(due_times(cron.decode("utf-8", "replace"), after, until, zone))
    assert len(dues) <= MOST
    assert all(after < due <= until for due in dues)
    assert all(one < other for one, other in pairwise(dues))
