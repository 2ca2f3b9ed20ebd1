"""Numbers in words: no more digits than they deserve, in units that people use."""

from __future__ import annotations

import math
from collections.abc import Sequence


def number(value: float) -> str:
    """Write a number with no more digits than it deserves.

    >>> number(159.6), number(0.4821), number(3.0)
    ('160', '0.48', '3')
    """
    if math.isnan(value):
        return "an unknown number"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}"


def count(value: float) -> str:
    """Write a whole number; ``no`` for none."""
    return "no" if value == 0 else f"{value:,.0f}"


def listed(names: Sequence[str]) -> str:
    """Write names in a row.

    >>> listed(("slow runs", "retried runs", "failed runs"))
    'slow runs, retried runs and failed runs'
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def plural(noun: str, value: float) -> str:
    """Return the noun for so many."""
    return noun if value == 1 else f"{noun}s"


def percent(ratio: float) -> str:
    """Write a ratio in percent."""
    return f"{number(100 * ratio)} %"


def minutes(value: float) -> str:
    """Write a length of time given in minutes.

    >>> minutes(1), minutes(45), minutes(200)
    ('a minute', '45 minutes', '3.3 hours')
    """
    if value < 1.5:
        return "a minute"
    return f"{value:.0f} minutes" if value < 120 else f"{number(value / 60)} hours"


def duration(milliseconds: float) -> str:
    """Write a length of time given in milliseconds.

    >>> duration(230), duration(4200), duration(180_000)
    ('230 ms', '4.2 s', '3 minutes')
    """
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 120_000:
        return f"{number(milliseconds / 1000)} s"
    return minutes(milliseconds / 60_000)
