"""How improbable it is that a flow shows an error it has never shown before.

Good and Toulmin ("The number of new species, and the increase in population coverage, when a
sample is increased", Biometrika 43, 1956): when kinds turn up as Poisson processes, new kinds come
at a rate of (kinds seen exactly once) / (time watched). A flow whose errors are few and known has a
rate near none, so its first new error is news; in one that is full of errors of its own every day,
another is not.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from typing import Any, Final

from detectors.errors.taxonomy import ErrorClass

HOUR: Final = 3_600
DAY: Final = 86_400
WEEK: Final = 7 * DAY

EPISODE: Final = HOUR
"""Sightings less than this apart are one: errors of one cause come in bursts, and the estimate
counts what is independent."""
SEEDED: Final = 2 * DAY
"""Watched time in which every template is taken note of and none is news: the warm-up of all
detectors (detection notes)."""
NEW_FOR: Final = DAY
"""An error is new for a day: long enough for an hourly or nightly flow to repeat it. If nobody has
ended it by then, it has become one of the flow's errors."""
MEMORY: Final = 8 * WEEK
"""A template unseen for so long is forgotten, and new when it comes again."""
PRIOR: Final = 0.5
"""Kinds seen once that are added to those seen: the rate of a flow that has none is not zero
(Jeffreys' prior of a Poisson rate)."""
AGAIN: Final = (1.0, 4.0)
"""Of four imagined new errors one hits another run within its day: a guess that what was seen soon
outweighs. Most errors of single records come once, and are put right or given up."""
SHARE: Final = 0.25
"""Part of a flow's budget of false alarms that new errors may spend."""


@dataclass(slots=True)
class Known:
    """A template of a flow, and when it was seen (epoch seconds of the window).

    ``runs`` are the runs it hit on its first day; ``new`` says whether it came after the flow's
    errors had been learned; ``raised`` whether it has been reported.
    """

    kind: ErrorClass
    system: str
    first: int
    last: int
    sample: str
    episodes: int = 1
    runs: int = 0
    new: bool = False
    raised: bool = False

    def see(self, at: int, runs: int) -> None:
        """Note that it was seen in a window."""
        if at - self.last > EPISODE:
            self.episodes = min(self.episodes + 1, 2)  # once or more than once is all that counts
        self.last = at
        if at - self.first < NEW_FOR:
            self.runs += runs

    def is_new(self, at: int) -> bool:
        """Whether it can be news in a window."""
        return self.new and at - self.first < NEW_FOR

    def state(self) -> tuple[Any, ...]:
        """Everything there is to remember."""
        return astuple(self)


def rate(seen_once: float, watched: int) -> float:
    """Return how many new errors a week are to be expected, after ``watched`` seconds.

    >>> rate(seen_once=0, watched=2 * WEEK), rate(seen_once=7, watched=3 * WEEK)
    (0.25, 2.5)
    """
    return (seen_once + PRIOR) * WEEK / min(max(watched, 1), MEMORY)


def again(repeated: int, new: int) -> float:
    """Return what share of new errors hits another run, of ``new`` ones seen so far.

    >>> again(0, 0), again(8, 16)
    (0.25, 0.45)
    """
    return (repeated + AGAIN[0]) / (new + AGAIN[1])


def score(weekly: float, allowed: float) -> float:
    """Return the score of a new error as rare as ``weekly`` a week; above 1 is news.

    The score is 1 where such errors come as often as is ``allowed``, and 2 where they are a
    hundred times as rare.

    Examples
    --------
    After two days three runs must be hit, after a week two, after a bit more than two weeks one.

    >>> [round(score(rate(0, days * DAY) * again(0, 0) ** (runs - 1), SHARE), 2)
    ...  for days, runs in ((2, 2), (2, 3), (7, 1), (7, 2), (15, 1))]
    [0.88, 1.18, 0.85, 1.15, 1.01]
    """
    rare = math.log10(allowed / max(weekly, 1e-9))
    return min(max(1 + rare / 2, 0.0), 3.0)
