"""What may go wrong on the way to a caller: faults by name, drawn by seed, and remembered.

The ordinary ones are what the real API does now and then, or what its documentation leaves open.
The hostile ones are what no honest server does.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

ORDINARY: dict[str, str] = {
    "attributes": "half of the rows come in the form of JSON:API, under `attributes`",
    "strings": "half of the rows have their numbers as strings",
    "dates": "half of the rows have dates as `YYYY-MM-DD HH:MM:SS`, in whole seconds",
    "lagging-replicas": "an answer may be some seconds old: pages shift, ended runs run again",
    "expired-tokens": "tokens of a login end before their day is over, with 401",
    "throttled": "429 although the allowance is not spent",
    "no-retry-after": "429 does not say how long to wait",
    "slow": "an answer takes 5 to 25 seconds",
    "torn": "the connection is cut in the middle of an answer",
    "server-errors": "500, 502, 503 and 504, with pages of HTML",
    "outage": "for an hour, half an hour after the start, nothing works",
}
HOSTILE: dict[str, str] = {
    "wrong-types": "fields hold what they never should",
    "huge-rows": "a row of 10 MB",
    "endless-pages": "there is always a next page",
    "redirects": "answers point to another host",
    "bad-json": "answers that are no JSON, or JSON nobody should read",
}

SHARES: dict[str, float] = {
    "attributes": 0.8,
    "strings": 0.8,
    "dates": 1.0,
    "lagging-replicas": 0.5,
    "expired-tokens": 0.05,
    "throttled": 0.02,
    "no-retry-after": 1.0,
    "slow": 0.03,
    "torn": 0.03,
    "server-errors": 0.03,
    "outage": 0.0,  # by the clock, not by chance
    "wrong-types": 0.3,
    "huge-rows": 0.1,
    "endless-pages": 0.3,
    "redirects": 0.2,
    "bad-json": 0.2,
}
"""Share of the requests each befalls; set so that an hour of polling meets all of them."""

OUTAGE_AFTER = timedelta(minutes=30)
OUTAGE = timedelta(hours=1)


class UnknownFaultError(ValueError):
    """A fault was named that there is none of. The message lists those there are."""


class Injected(NamedTuple):
    """One fault that befell one request."""

    at: datetime
    company: str
    path: str
    fault: str


def parse_faults(text: str) -> frozenset[str]:
    """Read ``all``, ``none``, ``hostile``, or names with commas between.

    Examples
    --------
    >>> sorted(parse_faults("torn, slow"))
    ['slow', 'torn']
    >>> len(parse_faults("all")), len(parse_faults("none"))
    (11, 0)
    """
    groups = {"all": ORDINARY, "none": (), "hostile": HOSTILE}
    names = [name.strip() for name in text.split(",") if name.strip()]
    chosen = frozenset(one for name in names for one in groups.get(name, (name,)))
    if unknown := sorted(chosen - SHARES.keys()):
        known = ", ".join([*groups, *SHARES])
        raise UnknownFaultError(f"no fault is named {unknown[0]}; there are: {known}")
    return chosen


@dataclass(slots=True)
class Faults:
    """Draws what befalls each request, and remembers it.

    Attributes
    ----------
    shares
        Share of the requests a fault befalls, where it is not the usual one.
    outages
        When nothing works: from, until.
    elsewhere
        Where redirects lead.
    injected
        What befell whom; the latest hundred thousand.
    """

    names: frozenset[str] = frozenset()
    seed: int = 1
    shares: dict[str, float] = field(default_factory=dict)
    outages: list[tuple[datetime, datetime]] = field(default_factory=list)
    elsewhere: str = "https://elsewhere.invalid/api/v1/flow-runs"
    injected: deque[Injected] = field(default_factory=lambda: deque(maxlen=100_000))

    @classmethod
    def named(cls, names: Iterable[str], start: datetime, seed: int = 1) -> Faults:
        """Switch faults on for a stand-in that begins at ``start``."""
        faults = cls(frozenset(names), seed)
        if "outage" in faults.names:
            faults.outages.append((start + OUTAGE_AFTER, start + OUTAGE_AFTER + OUTAGE))
        return faults

    def out(self, now: datetime) -> bool:
        """Tell whether nothing works."""
        return any(begin <= now < end for begin, end in self.outages)

    def draw(self, dice: random.Random) -> frozenset[str]:
        """Draw what befalls a request."""
        # every name is drawn for, so that one more fault changes nothing about the others
        luck = {name: dice.random() for name in SHARES}
        return frozenset(
            name for name in self.names if luck[name] < self.shares.get(name, SHARES[name])
        )

    def dice(self, company: str, request: int) -> random.Random:
        """Return what decides about a company's n-th request."""
        return random.Random(f"{self.seed} {company} {request}")  # noqa: S311 - it plays

    def record(self, injected: Injected) -> None:
        """Remember that a fault struck."""
        self.injected.append(injected)
